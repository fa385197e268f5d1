"""Tables of sentences: CSV with quoted cells, TSV, and lines of a class, a tab and a sentence.

>>> lines = ("label,text", 'good,"a fine, long film"', "bad,dull")
>>> read_table(lines, ",", columns_in(lines, ",")).rows[0]
Row(label='good', sentence='a fine, long film', line=2)
"""

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from striate.errors import InputError

from .columns import Columns, columns_of
from .rows import NO_LABEL, Fault, Read, collected, shortened

DELIMITERS = (",", ";", "\t", "|")
SNIFFED = 2000  # lines from which delimiter and columns are found
ALIKE = 0.9  # share of rows that must have as many cells as the first, in a table whose columns have no known names
END = "\x00the end\x00"  # a line that no file has
csv.field_size_limit(2**31 - 1)  # of a cell; what is too long for a sentence is told with its line, and left out


@dataclass(frozen=True)
class Cells:
    """A row of a table and the line at which it begins."""

    line: int
    cells: tuple[str, ...]


def delimiter_of(lines: Sequence[str]) -> str | None:
    """What parts the columns of a table with labelled sentences; None for lines that are no such table."""
    found: dict[str, Columns] = {}
    for delimiter in DELIMITERS:
        rows = first_rows(lines, delimiter)
        columns = columns_of(rows) if rows and len(rows[0]) > 1 else None
        alike = sum(len(row) == len(rows[0]) for row in rows)
        if columns and (columns.header or alike >= ALIKE * len(rows)):
            found[delimiter] = columns
    return min(found, key=lambda one: (not found[one].known, DELIMITERS.index(one)), default=None)


def columns_in(lines: Sequence[str], delimiter: str, like: Columns | None = None) -> Columns | None:
    """The columns of classes and sentences, those of a table `like` it where that is known; None for other tables."""
    rows = first_rows(lines, delimiter)
    return like.of(rows[0]) if like and rows else columns_of(rows)


def first_rows(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """The rows of the first lines, as far as they can be read."""
    rows: list[list[str]] = []
    first = lines[:SNIFFED]
    with suppress(csv.Error):
        for row in csv.reader(_ended(first), delimiter=delimiter, quoting=_quoting(first, delimiter)):
            rows += [row] if any(cell.strip() for cell in row) else []
    return rows


def read_table(lines: Sequence[str], delimiter: str, columns: Columns) -> Read:
    """The sentences of a table whose columns are known, and their labels; `NO_LABEL` where no column has them.

    Raises:
        InputError: a quotation mark is never closed.
    """
    rows = [row for row in table_rows(lines, delimiter) if any(cell.strip() for cell in row.cells)]
    body = rows[columns.header :]
    label, text = columns.label, columns.text
    most = text if label is None else max(label, text)
    full = [row for row in body if len(row.cells) > most]
    found = [(NO_LABEL if label is None else row.cells[label], row.cells[text], row.line) for row in full]
    read = collected(found, sum(not line.strip() for line in lines), (columns_said(columns, rows[0].cells),))
    short = [_too_short(row, delimiter) for row in body if len(row.cells) <= most]
    return Read(read.rows, tuple(sorted([*read.faults, *short], key=lambda f: f.line)), read.empty, read.notes)


def columns_said(columns: Columns, first: Sequence[str]) -> str:
    """Which columns of a table with this first row are read, in one line.

    >>> columns_said(Columns(label=0, text=1, header=True, known=True), ["stars", "review", "id"])
    "'stars' is read as the class and 'review' as the sentence, and 1 other column is not used"
    """
    label = "" if columns.label is None else f"{_named(columns, first, columns.label)} is read as the class and "
    text = f"{_named(columns, first, columns.text)} {'as' if label else 'is read as'} the sentence"
    others = len(first) - (2 if label else 1)
    more = f", and {others} other {'columns are' if others > 1 else 'column is'} not used" if others > 0 else ""
    return f"{label}{text}{more}"


def _named(columns: Columns, first: Sequence[str], at: int) -> str:
    return f"'{shortened(first[at])}'" if columns.header and at < len(first) else f"column {at + 1}"


def table_rows(lines: Sequence[str], delimiter: str) -> Iterator[Cells]:
    """The rows of a table; a cell in quotation marks may hold delimiters and go over several lines.

    Raises:
        InputError: a quotation mark is never closed.
    """
    reader = csv.reader(_with_end(lines), delimiter=delimiter, quoting=_quoting(lines, delimiter))
    line = 1
    try:
        for row in reader:
            if row == [END]:
                return
            if row and END in row[-1]:
                raise csv.Error("the file ends within it")
            yield Cells(line, tuple(row))
            line = reader.line_num + 1
    except csv.Error as error:
        rule = f"line {line:,}: a quotation mark opens a cell that does not end ({error})"
        raise InputError(f"{rule}; close it, or write it twice where it is meant") from error


def _with_end(lines: Sequence[str]) -> Iterator[str]:
    yield from _ended(lines)
    yield END


def _ended(lines: Sequence[str]) -> Iterator[str]:
    """Lines with their ends; a CR or LF within one, which csv would take for another line, is a space."""
    return (line.replace("\r", " ").replace("\n", " ") + "\n" for line in lines)


def _quoting(lines: Sequence[str], delimiter: str) -> Literal[0, 3]:
    """Whether cells can be quoted: always between commas; between tabs only where all quotation marks are in pairs."""
    if delimiter != "\t":
        return csv.QUOTE_MINIMAL
    try:
        widths = {len(row) for row in csv.reader(_ended(lines), delimiter=delimiter, strict=True) if row}
    except csv.Error:
        return csv.QUOTE_NONE
    return csv.QUOTE_MINIMAL if len(widths) == 1 else csv.QUOTE_NONE


def _too_short(row: Cells, delimiter: str) -> Fault:
    name = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}[delimiter]
    return Fault(row.line, f"no {name} between class and sentence", "write the class, the separator and the sentence")
