"""Tables for a terminal of any width: a number is never broken or cut, and a note names what was left out.

In a narrow terminal, a table is reduced step by step: words wrap, counts are rounded, whole columns are left out. An
output that is no terminal gets the whole table.

>>> short(25_557_032), short(61_706), short(850)
('25.6 M', '61,706', '850')
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from striate.ascii import in_encoding

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

GAP, EDGE = 3, 1  # characters between two columns, and before the first
NARROW = 12  # width below which words are not wrapped, unless they are shorter themselves
FOLD, ROUND = "fold words", "round counts"  # steps; any other step is the name of a column to leave out


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: Its head.
        cells: A text for each row.
        words: Whether its cells are words, which may wrap; otherwise they are numbers.
        rounded: The cells in fewer characters, for counts.
        head: A shorter head for the rounded cells.
        dim: Whether it is shown in a fainter style.
    """

    name: str
    cells: tuple[str, ...]
    words: bool = False
    rounded: tuple[str, ...] = ()
    head: str = ""
    dim: bool = False

    @property
    def width(self) -> int:
        """The characters it takes with one line per row."""
        return max(map(len, (self.name, *self.cells)))

    @property
    def least(self) -> int:
        """The width below which a word would be broken."""
        if not self.words:
            return self.width
        longest = max((len(word) for text in (self.name, *self.cells) for word in text.split()), default=0)
        return min(self.width, max(longest, NARROW))


@dataclass(frozen=True)
class Fitted:
    """A table's columns that fit a width.

    Attributes:
        columns: Each with its width in characters.
        left_out: The names of those that are not shown.
        rounded: Whether counts are.
    """

    columns: tuple[tuple[Column, int], ...]
    left_out: tuple[str, ...] = ()
    rounded: bool = False

    @property
    def width(self) -> int:
        """The characters that a line of the table takes."""
        return EDGE + sum(width + GAP for _, width in self.columns)

    @property
    def said(self) -> str:
        """What this width does not show, and where to see it; empty where it shows all."""
        parts = ["counts are rounded"] if self.rounded else []
        parts += [f"left out: {', '.join(self.left_out)}"] if self.left_out else []
        return f"to fit, {'; '.join(parts)} (a wider terminal or JSON shows all)" if parts else ""


def fit(columns: Sequence[Column], steps: Iterable[str], width: int | None) -> Fitted:
    """The columns for a terminal of `width` characters (None: no limit), after as few steps as make them fit.

    >>> wide = [Column("net", ("resnet50",), words=True), Column("MACs", ("4,089,184,256",), rounded=("4.09 G",))]
    >>> [(column.cells, width) for column, width in fit(wide, [ROUND], 20).columns]
    [(('resnet50',), 8), (('4.09 G',), 6)]
    """
    shown, left_out, folds, rounds = list(columns), list[str](), False, False
    for step in ("", *steps):
        if step == FOLD:
            folds = True
        elif step == ROUND:
            rounds = True
            shown = [replace(c, cells=c.rounded, name=c.head or c.name) if c.rounded else c for c in shown]
        elif step:
            shown = [column for column in shown if column.name != step]
            left_out.append(step)
        if width is None or EDGE + sum((c.least if folds else c.width) + GAP for c in shown) <= width:
            break
    spare = sum(c.width - c.least for c in shown) if width is None else width - EDGE - sum(c.least + GAP for c in shown)
    widths = []
    for column in shown:
        widths.append(min(column.width, column.least + max(spare, 0)))
        spare -= widths[-1] - column.least
    return Fitted(tuple(zip(shown, widths, strict=True)), tuple(left_out), rounds)


def table(fitted: Fitted, title: str, encoding: str, total: bool = False) -> Table:
    """The `rich` table for columns that fit; with `total`, the last row is set apart."""
    from rich.box import SIMPLE_HEAD, Box
    from rich.table import Table
    from rich.text import Text

    plain_box = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
    box = SIMPLE_HEAD if encoding.lower().startswith("utf") else plain_box
    # cells carry their own margin: rich takes twice the time to pad them, and deep networks have hundreds of rows
    made = Table(title=Text(in_encoding(title, encoding)), box=box, title_justify="left", padding=0)
    margin = " " * (GAP - 1)
    for column, width in fitted.columns:
        style = "dim" if column.dim else None
        made.add_column(
            _placed(column.name, width, column.words) + margin, style=style, width=width + len(margin), no_wrap=True
        )
    texts = [[_placed(cell, width, column.words) for cell in column.cells] for column, width in fitted.columns]
    for number, row in enumerate(zip(*texts, strict=True), start=1):
        made.add_row(
            *(Text("\n".join(line + margin for line in in_encoding(cell, encoding).split("\n"))) for cell in row)
        )
        if total and number == len(texts[0]) - 1:
            made.add_section()
    return made


def show(console: Console, *parts: RenderableType, width: int = 0) -> None:
    """Print, and let the terminal itself break longer lines: rich would cut a table's numbers."""
    before = console.width
    console.width = max(before, width)
    try:
        console.print(*parts, markup=False, highlight=False)
    finally:
        console.width = before


def width_of(console: Console) -> int | None:
    """The width of a line in characters; None where no terminal limits it."""
    return console.width if console.is_terminal else None


def short(count: int) -> str:
    """A count in three digits and its unit, or in full where that is no longer."""
    value, units = float(count), ["", "k", "M", "G", "T", "P"]
    while value >= 999.5 and len(units) > 1:
        value, units = value / 1000, units[1:]
    rounded = f"{value:,.0f} {units[0]}" if value >= 999.5 else f"{value:.3g} {units[0]}"
    return rounded if len(rounded) < len(f"{count:,}") else f"{count:,}"


def _placed(cell: str, width: int, words: bool) -> str:
    """A number aligned right, words aligned left and wrapped where too long; rich would cut the margin off."""
    if not words:
        return cell.rjust(width)
    if len(cell) <= width:
        return cell
    return "\n".join(textwrap.wrap(cell, width, break_long_words=False, break_on_hyphens=False))


def html_table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table for notebooks; every text is escaped.

    >>> html_table("a < b", ["n"], [["1"]])
    '<table><caption>a &lt; b</caption><thead><tr><th>n</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>'
    """
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in rows)
    return f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
