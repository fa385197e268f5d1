"""Data sets of the package `datasets`: by their names on the Hugging Face hub, `hf:user/name`, or saved in a folder.

Images stay in its Arrow files, which are mapped into memory, and are decoded when they are asked for.

>>> _name("hf:ylecun/mnist")
'mnist'
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray

from striate.errors import InputError, WorkError, first_line

from .dataset import Dataset
from .entries import Wanted
from .lazy import Compact
from .loading import HUB
from .packed import Packed, dataset_of
from .parts import PARTS, Part, part_of
from .sentences.columns import LABELS, TEXTS, named_column
from .sentences.gathering import Entry, in_order


@dataclass(frozen=True)
class Cell:
    """An image in a table of the package."""

    table: Any
    column: str
    row: int

    def open(self, mode: str = "rb") -> BinaryIO:
        """Its bytes."""
        found = self.table[self.row][self.column] or {}
        if found.get("bytes") is None:
            return Path(found.get("path") or str(self)).open("rb")
        return io.BytesIO(found["bytes"])

    def __str__(self) -> str:
        return f"{self.table.split or 'train'}[{self.row}]"


@dataclass(frozen=True, eq=False)
class Cells(Compact):
    """Some images of a table, or how they are called.

    Attributes:
        tables: The tables.
        column: The column of images.
        at: (N, 2) int64: table and row.
        named: Whether they are given by their names.
    """

    tables: tuple[Any, ...]
    column: str
    at: NDArray[np.int64]
    named: bool = False

    def __len__(self) -> int:
        return len(self.at)

    def __getitem__(self, place: Any) -> Any:
        table, row = self.at[place].tolist()
        cell = Cell(self.tables[table], self.column, row)
        return str(cell) if self.named else cell

    def part(self, rows: Sequence[int]) -> Cells:
        """Those at these positions."""
        return replace(self, at=self.at[np.asarray(rows, np.int64)])

    def plus(self, other: Cells) -> Cells:
        """With those of another of the same tables."""
        return replace(self, at=np.concatenate([self.at, other.at]))

    def digest(self) -> bytes:
        """A number that changes with the tables and the choice."""
        prints = "".join(str(table._fingerprint) for table in self.tables)
        return sha256(prints.encode() + self.at.tobytes()).digest()


def tables(source: str) -> dict[Part, Any]:
    """The tables of a set by part.

    Raises:
        InputError: The package is not installed, or the folder holds no whole set.
        WorkError: It can't be fetched from the hub.
    """
    try:
        import datasets
    except ImportError:
        raise InputError(f"'{source}' is read by `pip install \"striate[hub]\"`") from None
    try:
        if source.startswith(HUB):
            found = datasets.load_dataset(source.removeprefix(HUB))
        else:
            found = datasets.load_from_disk(source)
    except Exception as error:  # the package raises errors of many libraries
        kind = WorkError if source.startswith(HUB) else InputError
        raise kind(f"cannot read '{source}' ({first_line(error)})") from error
    named: Mapping[str, Any] = found if isinstance(found, Mapping) else {"train": found}
    parts = dict[Part, Any]()
    for name, table in named.items():
        part = part_of(name)
        if part:
            parts.setdefault(part[0], table)
    return parts or {"train": next(iter(named.values()))}


def load(source: str, wanted: Wanted) -> Dataset:
    """The images of a set; see `striate.data.load`."""
    import datasets

    parts = tables(source)
    first = next(iter(parts.values()))
    column = next((name for name, kind in first.features.items() if isinstance(kind, datasets.Image)), None)
    label = _label(first, source, {column})
    if column is None:
        raise InputError(f"'{source}' has no column of images; it has {', '.join(first.column_names)}")
    every = tuple(table.cast_column(column, datasets.Image(decode=False)) for table in parts.values())
    words = {part: _classes(table, label) for part, table in parts.items()}
    classes = _names(first, label) or in_order(word for some in words.values() for word in some if word is not None)
    packed = dict[Part, Packed]()
    notes, lost = [f"the classes are in the column {label}"], 0
    for place, part in enumerate(parts):
        rows = np.array([row for row, word in enumerate(words[part]) if word is not None], np.int64)
        lost += len(words[part]) - len(rows)
        if not len(rows) and part != "train":
            notes.append(f"its {part} part has no classes and is not used")
            continue
        items = Cells(every, column, np.stack([np.full_like(rows, place), rows], 1))
        labels = torch.tensor([classes.index(word) for word in words[part] if word is not None], dtype=torch.int64)
        packed[part] = Packed(items, replace(items, named=True), labels)
    if not len(packed["train"].labels):
        raise InputError(f"'{source}' has no class in the column {label}, of any image to learn from")
    notes += [f"left out: {lost:,} images without a class"] if lost else []
    return dataset_of(_name(source), source, packed, classes, notes, wanted)


def entries(source: str) -> tuple[str, list[Entry]] | None:
    """The labelled sentences of a set, and its name; None where it has images, or no text."""
    import datasets

    parts = tables(source)
    first = next(iter(parts.values()))
    if any(isinstance(kind, datasets.Image) for kind in first.features.values()):
        return None
    place = named_column(first.column_names, TEXTS)
    if place is None:
        return None
    text = first.column_names[place]
    label = _label(first, source, {text})
    return _name(source), list(_sentences(parts, text, label))


def _sentences(parts: Mapping[Part, Any], text: str, label: str) -> Iterator[Entry]:
    for part in PARTS:
        if part in parts:
            table = parts[part]
            for row, (word, sentence) in enumerate(zip(_classes(table, label), table[text], strict=True)):
                if word is not None:
                    yield Entry(part, word, str(sentence), f"{part}[{row}]")


def _label(table: Any, source: str, others: set[str | None]) -> str:
    """The column of classes."""
    import datasets

    for name, kind in table.features.items():
        if isinstance(kind, datasets.ClassLabel):
            return str(name)
    names = [name for name in table.column_names if name not in others]
    place = named_column(names, LABELS)
    if place is None:
        raise InputError(f"'{source}' has no column of classes; name it label. It has {', '.join(table.column_names)}")
    return str(names[place])


def _names(table: Any, label: str) -> tuple[str, ...]:
    return tuple(getattr(table.features[label], "names", None) or ())


def _classes(table: Any, label: str) -> list[str | None]:
    """The class of each row; None where it has none, as the rows of many test parts on the hub, which have -1."""
    names = _names(table, label)
    return [
        None if value is None or (names and value < 0) else names[value] if names else str(value)
        for value in table[label]
    ]


def _name(source: str) -> str:
    return source.removeprefix(HUB).rstrip("/").rpartition("/")[2]
