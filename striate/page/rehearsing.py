"""Examples that a run has learned from, small enough for a page: what is learned there shall not displace them.

Each number that the network reads is one of 256 levels; pixels of 8 bits are exact so.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray

from striate.data.examples import Examples, Table
from striate.errors import InputError
from striate.runs.feeding import feed_of
from striate.runs.run import Run
from striate.tasks.task import Wish

MOST, BYTES = 300, 307_200  # examples, and bytes of all before they are compressed


@dataclass(frozen=True)
class Rehearsed:
    """Examples as a network reads them.

    Attributes:
        content: The levels of one after another, compressed.
        labels: Theirs.
        low: What level 0 stands for.
        high: What level 255 stands for.
    """

    content: bytes
    labels: list[int]
    low: float
    high: float


def rehearsed(run: Run) -> Rehearsed:
    """As many of each class, from the run's training examples.

    Args:
        run: Of a task whose targets are classes.

    Raises:
        InputError: The data are not at hand, or are no images.
    """
    source, recipe, options = run.config["data"]["source"], run.recipe, run.config["options"]
    if not source or recipe is None:
        raise InputError("they were no files of images")
    found = type(run.task).open(source, Wish(recipe.source, levels=recipe.levels), run.task)
    if found is None:
        raise InputError(f"'{source}' holds none")
    _, opened = found
    train, _ = opened.split(options["validation"], options["seed"])
    (name,) = opened.schema.targets
    chosen = _of_each(np.asarray(_column(train, name)), min(MOST, BYTES // prod(recipe.shape)))
    batch = next(feed_of(train.part(chosen), opened.schema, recipe).in_order(len(chosen)))
    (inputs,), (labels,) = batch.inputs.values(), batch.targets.values()
    low, high = float(inputs.min()), float(inputs.max())
    levels = ((inputs - low) * (255 / ((high - low) or 1.0))).round().to(torch.uint8)
    return Rehearsed(zlib.compress(levels.numpy().tobytes(), 9), labels.tolist(), low, high)


def _of_each(labels: NDArray[np.int64], most: int) -> list[int]:
    """The first examples of each class, as many of one as of another."""
    classes = np.unique(labels)
    each = max(1, most // len(classes))
    return [int(row) for label in classes for row in np.flatnonzero(labels == label)[:each]]


def _column(examples: Examples, name: str) -> torch.Tensor:
    """A field of all examples."""
    assert isinstance(examples, Table)
    values = examples.columns[name]
    assert isinstance(values, torch.Tensor)
    return values
