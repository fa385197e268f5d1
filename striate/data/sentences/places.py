"""Which files a user means by a path: a file and those that belong to it, a folder, or what names have in common.

>>> located(Path("/nowhere/mr")) is None
True
"""

import os
from dataclasses import dataclass
from pathlib import Path

from striate.data.files import has_image, sub_folders
from striate.data.left_out import LeftOut
from striate.data.parquet import is_parquet
from striate.errors import InputError

from .decoding import SAMPLE, NotTextError, decoded, first_lines
from .folders import Documents, documents
from .forms import form_of
from .grouping import Group, grouped, is_candidate

DEEPEST = 4  # folders in which there is only one other folder


@dataclass(frozen=True)
class Place:
    """A folder, and in it the files of a data set or the folders of its classes."""

    folder: Path
    files: Group | Documents
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def located(path: Path) -> Place | None:
    """What `path` means; None where it is no text with labels.

    A folder with images anywhere in it is none: a table beside images is about them.

    Raises:
        InputError: a folder holds several data sets.
    """
    if path.is_dir():
        return None if has_image(path) else _in_folder(path)
    folder = path.parent
    if not folder.is_dir() or not is_candidate(path.name):
        return None
    groups = grouped(files_in(folder))
    if not path.is_file():
        return next((Place(folder, one) for one in groups if one.name == path.name and len(one.files) > 1), None)
    return _of_file(path, next((group for group in groups if path.name in group.files), None))


def begun(path: Path) -> Path | None:
    """The one file that could be meant by the beginning of its name, as `imdb` of `imdb.csv`."""
    if not path.parent.is_dir() or not is_candidate(path.name):
        return None
    groups = grouped(files_in(path.parent))
    return next((path.parent / one.files[0] for one in groups if one.name == path.name and len(one.files) == 1), None)


def _of_file(path: Path, group: Group | None) -> Place | None:
    """A file to learn from is read with those beside it that belong to it; any other by itself."""
    single = Group(path.name, (path.name,), ("train",), ("",))
    if not group or len(group.files) == 1:
        return Place(path.parent, single)
    at = group.files.index(path.name)
    if group.parts[at] != "train":
        return Place(path.parent, single)
    others = ", ".join(file for file in group.files if file != path.name)
    return Place(path.parent, group, (f"{path.name} is read with {others} beside it",))


def _in_folder(root: Path) -> Place | None:
    place = root
    for _ in range(DEEPEST):
        if found := documents(place):
            left_out = [LeftOut(f"{folder}/", "folder not used", "no class of the data") for folder in found.others]
            return Place(place, found, left_out=tuple(left_out))
        groups = [group for group in grouped(files_in(place)) if _looks_right(place, group)]
        if len(groups) == 1:
            return Place(place, groups[0])
        if groups:
            names = [_called(place, group) for group in groups]
            raise InputError(f"'{root}' holds {len(names)} data sets of sentences; name one: {', '.join(names)}")
        inner = sub_folders(place)
        if len(inner) != 1:
            return None
        place = inner[0]
    return None


def _looks_right(folder: Path, group: Group) -> bool:
    """Whether the beginning and the end of a data set's first file are labelled sentences; it may be in class order."""
    first = folder / group.files[0]
    try:
        if is_parquet(first):
            return form_of(first_lines(first)).has_labels
        with first.open("rb") as file:
            data = file.read(SAMPLE)
            rest = max(os.fstat(file.fileno()).st_size - len(data), 0)
            file.seek(-min(rest, SAMPLE), os.SEEK_END)
            end = file.read() if rest and not data.startswith((b"\xff", b"\xfe")) else b""
        lines = decoded(data).lines[: -1 if rest else None] + decoded(end).lines[1:]
    except (OSError, NotTextError):
        return False
    return bool(lines) if group.labels[0] else form_of(lines).has_labels


def _called(folder: Path, group: Group) -> str:
    whole = len(group.files) > 1 and group.name
    return f"'{folder / (group.name if whole else group.files[0])}'"


def files_in(folder: Path) -> list[str]:
    """The names of the files directly in a folder.

    Raises:
        InputError: it may not be listed.
    """
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_file()]
    except OSError as error:
        raise InputError(f"cannot list the folder '{folder}' ({error.strerror})") from error
