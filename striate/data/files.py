"""Finding image files under folders.

>>> images_under(["/nowhere"])
Traceback (most recent call last):
striate.errors.InputError: no file or folder '/nowhere'
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from striate.errors import InputError

SUFFIXES = {".avif", ".bmp", ".gif", ".jp2", ".pcx", ".png", ".tga", ".tif", ".tiff", ".webp"}
SUFFIXES |= {".jfif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".pnm", ".ppm"}


def images_under(paths: Sequence[str | Path]) -> list[Path]:
    """The image files that `paths` name, and those found under its folders, sorted within each folder.

    Raises:
        InputError: a path does not exist, or there is no image.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if not os.path.exists(path):
            raise InputError(f"no file or folder '{path}'")
        found += walk(path)[0] if path.is_dir() else [path]
    if not found:
        raise InputError(f"no image in {', '.join(map(str, paths)) or 'an empty list'}")
    return found


def walk(folder: Path) -> tuple[list[Path], list[Path]]:
    """Image files and other files under `folder`, each sorted. Links to folders are not followed."""
    images: list[Path] = []
    others: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=_cannot_list):
        folders[:] = filter(_is_visible, folders)
        for name in names:
            path = Path(place, name)
            # A pipe would wait for ever; a broken link is named later, as an image that cannot be read.
            readable = os.path.isfile(path) or not os.path.exists(path)
            is_image = path.suffix.lower() in SUFFIXES and _is_visible(name) and readable
            (images if is_image else others).append(path)
    return sorted(images), sorted(others)


def sub_folders(root: Path) -> list[Path]:
    """The visible folders in `root`, sorted; none when there is no such folder."""
    try:
        return sorted(path for path in root.iterdir() if path.is_dir() and _is_visible(path.name))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        _cannot_list(error)


def holds(folder: Path, other: Path) -> bool:
    """Whether `other` lies in `folder`, links resolved."""
    return other.resolve().is_relative_to(folder.resolve())


def _is_visible(name: str) -> bool:
    """Some systems leave copies and indexes under names that begin with a dot or underscores."""
    return not name.startswith((".", "__"))


def _cannot_list(error: OSError) -> NoReturn:
    raise InputError(f"cannot list the folder '{error.filename}' ({error.strerror})") from error
