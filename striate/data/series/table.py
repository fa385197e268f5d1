"""Series in a table: a line each, its class first, as in the UCR archive; or with a first line that names the columns.

Fractions may have commas where these do not separate the cells.

>>> [(row.label, row.values.tolist()) for row in read_table(["1,0.5,0.25", "2,0.5,0.75"], "a.csv", "skip")[0]]
[('1', [[0.5, 0.25]]), ('2', [[0.5, 0.75]])]
>>> named = read_table(["side_age,label,0,1", "40,up,0.5,0.25"], "a.csv", "skip")[0][0]
>>> named.label, named.side.tolist(), named.values.tolist()
('up', [40.0], [[0.5, 0.25]])
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from striate.data.left_out import LeftOut
from striate.errors import InputError

from .found import SHORT, Row

SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
LABELS = ("label", "class", "target", "y")
SIDE = "side"  # begins the name of a column of numbers beside the series
COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")  # a fraction that is written with one
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")  # what may be one thousand or one
EMPTY = ("", "?", "na", "nan", "null")


Reads = Callable[[str], "float | None"]


class NoLabelError(InputError):
    """The first line names columns, and none is the class."""


@dataclass(frozen=True)
class _Columns:
    """Where in a line each thing stands."""

    label: int | None
    side: tuple[int, ...]
    values: tuple[int, ...]


def read_table(lines: Sequence[str], name: str, bad: str, labelled: bool = True) -> tuple[list[Row], list[LeftOut]]:
    """The series of a file's lines, and the lines that are none.

    Args:
        lines: Of the file.
        name: Of the file.
        bad: Whether a line that is no series is left out ("skip") or refused ("refuse").
        labelled: Whether the first number of a line is its class, where no line names the columns.

    Raises:
        InputError: It is no table of series.
    """
    cells = [(number, one) for number, one in enumerate(_split(lines, name), 1) if any(cell.strip() for cell in one)]
    if not cells:
        raise InputError(f"'{name}' is empty; a line is a class and the values of a series")
    number_of = _with_comma if has_decimal_commas([one for _, one in cells]) else _number
    columns, cells = _columns(cells, name, labelled, number_of)
    usual, share = Counter(len(one) for _, one in cells).most_common(1)[0]
    if 2 * share <= len(cells) and len(cells) > 1:
        raise InputError(
            f"'{name}': lines have {min(len(one) for _, one in cells)} to {max(len(one) for _, one in cells)} cells; "
            "give all lines as many, empty ones after the end of a short series"
        )
    columns = columns or _usual(usual, labelled)
    rows, left_out = list[Row](), list[LeftOut]()
    for number, one in cells:
        found = _row(one, columns, usual, f"{name}:{number}", number_of)
        if isinstance(found, Row):
            rows.append(found)
        elif bad == "refuse":
            raise InputError(f"'{name}', line {number}: {found}; correct it, or leave it out")
        else:
            left_out.append(LeftOut(f"{name}:{number}", SHORT, found))
    if not rows:
        raise InputError(f"'{name}' has no line that is a series; the first: {left_out[0]}")
    return rows, left_out


def _split(lines: Sequence[str], name: str) -> list[list[str]]:
    first = next((line for line in lines if line.strip()), "")
    for mark in ("\t", ";", ","):
        if mark not in first or (mark == "," and _between_blanks(first)):
            continue
        try:
            rows = list(csv.reader(lines, delimiter=mark, strict=True))
        except csv.Error as error:  # a quote that opens and never closes
            raise InputError(f"'{name}' is no table: {error}") from None
        return rows
    return [line.split() for line in lines]


def _between_blanks(line: str) -> bool:
    """Whether blanks separate the cells of a line, and its commas are decimal ones: `up 0,5 0,25`."""
    head, *rest = line.split()
    commas = any("," in cell for cell in rest) and not head.endswith(",")
    return commas and all(_with_comma(cell) is not None for cell in rest)


def has_decimal_commas(rows: Sequence[Sequence[str]]) -> bool:
    """Whether cells have fractions as most of Europe writes them, 0,5: more than have a point, and not all thousands.

    >>> has_decimal_commas([["up", "0,5", "-1,25e3"]]), has_decimal_commas([["1,050", "0.5"]])
    (True, False)
    >>> has_decimal_commas([["up", "950", "1,050"]])
    False
    """
    commas = [cell for row in rows for cell in row if "," in cell and COMMA.fullmatch(cell.strip())]
    if all(THOUSANDS.fullmatch(cell.strip()) for cell in commas):
        return False
    points = sum("." in cell and _number(cell) is not None for row in rows for cell in row)
    return len(commas) > points


def _columns(
    cells: list[tuple[int, list[str]]], name: str, labelled: bool, number_of: Reads
) -> tuple[_Columns | None, list[tuple[int, list[str]]]]:
    """What the first line names, if it names columns, and the lines that are series."""
    first = [one.strip().lower() for one in cells[0][1]]
    label = next((place for word in LABELS for place, one in enumerate(first) if one == word), None)
    side = tuple(place for place, one in enumerate(first) if one.startswith(SIDE))
    if label is None and not side:
        words = first[1:] if labelled else first
        if sum(number_of(one) is not None for one in words) >= len(words) / 2 or len(cells) < 2:
            return None, cells
        if labelled:
            raise NoLabelError(f"'{name}', line 1 names columns, and none is called {' or '.join(LABELS)}")
        return None, cells[1:]
    values = tuple(place for place in range(len(first)) if place != label and place not in side)
    if len(cells) < 2:
        raise InputError(f"'{name}' names columns and has no series")
    usual, share = Counter(len(one) for _, one in cells[1:]).most_common(1)[0]
    if usual != len(first) and 2 * share > len(cells) - 1:
        raise InputError(f"'{name}': line 1 names {len(first)} columns, and most lines have {usual} cells")
    return _Columns(label, side, values), cells[1:]


def _usual(count: int, labelled: bool) -> _Columns:
    return _Columns(0 if labelled else None, (), tuple(range(1 if labelled else 0, count)))


def _row(cells: Sequence[str], columns: _Columns, usual: int, where: str, number_of: Reads) -> Row | str:
    """A line as a series; or why it is none."""
    if len(cells) != usual:
        return f"it has {len(cells)} cells and most lines {usual}"
    label = None if columns.label is None else cells[columns.label].strip()
    if label == "":
        return "it has no class"
    values, side = ([number_of(cells[place]) for place in places] for places in (columns.values, columns.side))
    if None in values or None in side:
        word = next(cells[place] for place in (*columns.values, *columns.side) if number_of(cells[place]) is None)
        return f"'{word[:20]}' is no number"
    numbers = np.array(values, np.float64)[None]
    return Row(numbers, where, _plain(label), np.array(side, np.float64) if columns.side else None)


def _plain(label: str | None) -> str | None:
    """A class that is written as 1.0000000e+00 is 1."""
    number = None if label is None else _number(label)
    return label if number is None or not number.is_integer() else str(int(number))


def _number(cell: str) -> float | None:
    """NaN for an empty cell; None for what is no number."""
    try:
        return float("nan") if cell.strip().lower() in EMPTY else float(cell)
    except ValueError:
        return None


def _with_comma(cell: str) -> float | None:
    """The same where fractions have a comma."""
    return _number(cell.replace(",", ".") if COMMA.fullmatch(cell.strip()) else cell)
