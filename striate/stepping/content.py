"""What a step shows: parts (the output, each gradient) of entries, with the matrices that explain them.

>>> print(Entry("dE/dW[0,0]", "1*2 + 3*4", Fraction(14)))
dE/dW[0,0] = 1*2 + 3*4 = 14
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from html import escape
from typing import Any

import numpy as np

from striate.errors import InputError, nearest
from striate.notation.graph import Join
from striate.notation.tree import Layer
from striate.stepping.number import Number, Value, number_text, total
from striate.stepping.reading import Array


@dataclass(frozen=True)
class Entry:
    """One number and how it is computed.

    Attributes:
        name: `O[0,0]`.
        formula: The sum of products with the numbers filled in.
        value: The result; None while the upstream gradient is not given.
    """

    name: str
    formula: str
    value: Number | None

    def __str__(self) -> str:
        value = "" if self.value is None else number_text(self.value)
        return f"{self.name} = {self.formula}" + (f" = {value}" if value not in ("", self.formula) else "")


@dataclass(frozen=True, eq=False)
class Picture:
    """A matrix to show; an array of more axes is shown as several."""

    title: str
    cells: Array

    def __str__(self) -> str:
        return "\n".join([f"{self.title}:", *_matrices(self.cells)])


@dataclass(frozen=True, eq=False)
class Part:
    """The output or a gradient: `rule` says what it is, `entries` all its numbers in order."""

    name: str
    rule: str
    shape: tuple[int, ...]
    entries: tuple[Entry, ...]
    pictures: tuple[Picture, ...] = ()

    @property
    def values(self) -> Array | None:
        """The numbers in their shape; None while the upstream gradient is not given."""
        values = [entry.value for entry in self.entries]
        if any(value is None for value in values):
            return None
        return filled(self.shape, values)

    def __str__(self) -> str:
        lines = [f"{self.name} = {self.rule}", *(f"  {entry}" for entry in self.entries)]
        pictures = [str(picture) for picture in self.pictures]
        if self.values is not None and len(self.entries) > 1:
            pictures = [f"{self.name}:\n" + "\n".join(_matrices(self.values)), *pictures]
        return "\n".join([*lines, *("  " + picture.replace("\n", "\n  ") for picture in pictures)])


@dataclass(frozen=True, eq=False)
class Im2col:
    """A convolution as one matrix product: filters (F, C·k) times columns (C·k, positions) is (F, positions)."""

    columns: Array
    filters: Array
    product: Array

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The three matrices with their titles."""
        return (
            Picture("im2col: a column for each position of the filter, a row for each weight", self.columns),
            Picture("filters, a row each", self.filters),
            Picture("filters · columns (+ bias) = the output, a row for each filter", self.product),
        )

    def __str__(self) -> str:
        return "\n".join(map(str, self.pictures))


@dataclass(frozen=True, eq=False)
class Section:
    """What stands under one heading."""

    title: str
    items: tuple[Picture | Part | Im2col, ...]

    def __str__(self) -> str:
        return "\n\n".join([self.title, *map(str, self.items)])


@dataclass(frozen=True, eq=False)
class Step:
    """One layer, forward and backward. Printing it prints everything; `step["dE/dW"]` is one part.

    Attributes:
        layer: As the notation writes it.
        given: What came in: input X, weights W, bias b, upstream gradient dO.
        parts: What is computed on the way, the output O, then the gradients.
        im2col: The matrices of the product, where asked for.
        notes: What to look at again in what came in, a sentence each.
        node: The layer, or the join; None of a chain.
        arrays: All that it computes from, by symbol.
    """

    layer: str
    given: tuple[Picture, ...]
    parts: tuple[Part, ...]
    im2col: Im2col | None = None
    notes: tuple[str, ...] = ()
    node: Layer | Join | None = None
    arrays: Mapping[str, Array] = field(default_factory=dict)

    @property
    def sections(self) -> tuple[Section, ...]:
        """All of it but for the notes, in the order in which it is shown."""
        return (Section(self.layer, (*self.given, *self.parts, *([self.im2col] if self.im2col else []))),)

    @property
    def working(self) -> str:
        """The sections as text."""
        return "\n\n".join(map(str, self.sections))

    def __getitem__(self, name: str) -> Part:
        names = [part.name for part in self.parts]
        if name not in names:
            raise InputError(f"{self.layer} has no part '{name}'; it has {', '.join(names)}{nearest(name, names)}")
        return self.parts[names.index(name)]

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate step --json`; values are null while the upstream gradient is not given."""
        document: dict[str, Any] = {
            "layer": self.layer,
            "given": {picture.title: plain(picture.cells) for picture in self.given},
            "parts": [part_json(part) for part in self.parts],
            "notes": list(self.notes),
        }
        if self.im2col:
            document["im2col"] = {name: plain(cells) for name, cells in vars(self.im2col).items()}
        return document

    def __str__(self) -> str:
        return "\n\n".join([self.working, *self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return f"<pre>{escape(str(self))}</pre>"


def entries(name: str, terms: Any, maps: int = 0) -> tuple[Entry, ...]:
    """An entry for each list of terms in an array; see `label` for `maps`."""
    places = np.ndindex(terms.shape)
    return tuple(Entry(label(name, place, terms.shape, maps), *total(terms[place])) for place in places)


def label(name: str, index: tuple[int, ...], shape: tuple[int, ...], maps: int = 0) -> str:
    """`O[0,1]`; the first `maps` axes are left out where they have one entry each."""
    kept = index[maps:] if all(n == 1 for n in shape[:maps]) else index
    return f"{name}[{','.join(map(str, kept))}]" if kept else name


def named(name: str, shape: tuple[int, ...], maps: int = 0) -> Array:
    """An array of names: what stands for numbers that are not given."""
    return filled(shape, [label(name, index, shape, maps) for index in np.ndindex(shape)])


def filled(shape: tuple[int, ...], values: list[Any]) -> Array:
    """An array of the values in order."""
    array = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):  # one by one: NumPy would make an axis of values that are lists
        array[index] = value
    return array.reshape(shape)


def numbers(values: Any) -> Array:
    """Whole numbers and fractions, however nested, as an array."""
    found = np.array(values, dtype=object)
    return filled(found.shape, [Fraction(value) for value in found.flat])


def zeros(shape: tuple[int, ...]) -> Array:
    """An array of exact zeros."""
    return np.full(shape, Fraction(0), dtype=object)


def empty_terms(shape: tuple[int, ...]) -> Any:
    """An array of sums that have no terms yet."""
    return filled(shape, [[] for _ in range(int(np.prod(shape)))])


def plain(cells: Array | Value | None) -> Any:
    """Nested lists for JSON: whole numbers, decimals, and names as text."""
    if isinstance(cells, np.ndarray):
        return [plain(part) for part in cells] if cells.ndim else plain(cells[()])
    if isinstance(cells, Fraction):
        return int(cells) if cells.denominator == 1 else float(cells)
    return cells


def part_json(part: Part) -> dict[str, Any]:
    """A part in the contract of `--json`."""
    listed = [{"name": e.name, "formula": e.formula, "value": plain(e.value)} for e in part.entries]
    return {
        "name": part.name,
        "rule": part.rule,
        "values": None if part.values is None else plain(part.values),
        "entries": listed,
        "pictures": {picture.title: plain(picture.cells) for picture in part.pictures},
    }


def _matrices(cells: Array) -> list[str]:
    """Lines of every matrix, right aligned, its index before it where there are several."""
    words = np.vectorize(number_text, otypes=[object])(np.atleast_2d(cells))
    lines = []
    for lead in np.ndindex(words.shape[:-2]):
        if words[..., 0, 0].size > 1:
            lines.append(f"  [{','.join(map(str, lead))}]")
        width = max(map(len, words[lead].flat))
        lines += ["  " + " ".join(word.rjust(width) for word in row) for row in words[lead]]
    return lines
