"""From a path to images with rows of labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from striate.data.layout import layout
from striate.data.levels import Levels
from striate.data.loading import check_bad, places_of
from striate.data.parts import part_of
from striate.errors import InputError, several_tasks

from . import archive, tables
from .found import LabelRows
from .places import Finder, Place, located
from .rows import Row, Tables


def load(
    source: str | Path,
    *,
    named: bool = False,
    shape: Sequence[int | None] | None = None,
    bad: str = "skip",
    known: Sequence[str] = (),
    progress: bool = False,
    levels: Levels | None = None,
) -> LabelRows | None:
    """Reads images with any number of labels each; None where there are none at `source`.

    Args:
        source: From here or from $STRIATE_DATA: a table of image files with a column of lists (`cat dog`, `cat;dog`) or
            a column of 0 and 1 for each label; a folder with such a table, or one for each part; or an .npz archive
            whose labels are (N, K) of 0 and 1.
        named: Whether it is sure that there are such images: else data that another task may read are left to it.
        known: The labels that a network has learned.
        shape, bad, progress, levels: As for `striate.data.load`.

    Raises:
        InputError: There are such images, and they are not what they should be.
    """
    check_bad(bad)
    path = next((place for place in places_of(source) if os.path.exists(place)), None)
    if path is None:
        return None
    if path.suffix.lower() == ".npz" and path.is_file():
        return archive.load(path, str(source), named=named, shape=shape)
    place = located(path, named)
    if place is None:
        return None
    reader = Tables(place, bad == "refuse", tuple(known))
    if not named and path.is_dir() and _has_class_folders(path, place):
        if _may_be_classes(reader):
            return None
        raise InputError(several_tasks(source, ("classify", "multilabel")))
    rows = reader.rows()
    if not named and _one_each(rows):
        return None  # classify reads them
    name = path.resolve().name if path.is_dir() else path.stem
    return tables.load(reader, rows, name, str(source), shape=shape, bad=bad, progress=progress, levels=levels)


def listed_at(path: Path) -> Place | None:
    """The tables that list images with labels at a path; None where there are none, or folders are the classes."""
    place = located(path, named=False)
    return None if place is None or (path.is_dir() and _has_class_folders(path, place)) else place


def _has_class_folders(root: Path, place: Place) -> bool:
    """Whether a folder has a sub-folder of images for each class, besides those in which its tables look for files."""
    try:
        folders = layout(root).folders["train"]
    except InputError:  # classify could not read it
        return False
    own = {folder for table in place.tables.values() for folder in Finder.of(table).places}
    classes = [label for label, folder in folders if folder not in own]
    return len(classes) > 1 and not all(map(part_of, classes))


def _may_be_classes(reader: Tables) -> bool:
    """Whether tables say nothing that class folders do not; one that can't be read may say more."""
    try:
        return _one_each(reader.rows())
    except InputError:
        return False


def _one_each(rows: Sequence[Row]) -> bool:
    return bool(rows) and all(len(row.labels) == 1 for row in rows)
