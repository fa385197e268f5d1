"""The sentences of files that a network is asked about: one on each line, or those of a file that has classes too.

>>> import tempfile
>>> path = Path(tempfile.mkdtemp()) / "new.txt"
>>> _ = path.write_text("a fine film\\n\\ndull\\n")
>>> sentences_in(path).sentences
('a fine film', 'dull')
>>> _ = path.write_text("good a fine film\\nbad dull\\n")
>>> sentences_in(path, known=("bad", "good")).sentences
('a fine film', 'dull')
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from striate.data.left_out import LeftOut
from striate.errors import InputError

from .columns import TEXTS, Columns, named_column
from .decoding import text_of
from .folders import documents
from .forms import Form, form_of, read_labelled
from .grouping import is_candidate
from .lines import read_plain
from .opening import read
from .places import files_in
from .rows import NO_LABEL
from .tables import ALIKE, first_rows

MOST_LINES = 10_000  # sentences of a file that a network is asked about
HALF = 0.5  # more than this share of what may be classes must be known ones


@dataclass(frozen=True)
class Unlabelled:
    """The sentences of a file, a sentence on each thing that was decided, and the lines that are none."""

    sentences: tuple[str, ...]
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def sentences_in(path: Path, bad: str = "skip", known: Collection[str] = ()) -> Unlabelled:
    """The sentences of a text file, those of its first lines; classes beside them are not read.

    Args:
        path: a text file with a sentence on each line, or one that can be trained on.
        bad: whether lines that are no sentence are left out and noted, or refused.
        known: the classes that the network has learned.

    Raises:
        InputError: It can't be read, or with "refuse", a line can't.
    """
    text = text_of(path)
    form = form_to_ask(text.lines, known)
    try:
        found = read_plain(text.lines, NO_LABEL) if form.kind == "plain" else read_labelled(text.lines, form)
    except InputError as error:
        raise InputError(f"{path}, {error}") from error
    if found.faults and bad == "refuse":
        first = found.faults[0]
        raise InputError(f"{path}, line {first.line:,}: {first.rule}; {first.remedy}")
    notes = [f"{path}: {note}" for note in (*text.notes, *found.notes)]
    if form.has_labels:
        notes.append(f"{path}: each line begins with its class, and the rest is read as the sentence")
    left_out = (LeftOut(f"{path}:{fault.line}", "lines", fault.rule) for fault in found.faults)
    return _first(path, [row.sentence for row in found.rows], notes, left_out)


def sentences_under(folder: Path, bad: str = "skip", known: Sequence[str] = ()) -> Iterator[Unlabelled]:
    """The sentences of a folder: the documents of its classes if it has sub-folders of such, else its text files.

    Args:
        folder: one that can be trained on, or with files that `sentences_in` reads.
        bad: whether files and lines that are no sentence are left out and noted, or refused.
        known: the classes that the network has learned.

    Raises:
        InputError: The folder can't be listed, or with "refuse", a file can't be read.
    """
    if documents(folder) and (found := read(folder, bad=bad, known=known)):
        sentences = [sentence for part in found.parts.values() for sentence in part.sentences]
        yield _first(folder, sentences, found.notes, found.left_out)
        return
    for name in sorted(filter(is_candidate, files_in(folder))):
        yield _if_text(folder / name, bad, known)


def _if_text(path: Path, bad: str, known: Sequence[str]) -> Unlabelled:
    try:
        return sentences_in(path, bad, known)
    except InputError as error:
        if bad == "refuse":
            raise
        return Unlabelled((), left_out=(LeftOut(str(path), "unreadable file", str(error.__cause__ or error)),))


def _first(place: Path, sentences: Sequence[str], notes: Iterable[str], left_out: Iterable[LeftOut]) -> Unlabelled:
    more = f"{place}: only the first {MOST_LINES:,} of its {len(sentences):,} sentences are answered"
    said = (*notes, more) if len(sentences) > MOST_LINES else tuple(notes)
    return Unlabelled(tuple(sentences[:MOST_LINES]), said, tuple(left_out))


def form_to_ask(lines: Sequence[str], known: Collection[str]) -> Form:
    """The form of a file that a network is asked about, with no column of classes in a table.

    Lines of any text may look as if they began with a class, or as if their commas made a table. They are taken so
    only where what would be the classes are known ones, the first line names the columns, or tabs part them.

    >>> form_to_ask(("the film is fine", "the plot is dull", "a bore", "a joy"), ("bad", "good")).kind
    'plain'
    """
    parted = [line.partition("\t") for line in lines if line.strip()]
    if parted and all(tab and label.strip() in known for label, tab, _ in parted):
        return Form("table", "\t", Columns(None, 1, header=False, known=False))
    form = form_of(lines)
    if form.columns:
        rows = first_rows(lines, form.delimiter)
        if form.delimiter == "\t" or _has_names(rows) or _are_known(_cells(rows, form.columns), known):
            return replace(form, columns=replace(form.columns, label=None))
        return Form("plain")
    if form.kind == "spaced" and not _are_known([line.split()[0] for line in lines if line.strip()], known):
        return Form("plain")
    return form


def _cells(rows: Sequence[Sequence[str]], columns: Columns) -> list[str]:
    """What stands in the column of classes."""
    at = columns.label
    return [] if at is None else [row[at].strip() for row in rows[columns.header :] if len(row) > at]


def _are_known(labels: Sequence[str], known: Collection[str]) -> bool:
    return sum(label in known for label in labels) > HALF * len(labels)


def _has_names(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names a column of sentences, has no name of two words, and is as long as most others."""
    head = rows[0]
    alike = sum(len(row) == len(head) for row in rows) >= ALIKE * len(rows)
    return alike and named_column(head, TEXTS) is not None and not any(" " in cell.strip() for cell in head)
