"""Images that a table lists with one class each: `path,label`, in CSV, TSV or Parquet.

A column called `split`, or a table for each part, gives the parts. A label is a class by its name or number; of columns
of 0 and 1, one for each class, the one that has the 1 is it.

>>> _one("train.csv:3", ("cat",))
'cat'
"""

import os
from pathlib import Path

from striate.errors import InputError

from .dataset import Dataset
from .entries import Entry, Listing, Wanted, dataset_of
from .left_out import LeftOut
from .multilabel.places import Place
from .multilabel.rows import NO_FILE, Tables
from .parts import PARTS
from .sentences.gathering import in_order


def load(path: Path, place: Place, source: str, wanted: Wanted) -> Dataset:
    """Reads the images that the tables of `place` list; see `striate.data.load`."""
    reader = Tables(place, wanted.bad == "refuse", whole=True)
    rows = reader.rows()
    bare = [LeftOut(row.where, "rows without a class", "it names no class") for row in rows if not row.labels]
    if bare and wanted.bad == "refuse":
        raise InputError(f"{place.folder}, {bare[0].path}: {bare[0].reason}; write one, or remove the row")
    entries = [
        Entry(Path(os.path.abspath(row.path)), _one(row.where, row.labels), row.part) for row in rows if row.labels
    ]
    table = place.tables["train"]
    if all(entry.part != "train" for entry in entries):
        first = next((f": {one}" for one in reader.left_out if one.kind == NO_FILE), "")
        raise InputError(f"'{table}' names no image to train on that is there{first}")
    folders = [place.folder.absolute(), *(entry.path.parent for entry in entries)]
    root = Path(os.path.commonpath(folders))
    classes = in_order(entry.label for entry in entries if entry.part == "train")
    beside = [f"the {part} set is {one.name}" for part, one in place.tables.items() if part != "train"]
    where = [(part, str(place.tables.get(part, table))) for part in PARTS]
    name = path.resolve().name if path.is_dir() else path.stem
    left_out = [LeftOut(str(root / one.path), one.kind, one.reason) for one in (*reader.left_out, *bare)]
    notes = [f"{table.name} lists them", *beside, *reader.notes]
    return dataset_of(Listing(name, source, root, entries, classes, left_out, notes, where=where), wanted)


def _one(where: str, labels: tuple[str, ...]) -> str:
    """The one class of an image.

    Raises:
        InputError: It has several.
    """
    if len(labels) > 1:
        several = f"{where}: an image with {len(labels)} classes, {', '.join(labels[:5])}"
        raise InputError(f"{several}; keep one of them, or say `task='multilabel'`")
    return labels[0]
