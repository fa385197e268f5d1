"""Joints in a table: a row for each image, and for each joint the columns `knee_x`, `knee_y` and maybe `knee_visible`.

DeepLabCut's tables, whose names are in two rows, are read too.

>>> columns(("image", "split", "knee_x", "knee_y", "knee_v", "hip_x", "hip_y")).joints
{'knee': (2, 3, 4), 'hip': (5, 6, -1)}
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from ..files import walk
from ..left_out import LeftOut
from ..multilabel.places import Finder
from ..parts import Part, part_of
from ..sentences.decoding import NotTextError, first_lines, read_text
from ..sentences.tables import DELIMITERS, Cells, first_rows, table_rows
from .found import DAMAGED, ROWLESS, UNPOSED, Arranged, Rough

ENDS = "*.[cCtT][sS][vV]"  # names alone decide: there may be a million images beside
IMAGES = ("image", "path", "file", "filename", "file_name", "img", "name", "image_path", "frame", "id")
SPLITS = ("split", "part", "partition", "subset", "set", "usage", "phase")
AXES = {"x": 0, "y": 1, "v": 2, "vis": 2, "visible": 2, "visibility": 2}
AFTER = re.compile(r"(.+?)[\s_.\-/]+(x|y|v|vis|visible|visibility)", re.IGNORECASE)
BEFORE = re.compile(r"(x|y|v|vis|visible|visibility)[\s_.\-/]+(.+)", re.IGNORECASE)
DEEPLABCUT = ("bodyparts", "coords")  # what its second and third row begin with
HIDDEN = {"0", "0.0", "false", "no"}
NOTHING = {"", "nan", "na", "none", "null", "-1"}
DEEPEST = 2


@dataclass(frozen=True)
class Columns:
    """Where a table has what.

    Attributes:
        image: The column of image files.
        joints: Of each joint, by name, the columns of x, y and whether it is visible; -1 where there is none.
        part: The column that says which part a row is in; -1 where there is none.
        rows: How many rows of names the table begins with.
    """

    image: int
    joints: dict[str, tuple[int, int, int]]
    part: int = -1
    rows: int = 1


def columns(head: Sequence[str]) -> Columns | None:
    """The columns of a table with these names; None where they are no joints of images."""
    found: dict[str, list[int]] = {}
    for column, name in enumerate(head):
        if told := _axis(name.strip()):
            found.setdefault(told[0], [-1, -1, -1])[told[1]] = column
    joints = {name: (x, y, seen) for name, (x, y, seen) in found.items() if x >= 0 and y >= 0}
    low = [name.strip().lower() for name in head]
    image = next((low.index(name) for name in IMAGES if name in low), None)
    if image is None or len(joints) < 2:
        return None
    return Columns(image, joints, next((low.index(name) for name in SPLITS if name in low), -1))


def arranged(root: Path) -> Arranged | None:
    """The joints that tables under `root` name; None where no table has any.

    Raises:
        InputError: A table is damaged, or two have other joints.
    """
    tables = {path: told for path in _tables(root) if (told := _columns(path))}
    if not tables:
        return None
    names = tuple(next(iter(tables.values()))[1].joints)
    people, left_out, notes = list[Rough](), list[LeftOut](), list[str]()
    for path, (delimiter, found) in tables.items():
        if set(found.joints) != set(names):
            raise InputError(f"'{path}' has other joints than '{next(iter(tables))}'; give each a folder of its own")
        people += _people(path, _cells(path, delimiter)[found.rows :], found, names, left_out)
    notes.append(f"joints of {', '.join(path.relative_to(root).as_posix() for path in tables)}: {', '.join(names)}")
    every, used = walk(root), {str(path) for path in tables}
    named = {one.image for one in people}
    left_out += [LeftOut(str(one), UNPOSED, "no row names it") for one in every.images if one not in named]
    left_out += [other for other in every.left_out if other.path not in used]
    return Arranged(people, names, (), tuple(left_out), tuple(notes))


def _axis(name: str) -> tuple[str, int] | None:
    """The joint that a column is of, and which of its three it is."""
    if match := AFTER.fullmatch(name):
        return match[1], AXES[match[2].lower()]
    match = BEFORE.fullmatch(name)
    return (match[2], AXES[match[1].lower()]) if match else None


def _tables(root: Path) -> list[Path]:
    """The tables of a folder and of those in it, in order."""
    return sorted(path for depth in range(DEEPEST + 1) for path in root.glob("*/" * depth + ENDS) if path.is_file())


def _columns(path: Path) -> tuple[str, Columns] | None:
    try:
        lines = first_lines(path)
    except (NotTextError, OSError):
        return None
    for delimiter in DELIMITERS:
        rows = first_rows(lines, delimiter)
        if not rows:
            continue
        several = len(rows) > 2 and tuple(row[0].strip().lower() for row in rows[1:3]) == DEEPLABCUT
        head = ["image", *(f"{a}_{b}" for a, b in list(zip(*rows[1:3], strict=False))[1:])] if several else rows[0]
        if found := columns(head):
            return delimiter, Columns(found.image, found.joints, found.part, 3 if several else 1)
    return None


def _cells(path: Path, delimiter: str) -> list[Cells]:
    try:
        text = read_text(path)
        return [row for row in table_rows(text.lines, delimiter) if any(cell.strip() for cell in row.cells)]
    except (NotTextError, OSError, InputError) as error:
        raise InputError(f"cannot read '{path}': {getattr(error, 'strerror', None) or error}") from error


def _people(
    path: Path, body: Sequence[Cells], found: Columns, names: Sequence[str], left_out: list[LeftOut]
) -> list[Rough]:
    finder, people = Finder.of(path), list[Rough]()
    of_table = part_of(path.stem) or part_of(path.parent.name)
    for row in body:
        where, cells = f"{path.name}:{row.line}", row.cells
        name = cells[found.image].strip() if len(cells) > found.image else ""
        image = finder.path(name)
        if image is None:
            left_out.append(LeftOut(where, ROWLESS, f"there is no file '{name}'"))
            continue
        try:
            places = np.array([_place(cells, found.joints[joint]) for joint in names])
        except (ValueError, IndexError):
            left_out.append(LeftOut(where, DAMAGED, "a place in it is no number, or missing"))
            continue
        stated = part_of(cells[found.part].strip()) if 0 <= found.part < len(cells) else of_table
        part: Part | None = stated[0] if stated else None
        people.append(Rough(image, where, places, part))
    return people


def _place(cells: Sequence[str], at: tuple[int, int, int]) -> NDArray[np.float64]:
    """(2,): x and y; not numbers where the joint is not visible."""
    x, y, seen = (cells[column].strip().lower() if column >= 0 else "1" for column in at)
    if seen in HIDDEN or {x, y} & NOTHING:
        return np.array([math.nan, math.nan])
    return np.array([float(x), float(y)])
