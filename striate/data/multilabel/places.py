"""Which tables a user means by a path, and which files their cells name.

>>> is_table("/nowhere/labels.csv")
False
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from striate.data.files import sub_folders
from striate.data.formats import suffix, suffixes
from striate.data.layout import FILLERS, UNUSED
from striate.data.loading import places_of
from striate.data.parquet import PARQUET, is_readable
from striate.data.parts import PARTS, Part, part_of
from striate.data.sentences.decoding import NotTextError, first_lines
from striate.data.sentences.grouping import grouped, is_candidate
from striate.errors import InputError

from .columns import Form, form_of
from .found import NotMultilabelError

DEEPEST = 4  # folders in which there is only one other folder
ENDS = (".csv", ".tsv", ".tab", PARQUET)


@dataclass(frozen=True)
class Place:
    """The tables of a data set, by part."""

    folder: Path
    tables: Mapping[Part, Path]


@dataclass
class Finder:
    """Finds the files that the cells of a table name.

    Attributes:
        places: The folders that they may be in, likelier ones first.
    """

    places: tuple[Path, ...]
    _stems: dict[str, Path] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, table: Path) -> Finder:
        """For a table: its folder, and beside it `images/`, one of the table's name, or one of its part."""
        part = part_of(table.stem)
        beside = [
            folder
            for folder in sub_folders(table.parent)
            if folder.name.lower() in FILLERS
            or folder.name == table.stem
            or (part and (part_of(folder.name) or (None,))[0] == part[0])
        ]
        return cls((table.parent, *beside))

    def path(self, cell: str) -> Path | None:
        """The file that a cell names, with its suffix or without; None where there is none."""
        for place in self.places:
            if cell and os.path.isfile(path := place / cell):
                return path
        return self._by_stem().get(cell)

    def names(self, cell: str) -> bool:
        """Whether a cell names an image, be it there or not."""
        return suffix(cell) in suffixes() or self.path(cell) is not None

    def _by_stem(self) -> Mapping[str, Path]:
        if self._stems is None:
            self._stems = {}
            for path in (one for place in reversed(self.places) for one in sorted(place.iterdir())):
                if suffix(path.name) in suffixes():
                    self._stems[path.stem] = path
        return self._stems


def is_table(source: str | Path) -> bool:
    """Whether a path leads to a file that lists images with labels."""
    return any(os.path.isfile(place) and _form(place) is not None for place in places_of(source))


def located(path: Path, named: bool) -> Place | None:
    """The tables that `path` means: a file and those that belong to it, or a folder's; None where there are none.

    Args:
        path: A file or a folder.
        named: Whether it is sure that there are some: then it is an error if there are not.

    Raises:
        NotMultilabelError: It is sure, and no table lists images with labels.
        InputError: A folder holds several data sets.
    """
    if path.is_dir():
        found = _in_folder(path)
        if found is None and named and (tables := _tables(path)):
            form(path / tables[0])  # says what is missing
        return found
    if _form(path) is None and not named:
        return None
    form(path)
    alone: dict[Part, Path] = {"train": path}
    return Place(path.parent, next((group for group in _groups(path.parent) if group.get("train") == path), alone))


def _in_folder(root: Path) -> Place | None:
    place = root
    for _ in range(DEEPEST):
        groups = [group for group in (*_groups(place), *_below(place)) if "train" in group and _form(group["train"])]
        if len(groups) == 1:
            return Place(place, groups[0])
        if groups:
            names = ", ".join(f"'{group['train']}'" for group in groups)
            raise InputError(f"'{root}' holds {len(groups)} tables of labels; name one: {names}")
        inner = sub_folders(place)
        if len(inner) != 1:
            return None
        place = inner[0]
    return None


def _groups(folder: Path) -> list[dict[Part, Path]]:
    """The tables of a folder that belong together by their names: `train.csv` and `test.csv`."""
    found = grouped(_tables(folder))
    return [
        {part: folder / file for file, part in reversed([*zip(group.files, group.parts, strict=True)])}
        for group in found
    ]


def _below(root: Path) -> Iterable[dict[Part, Path]]:
    """The tables in folders for each part: `train/_classes.csv` and `valid/_classes.csv`."""
    parts: dict[Part, Path] = {}
    for folder in sub_folders(root):
        part = part_of(folder.name)
        tables = _groups(folder) if part else []
        if part and len(tables) == 1 and len(tables[0]) == 1:
            parts.setdefault(part[0], next(iter(tables[0].values())))
    return [parts] if parts else []


def _tables(folder: Path) -> list[str]:
    """The files of a folder that are tables by their names; those of answers to a contest are none of its data."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.is_file())
    except OSError as error:
        raise InputError(f"cannot list the folder '{folder}' ({error.strerror})") from error
    return [
        name
        for name in names
        if name.lower().endswith(ENDS)
        and is_readable(name)
        and is_candidate(name)
        and UNUSED.isdisjoint(re.split(r"[\W_]+", name.lower()))
    ]


def form(path: Path) -> Form:
    """How a table writes images and labels.

    Raises:
        NotMultilabelError: It lists no images with labels.
    """
    try:
        return form_of(first_lines(path), Finder.of(path).names)
    except NotTextError as error:
        raise NotMultilabelError(f"cannot read '{path}': {error}; save it as UTF-8 text") from error
    except OSError as error:
        raise NotMultilabelError(f"cannot read '{path}' ({error.strerror})") from error
    except NotMultilabelError as error:
        raise NotMultilabelError(f"'{path}' has {error}") from None


def _form(path: Path) -> Form | None:
    try:
        return form(path)
    except NotMultilabelError:
        return None


def ordered(tables: Mapping[Part, Path]) -> list[tuple[Part, Path]]:
    """The tables, the one to learn from first."""
    return [(part, tables[part]) for part in PARTS if part in tables]
