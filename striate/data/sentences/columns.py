"""Which columns of a table hold the class and the sentence, by their names or by what is in them.

>>> columns_of([["id", "review", "sentiment"], ["1", "a fine film", "good"], ["2", "dull", "bad"]])
Columns(label=2, text=1, header=True, known=True)
>>> columns_of([["a fine film", "1"], ["so very dull", "0"], ["a poor copy", "0"]])
Columns(label=1, text=0, header=False, known=False)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

# What such columns are called, likelier names first.
LABELS = ("label", "labels", "class", "classes", "category", "sentiment", "y", "target", "polarity", "intent", "stars")
TEXTS = ("text", "sentence", "review", "comment", "content", "tweet", "message", "phrase", "question", "description")
SAMPLE = 2000  # rows that are looked at
MOST_CLASSES = 0.5  # of the rows, at most this share has a class of its own
LIKE_TEXT = 0.25  # share of a column's cells that must read like text


@dataclass(frozen=True)
class Columns:
    """Where in a table's rows class and sentence are.

    Attributes:
        label: column of the class; None where a header names no such column.
        text: column of the sentence.
        header: whether the first row is the columns' names.
        known: whether both were found by name.
        head: the names of all columns, () without a header.
    """

    label: int | None
    text: int
    header: bool
    known: bool
    head: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def of(self, head: Sequence[str]) -> Columns:
        """The columns of the same names in another table; of the same places where that has others, or no header."""
        names, named = [cell.strip() for cell in head], [cell.strip() for cell in self.head]
        if not self.header or named[self.text] not in names:
            return self
        label = None if self.label is None or named[self.label] not in names else names.index(named[self.label])
        return replace(self, label=label, text=names.index(named[self.text]), head=tuple(head))


def columns_of(rows: Sequence[Sequence[str]]) -> Columns | None:
    """The columns of a table's first rows; None where they hold no labelled sentences."""
    if not rows:
        return None
    head, body = tuple(rows[0]), [row for row in rows[1:SAMPLE] if len(row) == len(rows[0])]
    numbered = [column for column in range(len(head)) if _is_numbering([row[column] for row in body])]
    label, text = named_column(head, LABELS), named_column(head, TEXTS, numbered)
    if text is None:
        return _guessed(head, body, label)
    if label is not None and label != text:
        return Columns(label, text, header=True, known=True, head=head)
    return Columns(_label_column(body, text), text, header=True, known=False, head=head)


def named_column(head: Sequence[str], names: Sequence[str], but: Collection[int] = ()) -> int | None:
    """The column that has one of the names, or else a name with such a word in it (`Class Index`, `comment_text`).

    Columns `but` these are looked at.
    """
    plain = ["" if column in but else cell.strip().lower() for column, cell in enumerate(head)]
    words = [re.split(r"[\W_]+", cell) if len(cell) < 40 else [] for cell in plain]
    for name in names:
        if name in plain:
            return plain.index(name)
    return next((column for name in names for column, parts in enumerate(words) if name in parts), None)


def _guessed(head: Sequence[str], body: Sequence[Sequence[str]], named: int | None) -> Columns | None:
    """The columns by their content: the longest text, and the one `named` as a class or that of fewest values."""
    rows = body or [head]
    widths = [sum(len(row[column]) for row in rows) for column in range(len(head))]
    text = widths.index(max(widths)) if widths else 0
    cells = [row[text] for row in rows]
    if len(head) < 2 or sum(map(_reads_like_text, cells)) < LIKE_TEXT * len(cells):
        return None
    if len(set(cells)) * 2 <= len(cells) and len(cells) > 10:
        return None
    label = _label_column([head, *body], text, named)
    if label is None:
        return None
    header = label == named or _is_header(head, body, label)
    return Columns(label, text, header, known=False, head=tuple(head) if header else ())


def _label_column(body: Sequence[Sequence[str]], text: int, named: int | None = None) -> int | None:
    """The column beside the text with the fewest different values, two or more, that are those of classes.

    The one `named` as a class comes first, if its values can be those of classes.
    """
    if not body:
        return None
    kinds = {column: len({row[column] for row in body}) for column in range(len(body[0])) if column != text}
    kinds = {column: kind for column, kind in kinds.items() if all(row[column].strip() for row in body)}
    most = max(2.0, MOST_CLASSES * len(body) + 1)  # one more, for a header
    fit = {column: kind for column, kind in kinds.items() if 2 <= kind <= most}
    return min(fit, key=lambda column: (column != named, fit[column], column)) if fit else None


def _is_header(head: Sequence[str], body: Sequence[Sequence[str]], label: int) -> bool:
    """Whether the first row is names: none is in its column again, none has a space, and the classes come again."""
    first, rest = head[label], [row[label] for row in body]
    if first in rest or len(set(rest)) < 2 or any(" " in cell.strip() for cell in head):
        return False
    return (not _is_number(first) and all(map(_is_number, rest))) or len(set(rest)) < len(rest)


def _is_numbering(cells: Sequence[str]) -> bool:
    """Whether a column numbers the rows: all its cells are numbers, and no two the same."""
    return bool(cells) and all(map(_is_number, cells)) and len(set(cells)) == len(cells)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\s*[-+]?\d+(\.\d*)?\s*", text) is not None


def _reads_like_text(cell: str) -> bool:
    """Some words, or the letters of a language that writes without spaces."""
    return any(c.isalpha() for c in cell) and (" " in cell.strip() or not cell.isascii())
