"""Images that tables list with their labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from striate.data.dataset import Split
from striate.data.files import unreadable
from striate.data.lazy import Lazy
from striate.data.left_out import said
from striate.data.levels import Levels
from striate.data.many import Many
from striate.data.opening import ImageError
from striate.data.parts import PARTS, Part
from striate.data.pictures import pictures
from striate.data.sentences.gathering import in_order
from striate.data.workers import Workers
from striate.errors import InputError, nearest

from .found import LabelRows, counts_said
from .rows import NO_FILE, Row, Tables


def load(
    reader: Tables,
    rows: list[Row],
    name: str,
    source: str,
    *,
    shape: Sequence[int | None] | None,
    bad: str,
    progress: bool,
    levels: Levels | None,
) -> LabelRows:
    """Reads the images of the rows of tables; see `striate.data.multilabel.load`."""
    place = reader.place
    if all(row.part != "train" for row in rows):
        first = next((f": {one}" for one in reader.left_out if one.kind == NO_FILE), "")
        raise InputError(f"'{place.tables['train']}' names no image that is there{first}")
    paths = [Path(os.path.abspath(row.path)) for row in rows]  # without "..", so that one folder is above them all
    root = Path(os.path.commonpath([place.folder.absolute(), *(path.parent for path in paths)]))
    with Workers(len(paths)) as workers:
        many = Many(name, root, paths, workers, progress)
        read = pictures(many, shape, levels)
    for row, reason in zip(rows, read.reasons, strict=True):
        if reason is not None and bad == "refuse":
            raise ImageError(row.path, reason)
        reader.left_out += [] if reason is None else [unreadable(row.path, reason)]
    rows = [row for row, reason in zip(rows, read.reasons, strict=True) if reason is None]
    if all(row.part != "train" for row in rows):
        raise InputError(f"'{place.tables['train']}' names no image that can be read; {said(reader.left_out)}")
    labels = reader.names or _learned(rows)
    parts = _parts(rows, read.images, labels)
    form = "x".join(map(str, parts["train"].form)) + read.form
    lines = [f"{len(rows):,} images with any of {len(labels)} labels, {form}", counts_said(parts, labels)]
    lines += [
        f"the {part} set is {path.name}" for part, path in place.tables.items() if part in parts and part != "train"
    ]
    lines += [*reader.notes, *read.notes, *many.notes, *([said(reader.left_out)] if reader.left_out else [])]
    notes = tuple(f"{name}: {line}" for line in lines)
    return LabelRows(name, source, parts, labels, notes, tuple(reader.left_out), read.levels)


def _learned(rows: Sequence[Row]) -> tuple[str, ...]:
    """The labels of the training images.

    Raises:
        InputError: They have none, or another image has a label that they lack.
    """
    labels = in_order(label for row in rows for label in row.labels if row.part == "train")
    if not labels:
        raise InputError("no training image has a label; a cell lists those of its image")
    for row in rows:
        if unknown := [label for label in row.labels if label not in labels]:
            hint = nearest(unknown[0], labels)
            raise InputError(f"{row.where}: no training image has the label '{unknown[0]}'{hint}")
    return labels


def _parts(rows: Sequence[Row], images: NDArray[np.uint8] | Lazy, labels: Sequence[str]) -> dict[Part, Split]:
    """The images of each part, which follow each other."""
    positions = {label: position for position, label in enumerate(labels)}
    targets = torch.zeros(len(rows), len(labels), dtype=torch.uint8)
    for place, row in enumerate(rows):
        targets[place, [positions[label] for label in row.labels]] = 1
    found: dict[Part, Split] = {}
    for part in PARTS:
        if places := [place for place, row in enumerate(rows) if row.part == part]:
            span = slice(places[0], places[-1] + 1)
            here = images.part(places) if isinstance(images, Lazy) else torch.from_numpy(images[span])
            found[part] = Split(here, targets[span], tuple(str(row.path) for row in rows[span]))
    return found
