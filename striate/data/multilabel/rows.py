"""From the rows of tables to images with their labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from striate.data.left_out import LeftOut
from striate.data.parts import PARTS, Part, part_of
from striate.data.sentences.decoding import NotTextError, read_text
from striate.data.sentences.tables import Cells, table_rows
from striate.errors import InputError

from .columns import NO, YES, Form, are_whole, listed, separator
from .places import Finder, Place, form, ordered

NO_FILE = "rows without a file"


@dataclass(frozen=True)
class Row:
    """An image, its labels, the part that it is in, and where that is written: `train.csv:3`."""

    path: Path
    labels: tuple[str, ...]
    part: Part
    where: str


@dataclass
class Tables:
    """Reads the tables of a data set one after the other; what is to be said of them gathers here.

    Attributes:
        place: Where they are.
        refuses: Whether a row that can't be used is an error.
        known: Labels that a network has learned; a cell that is one of them as a whole is not a list.
        whole: Whether no cell is a list.
        names: The labels that columns are named for, where there is one for each.
    """

    place: Place
    refuses: bool
    known: tuple[str, ...] = ()
    whole: bool = False
    names: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def rows(self) -> list[Row]:
        """The images of all tables; where labels are lists, the rows of an image are joined.

        Raises:
            InputError: A table is damaged, names an image or a column twice, or has another label than 0 and 1.
        """
        like, mark, found = form(self.place.tables["train"]), None, list[Row]()
        self.names = like.names
        self.notes += [f"not used: {', '.join(like.unused)}"] if like.unused else []
        for part, path in ordered(self.place.tables):
            every = self._cells(path, like.delimiter)
            here = like.of(every[0].cells) if every else None
            if here is None:
                self.left_out.append(LeftOut(path.name, "table without labels", "it lacks columns of the first"))
                continue
            here.check_names(path)
            body = every[bool(here.head) :]
            mark = self._mark(body, here) if mark is None and here.lists else mark
            found += self._images(path, part, body, here, mark or "")
        once = _once(found, like.lists)
        if many := len(found) - len(once):
            self.notes.append(f"images have several rows: {many:,} more rows are joined to the first")
        return sorted(once, key=lambda row: PARTS.index(row.part))

    def _cells(self, path: Path, delimiter: str) -> list[Cells]:
        try:
            text = read_text(path)
            rows = [row for row in table_rows(text.lines, delimiter) if any(cell.strip() for cell in row.cells)]
        except (NotTextError, OSError, InputError) as error:
            raise InputError(f"cannot read '{path}': {getattr(error, 'strerror', None) or error}") from error
        self.notes += [f"{path.name}: {note}" for note in text.notes]
        return rows

    def _mark(self, body: Sequence[Cells], here: Form) -> str | None:
        """What parts the labels of a cell; None where each cell is a label that is known."""
        cells = [row.cells[here.labels[0]].strip() for row in body if len(row.cells) > here.labels[0]]
        whole = self.whole or (self.known and {*cells} <= {*self.known, ""})
        if whole or (mark := separator(cells)):
            return "\0" if whole else mark
        return "\0" if here.head and are_whole(here.head[here.labels[0]], cells) else ""

    def _images(self, path: Path, part: Part, body: Sequence[Cells], here: Form, mark: str) -> Iterator[Row]:
        finder, least = Finder.of(path), max(here.image, *here.labels, here.part or 0)
        for row in body:
            where = f"{path.name}:{row.line}"
            if len(row.cells) <= least:
                self._fault(where, "rows that are too short", f"it ends before column {least + 1}")
                continue
            name = row.cells[here.image].strip()
            image = finder.path(name)
            if image is None:
                self._fault(where, NO_FILE, f"there is no file '{name}'")
                continue
            stated = part if here.part is None else self._part(row.cells[here.part], where)
            if stated:
                yield Row(image, _labels(row, here, mark, where), stated, where)

    def _part(self, cell: str, where: str) -> Part | None:
        found = part_of(cell.strip())
        if found is None:
            self._fault(where, "rows of no known part", f"'{cell.strip()}' is neither training, validation nor test")
        return found[0] if found else None

    def _fault(self, where: str, kind: str, reason: str) -> None:
        if self.refuses:
            raise InputError(f"{self.place.folder}, {where}: {reason}; correct the row, or remove it")
        self.left_out.append(LeftOut(where, kind, reason))


def _labels(row: Cells, here: Form, mark: str, where: str) -> tuple[str, ...]:
    """The labels of a row."""
    if here.lists:
        return listed(row.cells[here.labels[0]], mark)
    found = []
    for column, name in zip(here.labels, here.names, strict=True):
        cell = row.cells[column].strip()
        if cell.lower() not in YES + NO:
            raise InputError(f"{where}: '{cell}' in the column '{name}'; write 1 where the label is there, and else 0")
        found += [name] if cell.lower() in YES else []
    return tuple(found)


def _once(rows: Sequence[Row], lists: bool) -> list[Row]:
    """The rows, of which no two name the same file: those of one part are joined where their labels are lists.

    Raises:
        InputError: Two parts, or two rows of 0 and 1, have the same image.
    """
    seen: dict[Path, Row] = {}
    for row in rows:
        file = row.path.resolve()
        first = seen.get(file)
        if first and (not lists or first.part != row.part):
            rule = "give it one row, with all its labels" if first.part == row.part else "leave it in one part"
            raise InputError(f"{first.where} and {row.where} name the same image; {rule}")
        seen[file] = replace(first, labels=tuple(dict.fromkeys(first.labels + row.labels))) if first else row
    return [*seen.values()]
