"""Files that are written whole or not at all, and never over one that is read.

>>> import tempfile
>>> path = Path(tempfile.mkdtemp()) / "a.txt"
>>> with whole(path) as unfinished:
...     _ = unfinished.write_text("all of it")
>>> path.read_text(), [one.name for one in path.parent.iterdir()]
('all of it', ['a.txt'])
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from striate.errors import InputError

from .files import walk

FILES = {".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".webp", ".mp4", ".mkv", ".avi", ".mov", ".csv", ".json"}


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A hidden file beside this one to write to; it takes its name at the end, and is gone if that is never reached."""
    unfinished = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        yield unfinished
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def check_unread(path: Path, given: Iterable[Any]) -> None:
    """Check that a file to write is none of those that are given to be read; what is given in memory is no file.

    Raises:
        InputError: It is one.
    """
    for one in given:
        if isinstance(one, str | os.PathLike) and path.exists() and os.path.exists(one) and path.samefile(one):
            raise InputError(f"'{path}' is read, so it is not written over; choose another name for the result")


def check_folder(path: Path) -> None:
    """Check that a name for a folder is not one for a file.

    Raises:
        InputError: It ends as files of pictures, videos or tables do, or is a file.
    """
    if path.is_file() or (path.suffix.lower() in FILES and not path.is_dir()):
        raise InputError(f"results are written into a folder, under the names of what was read. Received: {path}")


def check_apart(folder: Path, given: Iterable[Any], written: Iterable[str]) -> None:
    """Check that no file that is read lies where files of its kind are written.

    Args:
        folder: Where files are written.
        given: Files and folders that are read, with all that is in those.
        written: How the names of written files end, in lower case.

    Raises:
        InputError: One lies there.
    """
    if not folder.is_dir():
        return
    ends, apart = tuple(written), dict[Path, bool]()
    for file in _files(given):
        for place in {file.parent, file.resolve().parent} if file.name.lower().endswith(ends) else ():
            if place not in apart:
                apart[place] = not (place.is_dir() and folder.samefile(place))
            if not apart[place]:
                raise InputError(
                    f"'{file}' is read and could be written over, for results go to '{folder}'; "
                    "choose a folder that holds none of what is read"
                )


def _files(given: Iterable[Any]) -> Iterator[Path]:
    """The files that are given, and those in folders that are."""
    for path in (Path(one) for one in given if isinstance(one, str | os.PathLike) and os.path.exists(one)):
        if path.is_dir():
            found = walk(path)
            yield from (*found.images, *(Path(one.path) for one in found.left_out))
        else:
            yield path
