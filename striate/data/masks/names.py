"""Files that name the classes of masks, with their colours or in the order of their values.

Read are `classes.txt` and the like with a name per line, CVAT's `labelmap.txt` (`name:r,g,b::`), CamVid's
`class_dict.csv` (`name,r,g,b`) and `label_colors.txt` (`r g b name`).

>>> parsed("name,r,g,b\\nsky,128,128,128\\nroad,128,64,128\\n", "class_dict.csv").entries
(('sky', (128, 128, 128)), ('road', (128, 64, 128)))
>>> parsed("0 background\\n1 cell", "classes.txt").names
('background', 'cell')
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from striate.errors import InputError

Colour = tuple[int, int, int]  # red, green, blue, 0 to 255

FILES = {"classes", "class_names", "classnames", "labelmap", "label_map", "class_dict", "labels", "codes", "names"}
FILES |= {"label_colors", "label_colours", "labelcolors", "obj_names", "class_colors"}
ENDS = {".txt", ".csv", ".tsv", ".names"}
NUMBERS = r"(\d{1,3})\s*[,;\s]\s*(\d{1,3})\s*[,;\s]\s*(\d{1,3})"
NAME_FIRST = re.compile(rf"(?P<name>.*?[^\s:,;])\s*[:,;\s]\s*{NUMBERS}\s*(?:[:,;].*)?")
NAME_LAST = re.compile(rf"{NUMBERS}[\s,;:]+(?P<name>\S.*)")
NUMBERED = re.compile(r"(\d+)\s*[\s:,;=]\s*(\S.*)")
VOID = {"void", "ignore", "ignored", "unlabelled", "unlabeled", "dontcare", "dont_care", "unknown"}


@dataclass(frozen=True)
class Named:
    """Classes by name.

    Attributes:
        entries: name and colour of each, in the file's order; None for a colour that it does not give.
        source: the file.
        skipped: names whose pixels count for nothing: "void" and the like.
    """

    entries: tuple[tuple[str, Colour | None], ...]
    source: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names in order."""
        return tuple(name for name, _ in self.entries)

    @property
    def coloured(self) -> bool:
        """Whether every class has its colour."""
        return all(colour is not None for _, colour in self.entries)

    @property
    def void(self) -> tuple[str, ...]:
        """Those of the names that say that their pixels belong to no class."""
        return tuple(name for name in self.names if name.lower().strip("_ ") in VOID)


def stated(folders: Iterable[Path]) -> Named | None:
    """The classes that the first such file in one of the folders names; None without a file.

    Raises:
        InputError: the file names a class or colour twice, or cannot be read.
    """
    for folder in folders:
        for path in sorted(folder.iterdir()):
            if names_classes(path.name) and path.is_file():
                try:
                    return parsed(path.read_text(encoding="utf-8-sig"), str(path))
                except (OSError, UnicodeDecodeError) as error:
                    raise InputError(f"cannot read the classes in '{path}' ({error})") from error
    return None


def names_classes(name: str) -> bool:
    """Whether a file of this name is read for the names of the classes."""
    stem, end = Path(name).stem.lower().replace("-", "_"), Path(name).suffix.lower()
    return end in ENDS and stem in FILES


def parsed(text: str, source: str) -> Named:
    """The classes in a file's text.

    Raises:
        InputError: it names none, or one name or colour twice.
    """
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    coloured = [NAME_LAST.fullmatch(line) or NAME_FIRST.fullmatch(line) for line in lines]
    if lines and not coloured[0] and any(coloured):  # a table's head
        lines, coloured = lines[1:], coloured[1:]
    entries: list[tuple[str, Colour | None]] = []
    if lines and all(coloured):
        for found in filter(None, coloured):
            red, green, blue = (int(number) for number in found.groups() if number and number.isdigit())
            entries.append((found["name"].strip(), (red, green, blue)))
    else:
        entries = [(name, None) for name in _plain(lines)]
    _check(entries, source)
    return Named(tuple(entries), source)


def _plain(lines: Sequence[str]) -> list[str]:
    """A name per line; a number before each, from 0 on, is no part of it."""
    numbered = [NUMBERED.fullmatch(line) for line in lines]
    if all(found and int(found[1]) == row for row, found in enumerate(numbered)):
        return [found[2].strip() for found in numbered if found]
    return [line.rstrip(",;:") for line in lines]


def _check(entries: Sequence[tuple[str, Colour | None]], source: str) -> None:
    if not entries:
        raise InputError(f"'{source}' names no class; write one name per line, or delete it")
    for column, what in enumerate(("class", "colour")):
        seen: set[object] = set()
        for entry in entries:
            value = entry[column]
            if value is not None and value in seen:
                said = value if column == 0 else ",".join(map(str, entry[1] or ()))
                raise InputError(f"'{source}' has the {what} '{said}' twice; each class needs its own")
            seen.add(value)
        wrong = next((name for name, colour in entries if colour and max(colour) > 255), None)
        if wrong:
            raise InputError(f"'{source}' gives '{wrong}' a colour beyond 255; colours are r,g,b from 0 to 255")
