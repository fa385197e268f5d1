"""Which columns of a table hold images and their labels: one column of lists, or a column of 0 and 1 for each label.

>>> def is_image(cell):
...     return cell.endswith(".png")
>>> form_of(("path,cat,dog", "1.png,1,0", "2.png,1,1"), is_image)
Form(delimiter=',', image=0, labels=(1, 2), head=('path', 'cat', 'dog'), part=None)
>>> form_of(("image_name,tags", "1.png,cat dog", "2.png,"), is_image).lists
True
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from striate.data.formats import suffix, suffixes
from striate.data.parts import part_of
from striate.data.sentences.columns import LABELS, named_column
from striate.data.sentences.tables import DELIMITERS, first_rows
from striate.errors import InputError

from .found import NotMultilabelError

TAGS = ("tags", "tag", *LABELS, "species", "breed")  # what a column of labels is called, likelier names first
SINGULAR = ("label", "class", "category", "species", "breed", "target", "y", "class_name", "label_name")
SPLITS = ("split", "part", "partition", "subset", "set", "usage", "phase")  # what a column of parts is called
YES = ("1", "1.0", "true")
NO = ("0", "0.0", "false")
MOST = 0.5  # share of a column's cells that must be alike for it to be a column of that kind
BETWEEN = ("|", ";", ",")  # what parts the labels of a cell; where there is none of them, blanks do
FRACTION = re.compile(r"[-+]?\d*\.\d+(e[-+]?\d+)?", re.IGNORECASE)
BRACKETS = re.compile(r"[\[{](.*)[\]}]|set\(\)", re.DOTALL)  # how Python and databases write a list or a set
QUOTED = re.compile(r"""(?<![^\s,;|])(?:'([^']*)'|"([^"]*)")(?![^\s,;|])""")  # a label within them
NAMELESS = re.compile(r"(Unnamed: \d+)?")  # what pandas calls the column of its index, written once or twice

IsImage = Callable[[str], bool]


@dataclass(frozen=True)
class Form:
    """How a table writes images and labels.

    Attributes:
        delimiter: What parts its columns.
        image: The column of image files.
        labels: The column of lists, or those of 0 and 1.
        head: The names of all columns, () without a header.
        part: The column that says which part an image is in; None where there is none.
    """

    delimiter: str
    image: int
    labels: tuple[int, ...]
    head: tuple[str, ...]
    part: int | None = None

    @property
    def lists(self) -> bool:
        """Whether the labels of an image are listed in one cell."""
        return len(self.labels) == 1

    @property
    def names(self) -> tuple[str, ...]:
        """The labels that columns of 0 and 1 are named for."""
        return () if self.lists else tuple(self.head[column] for column in self.labels)

    @property
    def unused(self) -> tuple[str, ...]:
        """The names of columns of something else."""
        used = (self.image, *self.labels, self.part)
        return tuple(name for column, name in enumerate(self.head) if name and column not in used)

    def check_names(self, table: Path) -> None:
        """Makes sure that each column that is read has a name of its own.

        Raises:
            InputError: Two columns of the table have one name, or a label has none.
        """
        for column in (self.image, *self.labels) if self.head else ():
            name = self.head[column]
            same = [str(place + 1) for place, other in enumerate(self.head) if other == name]
            if not name and column in self.labels and not self.lists:
                raise InputError(f"'{table}': column {column + 1} holds 0 and 1 and has no name; name its label")
            if len(same) > 1:
                raise InputError(
                    f"'{table}': the columns {' and '.join(same)} are called '{name}'; rename or remove one"
                )

    def of(self, head: Sequence[str]) -> Form | None:
        """The form of another table of the same columns, whose first row is `head`; None where it lacks labels."""
        if not self.head:
            return self if len(head) > max(self.image, *self.labels) else None
        names = tuple(cell.strip() for cell in head)
        wanted = [self.head[column] for column in (self.image, *self.labels)]
        if any(name not in names for name in wanted):
            return None
        image, *labels = (names.index(name) for name in wanted)
        part = _part_column(names)
        return replace(self, image=image, labels=tuple(labels), head=names, part=part)


def form_of(lines: Sequence[str], is_image: IsImage) -> Form:
    """The form of a table's first lines.

    Raises:
        NotMultilabelError: It names no images, or no labels.
    """
    why = "no column of image files; the cells of one name them, as seen from the table or an images/ folder beside it"
    for delimiter in DELIMITERS:
        rows = first_rows(lines, delimiter)
        if not rows or len(rows[0]) < 2:
            continue
        image = _image_column(rows, is_image)
        if image is None:
            continue
        header = not is_image(rows[0][image].strip())
        head = tuple(cell.strip() for cell in rows[0]) if header else ()
        body = [row for row in rows[header:] if len(row) == len(rows[0])]
        part = _part_column(head, body)
        if labels := _label_columns(body, head, {image, part}):
            return Form(delimiter, image, labels, head, part)
        why = "no column of labels; name it labels, or give each label a column of 0 and 1 under its name"
    raise NotMultilabelError(why)


def _image_column(rows: Sequence[Sequence[str]], is_image: IsImage) -> int | None:
    """The column whose cells name images; of several the one with the most that do, then with the most suffixes.

    Numbers may be stems of files, so columns of 0 and 1 are taken last, and before them an index without a name.
    """
    body = [row for row in rows[1:] or rows if len(row) == len(rows[0])]
    columns = [[row[column].strip() for row in body] for column in range(len(rows[0]))]
    shares = [_share(cells, is_image) for cells in columns]

    def rank(column: int) -> tuple[bool, bool, float, float, int]:
        cells = columns[column]
        index, switches = _is_index(rows[0][column], cells), all(map(_is_switch, cells))
        return not switches, not index, shares[column], _share(cells, _has_suffix), len(set(cells))

    return max((column for column, share in enumerate(shares) if share > MOST), key=rank, default=None)


def _part_column(head: Sequence[str], body: Sequence[Sequence[str]] = ()) -> int | None:
    """The column that says which part an image is in; None where none is called so, or its cells name no parts."""
    column = named_column(["" if name.lower() in TAGS else name for name in head], SPLITS)
    if column is None or (body and _share([row[column].strip() for row in body], _is_part) <= MOST):
        return None
    return column


def _is_part(cell: str) -> bool:
    return part_of(cell) is not None


def _label_columns(
    body: Sequence[Sequence[str]], head: Sequence[str], others: Collection[int | None]
) -> tuple[int, ...]:
    """The columns of labels, which are none of the `others`; () for none."""
    width = len(body[0]) if body else 0
    cells = {column: [row[column].strip() for row in body] for column in range(width) if column not in others}
    indices = {column for column, some in cells.items() if head and _is_index(head[column], some)}
    switches = [column for column, some in cells.items() if column not in indices and _share(some, _is_switch) > MOST]
    known = ["" if column in others or _is_place(name, head) else name for column, name in enumerate(head)]
    named = named_column(known, TAGS)
    if named is not None and named not in switches:
        return (named,) if _are_labels(cells[named]) else ()
    if len(switches) > 1:
        return tuple(switches) if head else ()
    if named is not None:
        return (named,)
    return tuple(column for column, some in cells.items() if len(cells) == 1 and _repeat(some))


def _is_place(name: str, head: Sequence[str]) -> bool:
    """Whether a column is the y of a point whose x is another: `knee_y` beside `knee_x`."""
    low = name.lower()
    return len(low) > 1 and low.endswith("y") and f"{low[:-1]}x" in {other.lower() for other in head}


def _is_index(name: str, cells: Sequence[str]) -> bool:
    """Whether a column without a name counts the rows, as pandas writes it, rather than being 0 and 1."""
    counts = NAMELESS.fullmatch(name.strip()) is not None and all(cell.isdigit() for cell in cells)
    return counts and (len(set(cells)) == len(cells) or not all(map(_is_switch, cells)))


def _has_suffix(cell: str) -> bool:
    return suffix(cell) in suffixes()


def _are_labels(cells: Sequence[str]) -> bool:
    """Numbers with a fraction are something to measure."""
    return not any(FRACTION.fullmatch(cell) for cell in cells)


def _repeat(cells: Sequence[str]) -> bool:
    """Whether the words of a column without a telling name come again and again, as labels do, and are no numbers."""
    words = [word for cell in cells for word in listed(cell, separator(cells))]
    numbers = all(cell.lstrip("+-").isdigit() for cell in cells if cell)
    return bool(words) and not numbers and _are_labels(cells) and 2 * len(set(words)) <= max(len(words), 4)


def separator(cells: Sequence[str]) -> str:
    """What parts the labels in the cells of a column; "" where blanks do.

    >>> separator(["cat", "cat;dog"]), separator(["cat dog"]), separator(["polar bear|cat"])
    (';', '', '|')
    """
    bare = [_unquoted(cell)[0] for cell in cells]
    return next((mark for mark in BETWEEN if any(mark in cell for cell in bare)), "")


def are_whole(name: str, cells: Sequence[str]) -> bool:
    """Whether the cells of a column, in which blanks alone could part labels, are names of several words.

    So it is where the column is called by a singular and no cell is made of what other cells are.

    >>> are_whole("label", ["polar bear", "brown bear", "cat"]), are_whole("label", ["cat dog", "cat", "dog"])
    (True, False)
    >>> are_whole("labels", ["polar bear", "brown bear"])
    False
    """
    distinct = set(cells)
    several = [words for cell in distinct if len(words := cell.split()) > 1]
    lists = any(distinct.issuperset(words) or all(map(str.isdigit, words)) for words in several)
    return name.lower().strip() in SINGULAR and not lists


def listed(cell: str, mark: str) -> tuple[str, ...]:
    """The labels of a cell, each once.

    >>> listed(" polar bear | cat|", "|"), listed("cat  dog cat", "")
    (('polar bear', 'cat'), ('cat', 'dog'))
    >>> listed("['polar bear', 'cat']", ","), listed("{cat,dog}", ",")
    (('polar bear', 'cat'), ('cat', 'dog'))
    """
    bare, quoted = _unquoted(cell)
    words = (word.strip() for word in (*quoted, *(bare.split(mark) if mark else bare.split())))
    return tuple(dict.fromkeys(word for word in words if word))


def _unquoted(cell: str) -> tuple[str, list[str]]:
    """What of a cell is to be parted at the marks, without brackets, and the labels that have quotes within them."""
    brackets = BRACKETS.fullmatch(cell.strip())
    if not brackets:
        return cell, []
    inner = brackets[1] or ""
    return QUOTED.sub("", inner), [single or double for single, double in QUOTED.findall(inner)]


def _is_switch(cell: str) -> bool:
    return cell.lower() in YES + NO


def _share(cells: Sequence[str], of: IsImage) -> float:
    return sum(map(of, cells)) / len(cells) if cells else 0.0
