"""Finding image files under folders, and counting all other files.

>>> images_under(["/nowhere"])
Traceback (most recent call last):
striate.errors.InputError: no file or folder '/nowhere'
"""

import os
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from unicodedata import decimal

from striate.errors import InputError

from .formats import HEIC, holds_image, suffix, suffixes
from .left_out import BROKEN, HIDDEN, LINKED, NO_SUFFIX, SYSTEM, UNREADABLE, LeftOut

# What systems and programs leave in people's folders, pictures among it; names that begin with a dot are skipped too.
OF_THE_SYSTEM = {"__macosx", "__pycache__", "@eadir", "#recycle", "$recycle.bin", "system volume information"}
OF_THE_SYSTEM |= {"lost+found", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}


@dataclass(frozen=True)
class Found:
    """Image files, sorted, and everything else that was found; `left_out` has paths as they were walked."""

    images: tuple[Path, ...]
    left_out: tuple[LeftOut, ...]


def images_under(paths: Sequence[str | Path]) -> list[Path]:
    """The image files among `paths`, and those under the folders among them, in the order of `counted` within each.

    Raises:
        InputError: a path does not exist, or there is no image.
    """
    return list(found_under(paths).images)


def found_under(paths: Sequence[str | Path]) -> Found:
    """As `images_under`, with what was left out. A file that is named itself is an image whatever its name."""
    images: list[Path] = []
    left_out: list[LeftOut] = []
    for path in map(Path, paths):
        if not os.path.exists(path):
            raise InputError(f"no file or folder '{path}'")
        found = walk(path) if path.is_dir() else Found((path,), ())
        images += sorted(found.images, key=counted)
        left_out += found.left_out
    if not images:
        raise InputError(f"no image in {', '.join(map(str, paths)) or 'an empty list'}")
    return Found(tuple(images), tuple(left_out))


def walk(folder: Path) -> Found:
    """All under `folder`. Links to folders are followed, and each folder is read once, however often it is linked."""
    images: list[Path] = []
    left_out: list[LeftOut] = []
    seen: set[tuple[int, int]] = set()
    folders, links = deque([folder]), deque[Path]()  # a folder that is also linked to keeps its own name
    while folders or links:
        place = folders.popleft() if folders else links.popleft()
        if _identity(place) in seen or (place != folder and place.is_symlink() and holds(place, folder)):
            left_out.append(LeftOut(f"{place}/", LINKED, "it is read already, or holds the link"))
            continue
        seen.add(_identity(place))
        for entry in _listed(place):
            path = place / entry.name
            if _is_folder(entry) and not _not_looked_at(entry.name):
                (links if entry.is_symlink() else folders).append(path)
            elif other := _no_image(path, entry):
                left_out.append(other)
            else:
                images.append(path)
    by_characters = sorted(images, key=lambda path: path.parts)  # runs of earlier versions go on in this order
    return Found(tuple(by_characters), tuple(sorted(left_out, key=lambda file: counted(file.path))))


def counted(path: str | Path) -> tuple[object, ...]:
    """What to sort paths by where people see them: numbers in names count, so that 2.png comes before 10.png.

    >>> sorted(["b", "a10", "a2", "a02b", "a2/1"], key=counted)
    ['a2', 'a2/1', 'a02b', 'a10', 'b']
    """
    parts = Path(path).parts
    return [[_numbered(piece) for piece in re.split(r"(\d+)", part)] for part in parts], parts


def _numbered(piece: str) -> tuple[int, str]:
    """A text, or the digits of a number: of two without leading zeros the longer one is greater."""
    if not piece.isdecimal():
        return 0, piece
    digits = "".join(str(decimal(digit)) for digit in piece).lstrip("0")  # of any alphabet
    return len(digits), digits


def unreadable(path: Path | str, reason: str) -> LeftOut:
    """The entry for a file that should be an image and can't be read."""
    return LeftOut(str(path), UNREADABLE + (suffix(os.fspath(path)) or NO_SUFFIX), reason)


def sub_folders(root: Path) -> list[Path]:
    """The folders in `root` that are people's own, sorted; none when there is no such folder."""
    entries = _listed(root) if root.is_dir() else []
    return sorted(root / entry.name for entry in entries if _is_folder(entry) and not _not_looked_at(entry.name))


def loose_files(root: Path) -> Iterator[Path | LeftOut]:
    """The files directly in `root`, not in people's own folders: images, and all others."""
    for entry in _listed(root):
        if not _is_folder(entry) or _not_looked_at(entry.name):
            yield _no_image(root / entry.name, entry) or root / entry.name


def has_image(folder: Path) -> bool:
    """Whether there is an image file anywhere under `folder`."""
    seen, waiting = set(), [folder]
    while waiting:
        place = waiting.pop()
        if any(isinstance(found, Path) for found in loose_files(place)):
            return True
        seen.add(_identity(place))
        waiting += [inner for inner in sub_folders(place) if _identity(inner) not in seen]
    return False


def holds(folder: Path, other: Path) -> bool:
    """Whether `other` is in `folder`, links resolved."""
    return other.resolve().is_relative_to(folder.resolve())


def _listed(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        _cannot_list(error)


def _not_looked_at(name: str) -> tuple[str, str] | None:
    """Kind and reason if the name alone shows that a file or folder is no one's image."""
    if name.lower() in OF_THE_SYSTEM:
        return SYSTEM, "the operating system's own"
    if name.startswith("."):
        return HIDDEN, "its name begins with a dot"
    return None


def _no_image(path: Path, entry: "os.DirEntry[str]") -> LeftOut | None:
    """Kind and reason if the file is no image, by its name or, where that does not tell, by its content."""
    if why := _not_looked_at(entry.name):
        return LeftOut(str(path) + "/" * _is_folder(entry), *why)
    end = suffix(entry.name)
    broken = entry.is_symlink() and not os.path.exists(path)
    if not broken and not entry.is_file():  # reading a pipe would wait for ever
        return LeftOut(str(path), "pipe or device", "no file")
    if end in suffixes():
        return None  # a broken link too: named as an image that can't be read
    if broken:
        return LeftOut(str(path), BROKEN, "it leads nowhere")
    if end in HEIC:
        return LeftOut(str(path), f"{end} (`pip install pillow-heif` reads it)", "pillow-heif is not installed")
    if end:
        return LeftOut(str(path), end, "not a kind of image that is read")
    return None if holds_image(path) else LeftOut(str(path), NO_SUFFIX, "not an image")


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino


def _cannot_list(error: OSError) -> NoReturn:
    raise InputError(f"cannot list the folder '{error.filename}' ({error.strerror})") from error
