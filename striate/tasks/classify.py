"""Classification: what one image shows. Also of signals and volumes, from archives.

>>> task, opened = Classify.open("digits", Wish())
>>> task.classes[:3], len(opened.train), len(opened.test)
(('0', '1', '2'), 1438, 359)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from striate import data
from striate.data.examples import Examples, Opened, Schema, Table
from striate.data.kinds import Image, Label
from striate.data.lazy import Lazy
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.tasks.judging import TOP
from striate.tasks.labelled import LABEL, Labelled, labels_of
from striate.tasks.pictures import IMAGE
from striate.tasks.task import Answer, Asked, Wish
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net

AS_THEY_ARE = "arrays are taken as they are; only drawings in image files are centred by their ink first"


@dataclass(frozen=True)
class Prediction(Answer):
    """What a run says about one image.

    Attributes:
        path: The file.
        label: The most probable class.
        probability: Its softmax probability, 0 to 1.
        top: The three most probable classes with their probabilities.
    """

    label: str = ""
    probability: float = 0.0
    top: tuple[tuple[str, float], ...] = ()

    @staticmethod
    def of(path: str, top: tuple[tuple[str, float], ...]) -> Prediction:
        """From the most probable classes."""
        (label, probability), *others = top
        rest = ", ".join(f"{name} {share:.1%}" for name, share in others)
        pairs = [{"class": name, "probability": share} for name, share in top]
        values = {"class": label, "probability": probability, "top": pairs}
        said = f"{label} {probability:.1%}   ({rest})"
        return Prediction(path, said, values, label=label, probability=probability, top=top)


@dataclass(frozen=True)
class Classify(Labelled):
    """One class an image."""

    word: ClassVar[str] = "classify"
    reads: ClassVar[str] = (
        "a named set (digits, mnist, fashion-mnist, cifar10), a folder with one sub-folder of images per class, "
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
        classes = like.classes if like else loaded.classes
        if unknown := [label for label in loaded.classes if label not in classes]:
            learned = ", ".join(classes[:10])
            raise InputError(
                f"{loaded.name} has a class '{unknown[0]}' that the run has not learned; it knows {learned}"
            )
        positions = torch.tensor([classes.index(label) for label in loaded.classes])
        parts = {name: _table(split, positions) for name, split in loaded.parts.items()}
        labels = [] if loaded.validation else labels_of(parts["train"]).tolist()
        return cls(classes), Opened(
            loaded.name,
            loaded.source,
            Schema({IMAGE: Image()}, {LABEL: Label(len(classes))}),
            **parts,
            notes=loaded.notes,
            left_out=loaded.left_out,
            strata=labels,
            sha256="" if like else loaded.sha256(),
            levels=loaded.levels,
        )

    def as_trained(self, examples: Examples, recipe: Recipe | None) -> tuple[Examples, list[str]]:
        """Examples from elsewhere in the form of those a run learned from: drawings are placed as its own are."""
        if recipe is None or not recipe.ink or not isinstance(examples, Table):
            return examples, []
        if not examples.names:
            return examples, [AS_THEY_ARE]
        if isinstance(images := examples.columns[IMAGE], Lazy):
            placed: torch.Tensor | Lazy = replace(images, work=partial(_placed, recipe=recipe), shape=recipe.source)
        else:
            placed = torch.stack([data.read_image(path, recipe) for path in examples.names])
        return replace(examples, columns={**examples.columns, IMAGE: placed}), []

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Prediction]:
        """The most probable classes of each image."""
        rows = outputs[OUTPUT].flatten(1).softmax(1)
        best = rows.topk(min(TOP, rows.shape[1]))
        return [
            Prediction.of(name, tuple((self.classes[k], p) for k, p in zip(labels, values, strict=True)))
            for name, labels, values in zip(asked.names, best.indices.tolist(), best.values.tolist(), strict=True)
        ]


def _placed(path: Path, recipe: Recipe) -> NDArray[np.uint8]:
    made: NDArray[np.uint8] = data.read_image(path, recipe).numpy()
    return made


def _table(split: data.Split, positions: torch.Tensor) -> Table:
    return Table({IMAGE: split.images, LABEL: positions[split.labels]}, split.paths)
