"""Classification: what one image shows. Also of signals and volumes, from archives.

>>> task, opened = Classify.open("digits", Wish())
>>> task.classes[:3], len(opened.train), len(opened.test)
(('0', '1', '2'), 1438, 359)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch

from striate import data
from striate.data.examples import Examples, Opened, Schema, Table
from striate.data.kinds import Image, Label
from striate.data.recipe import Recipe
from striate.tasks.labelled import LABEL, Labelled, labels_of
from striate.tasks.pictures import IMAGE, placed_as_trained
from striate.tasks.task import Wish


@dataclass(frozen=True)
class Classify(Labelled):
    """One class an image."""

    word: ClassVar[str] = "classify"
    reads: ClassVar[str] = (
        "a named set (digits, mnist, fashion-mnist, cifar10), a folder with one sub-folder of images (or of arrays, "
        ".npy or NIfTI) per class, a table (.csv, .parquet) of images with their classes, tar archives of images "
        "(.jpg) and classes "
        "(.cls), hf:user/name or a saved set of the package datasets, "
        "or an .npz archive of images, signals or volumes with their labels"
    )

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Labelled images in memory."""
        loaded = data.load(
            source,
            shape=wish.shape,
            bad=wish.bad,
            hold_out=wish.hold_out,
            known=like.classes if like else (),
            progress=wish.progress,
            levels=wish.levels,
        )
        task = like or cls(loaded.classes)
        positions = torch.tensor(task.positions(loaded.classes, loaded.name))
        parts = {name: _table(split, positions) for name, split in loaded.parts.items()}
        return task, Opened(
            loaded.name,
            loaded.source,
            Schema({IMAGE: Image()}, {LABEL: Label(len(task.classes))}),
            parts["train"],
            parts.get("test"),
            parts.get("validation"),
            notes=loaded.notes,
            left_out=loaded.left_out,
            strata=labels_of(parts["train"]).tolist(),
            sha256="" if like else loaded.sha256(),
            levels=loaded.levels,
        )

    def as_trained(self, examples: Examples, recipe: Recipe | None) -> tuple[Examples, list[str]]:
        """Examples from elsewhere in the form of those a run learned from: drawings are placed as its own are."""
        return placed_as_trained(examples, recipe)


def _table(split: data.Split, positions: torch.Tensor) -> Table:
    return Table({IMAGE: split.images, LABEL: positions[split.labels]}, split.paths)
