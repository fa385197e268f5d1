"""How a text file writes its sentences and classes, found by looking at its lines.

>>> form_of(("1 a fine film", "0 dull", "0 so bad")).kind, form_of(("label,text", "1,a fine film")).kind
('spaced', 'table')
>>> form_of(("once upon a time", "there was", "a net")).kind
'plain'
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from .columns import Columns
from .lines import MARK, has_labels, read_fasttext, read_spaced
from .rows import Read
from .tables import columns_in, delimiter_of, read_table


@dataclass(frozen=True)
class Form:
    """How sentences and classes are written.

    Attributes:
        kind: `plain` for sentences without classes, or anything else that is text.
        delimiter: what parts the columns of a table.
        columns: where in a table they are.
    """

    kind: Literal["fasttext", "spaced", "table", "plain"]
    delimiter: str = ""
    columns: Columns | None = None

    @property
    def has_labels(self) -> bool:
        """Whether there is a class with each sentence."""
        return self.kind in ("fasttext", "spaced") or bool(self.columns and self.columns.label is not None)


def form_of(lines: Sequence[str], like: Form | None = None) -> Form:
    """The form of a file's lines.

    Args:
        lines: all or the first of its lines.
        like: the form of the training sentences: a few test sentences would not show theirs.
    """
    if like:
        return replace(like, columns=like.columns and columns_in(lines, like.delimiter, like.columns))
    first = next((line for line in lines if line.strip()), "")
    if first.lstrip().startswith(MARK):
        return Form("fasttext")
    if delimiter := delimiter_of(lines):
        return Form("table", delimiter, columns_in(lines, delimiter))
    return Form("spaced" if has_labels(lines) else "plain")


def read_labelled(lines: Sequence[str], form: Form) -> Read:
    """The labelled sentences of lines of a form that has labels.

    Raises:
        InputError: a quotation mark of a table is never closed.
    """
    if form.kind == "fasttext":
        return read_fasttext(lines)
    if form.kind == "spaced":
        return read_spaced(lines)
    assert form.columns
    return read_table(lines, form.delimiter, form.columns)
