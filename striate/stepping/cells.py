"""A layer by its cells: each entry of the output with its formula and its slopes, from which every gradient follows.

dE/dX[j] is the sum over all outputs i of dO[i]/dX[j] * dE/dO[i]; what has no slope leaves no term.

>>> from striate.stepping.content import named, numbers
>>> x = numbers([1, 2])
>>> cells = {(0,): Cell("1 + 2", added(variables("X", x)))}
>>> output, gradient = worked("the sum", cells, (1,), {"X": x}, {"X": "dO"}, named("dO", (1,)))
>>> print(output.entries[0], gradient.entries[1], sep="; ")
O[0] = 1 + 2 = 3; dE/dX[1] = dO[0]
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from striate.errors import InputError
from striate.stepping.content import Entry, Part, empty_terms, entries, label
from striate.stepping.dual import Dual, added, variables
from striate.stepping.number import MOST_TERMS, Number, factor_text, number_text
from striate.stepping.reading import Array

MOST_PRODUCTS = 100_000  # written out for the output; as many for each gradient
Index: TypeAlias = tuple[int, ...]
Cells: TypeAlias = Mapping[Any, "Cell"]  # by index


@dataclass(frozen=True, eq=False)
class Cell:
    """One entry of an output: its formula with the numbers filled in, its value and its slopes."""

    formula: str
    number: Dual


def worked(
    rule: str,
    cells: Cells,
    shape: Index,
    arrays: Mapping[str, Array],
    back: Mapping[str, str],
    upstream: Array,
) -> Iterator[Part]:
    """The parts of a layer: its output, then the gradient by each array that `back` has a rule for.

    Args:
        rule: What the output is.
        cells: All its entries.
        shape: Its shape, also that of `upstream`.
        arrays: What it is computed from, by name.
        back: What each gradient is, by the array's name.
        upstream: dE/dO, numbers or names.
    """
    check_products(sum(len(cell.number.slopes) for cell in cells.values()))
    yield Part("O", rule, shape, shown("O", cells, shape))
    for name, text in back.items():
        terms = empty_terms(arrays[name].shape)
        for index in np.ndindex(shape):
            for (array, place), slope in cells[index].number.slopes.items():
                if array == name:
                    terms[place].append((upstream[index],) if slope == 1 else (slope, upstream[index]))
        yield gradient(name, text, terms)


def gradient(name: str, rule: str, terms: Array) -> Part:
    """The gradient by an array, from the terms of each of its entries."""
    return Part(f"dE/d{name}", rule, terms.shape, entries(f"dE/d{name}", terms, hidden(name, terms.shape)))


def shown(name: str, cells: Cells, shape: Index) -> tuple[Entry, ...]:
    """Cells as entries."""
    axes = hidden(name, shape)
    return tuple(
        Entry(label(name, index, shape, axes), cells[index].formula, cells[index].number.value)
        for index in np.ndindex(shape)
    )


def between(name: str, rule: str, cells: Cells, shape: Index) -> Part:
    """What a layer computes on the way to its output."""
    return Part(name, rule, shape, shown(name, cells, shape))


def hidden(name: str, shape: Index) -> int:
    """How many first axes an entry's name leaves out where they have one entry each: maps, or filters and maps."""
    if name[0] in "XO":
        return int(len(shape) > 1)
    return {1: 1, 2: 0}.get(len(shape), 2)


def check_products(count: int, what: str = "products", text: str = "") -> None:
    """Refuse what nobody would read to its end. `text` is the layer's, for the message.

    Raises:
        InputError: There are more than 100,000.
    """
    if count > MOST_PRODUCTS:
        rule = f"a step writes out at most {MOST_PRODUCTS:,} {what}; use a smaller example"
        raise InputError(f"{rule}. Received: {count:,}{' for ' * bool(text)}{text}")


def values(lifted: Array) -> Array:
    """The numbers of dual ones."""
    plain = np.empty(lifted.shape, dtype=object)
    for index in np.ndindex(lifted.shape):
        plain[index] = lifted[index].value
    return plain


def products(terms: list[tuple[Dual, ...]]) -> Cell:
    """A sum of products, written out and computed."""
    written = " + ".join("*".join(factor_text(factor.value) for factor in term) for term in terms[:MOST_TERMS])
    if len(terms) > MOST_TERMS:
        written += f" + … ({len(terms) - MOST_TERMS} more)"
    return Cell(written or "0", added(math.prod(term[1:], start=term[0]) for term in terms))


def listed(numbers: list[Number]) -> str:
    """`1, 2, -3`."""
    more = f", … ({len(numbers) - MOST_TERMS} more)" if len(numbers) > MOST_TERMS else ""
    return ", ".join(map(number_text, numbers[:MOST_TERMS])) + more


__all__ = ["Cell", "between", "check_products", "gradient", "listed", "products", "shown", "variables", "worked"]
