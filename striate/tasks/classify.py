"""Classification: what one image shows. Also of signals and volumes, from archives.

>>> task, opened = Classify.open("digits", Wish())
>>> task.classes[:3], len(opened.train), len(opened.test)
(('0', '1', '2'), 1438, 359)
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from striate import data
from striate.data.examples import Examples, Opened, Schema, Table
from striate.data.files import unreadable
from striate.data.given import as_files
from striate.data.kinds import Image, Label
from striate.data.lazy import Lazy
from striate.data.left_out import LeftOut, said
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.tasks.judging import TOP
from striate.tasks.labelled import LABEL, Labelled, labels_of
from striate.tasks.pictures import IMAGE
from striate.tasks.task import Answer, Asked, Wish
from striate.training.fields import OUTPUT, Fields

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

    said: str = field(default="", compare=False)
    label: str = ""
    probability: float = 0.0
    top: tuple[tuple[str, float], ...] = ()

    @staticmethod
    def of(path: str, top: tuple[tuple[str, float], ...]) -> Prediction:
        """From the most probable classes."""
        first, *others = [f"{label} {probability:.1%}" for label, probability in top]
        return Prediction(path, f"{first}   ({', '.join(others)})", label=top[0][0], probability=top[0][1], top=top)

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate predict --json`."""
        top = [{"class": label, "probability": probability} for label, probability in self.top]
        return {"path": self.path, "class": self.label, "probability": self.probability, "top": top}


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

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Asked:
        """Image files or folders that hold some; PIL images; arrays or tensors; or lists of any of these."""
        assert recipe is not None
        images = [one for some in given for one in (some if isinstance(some, list | tuple) else [some])]
        if not images:
            raise InputError("predict takes images: paths, PIL images or arrays. Received: none")
        found = Asked((), ())
        for are_paths, group in itertools.groupby(images, lambda one: isinstance(one, str | os.PathLike)):
            with ExitStack() as stack:
                some = list(group)
                paths = some if are_paths else stack.enter_context(as_files(some))
                more = _read(paths, recipe, bad)
            names = more.names if are_paths else [Path(name).stem for name in more.names]
            found = Asked(
                (*found.names, *names),
                (*found.inputs, *more.inputs),
                (*found.notes, *more.notes),
                (*found.left_out, *more.left_out),
            )
        return found

    def answers(self, outputs: Fields, asked: Asked) -> list[Prediction]:
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


def _read(paths: Sequence[str | Path], recipe: Recipe, bad: str) -> Asked:
    """The images of files, and of folders that hold some."""
    found = data.found_under(paths)
    left_out: list[LeftOut] = list(found.left_out)
    names: list[str] = []
    inputs: list[Fields] = []
    notes: list[str] = []
    first = ""
    for path in found.images:
        try:
            image, told = data.read_and_tell(path, recipe)
        except InputError as error:
            if bad == "refuse" or len(found.images) == 1:
                raise
            first = first or str(error)
            left_out.append(unreadable(path, getattr(error, "reason", str(error))))
            continue
        names.append(str(path))
        inputs.append({IMAGE: image[None]})
        notes += told
    if not names:
        raise InputError(f"none of {len(found.images)} files is an image that can be read; the first: {first}")
    return Asked(names, inputs, (*notes, *([said(left_out)] if left_out else [])), tuple(left_out))
