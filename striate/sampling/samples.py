"""Pictures made by a run: of classes, or on a way between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.augmentation.coins import normal
from striate.checks import path_of
from striate.errors import InputError
from striate.report.generated import grid
from striate.runs.run import Run
from striate.tasks.generated import as_bytes
from striate.tasks.generating import PLAIN, Drawing, Generating, Sample, seeds_for
from striate.tasks.walking import between, mixed
from striate.training.threads import using

MOST_STEPS, STRONGEST = 1000, 20.0
MOST = 100_000  # samples


@dataclass(frozen=True, eq=False)
class Samples:
    """Pictures that a run made.

    Attributes:
        pictures: (N, C, H, W) uint8.
        labels: (N,) the class that was asked for, as a position in `classes`.
        classes: All classes.
        notes: What there is to report, a line each.
    """

    pictures: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pictures)

    def grid(self) -> NDArray[np.uint8]:
        """All of them as one picture, (H, W) or (H, W, 3): a row for each class, or of one class a square."""
        kinds, counts = np.unique(self.labels, return_counts=True)
        if len(kinds) < 2:
            return grid(self.pictures, max(1, round(len(self) ** 0.5)))
        full = np.full((len(kinds), counts.max(), *self.pictures.shape[1:]), 128, np.uint8)
        for row, (kind, count) in enumerate(zip(kinds, counts, strict=True)):
            full[row, :count] = self.pictures[self.labels == kind]
        return grid(full.reshape(-1, *self.pictures.shape[1:]), len(kinds))


def sample(
    run: Run | str | Path,
    classes: Sequence[Any] | None = None,
    count: int = 64,
    *,
    seed: int = 0,
    steps: int | None = None,
    guidance: float | None = None,
    engine: str | None = None,
) -> Samples:
    """Make pictures, with a run of the task `generate`.

    Args:
        run: The run, or its folder.
        classes: Names or numbers of classes, which take turns; by default all.
        count: How many pictures.
        seed: Other pictures; the first ones are the same however many are made.
        steps: From noise to picture; more are slower and more exact.
        guidance: Above 1, pictures are more like their class and less unlike each other.
        engine: As for the run; by default the run's.

    Raises:
        InputError: A run of another task, a class that is not there, or a number out of range.
    """
    opened = opened_run(run)
    task, how = task_of(opened), drawing(steps, guidance)
    if not 1 <= count <= MOST:
        raise InputError(f"from 1 to {MOST:,} pictures are made at once. Received: {count}")
    given = range(len(task.classes)) if classes is None else [task.number_of(one) for one in classes]
    if not given:
        raise InputError("pictures are made of at least one class. Received: none")
    return sampled_as(opened, torch.tensor([given[row % len(given)] for row in range(count)]), seed, how, engine)


def sampled_as(run: Run, labels: Tensor, seed: int, how: Drawing, engine: str | None) -> Samples:
    """A picture of each of these classes, (N,) positions."""
    task = task_of(run)
    made = _made(run, normal(seeds_for(seed, len(labels)), task.noise_shape), task.one_hot(labels), how, engine)
    return Samples(made, labels.numpy(), task.classes)


def walk(
    run: Run | str | Path,
    first: Any,
    last: Any,
    count: int = 8,
    *,
    seed: int = 0,
    steps: int | None = None,
    guidance: float | None = None,
    engine: str | None = None,
) -> Samples:
    """Make pictures on the way from one of class `first` to one of class `last`, or of the same; else as `sample`.

    Raises:
        InputError: As for `sample`; or fewer than two pictures.
    """
    opened = opened_run(run)
    task, how = task_of(opened), drawing(steps, guidance)
    if not 2 <= count <= MOST:
        raise InputError(f"a way has at least its two ends. Received: {count} pictures")
    ends = torch.tensor([task.number_of(one) for one in (first, last)])
    noise, shares = normal(seeds_for(seed, 2), task.noise_shape), task.one_hot(ends)
    made = _made(opened, between(noise[:1], noise[1:], count), mixed(shares[:1], shares[1:], count), how, engine)
    labels = np.where(np.arange(count) < count / 2, *ends.tolist()).astype(np.int64)
    return Samples(made, labels, task.classes)


def opened_run(run: Run | str | Path) -> Run:
    """The run, opened where it is given by its folder."""
    return run if isinstance(run, Run) else Run(path_of(run, "a run"))


def task_of(run: Run) -> Generating:
    """The task of a run that makes pictures.

    Raises:
        InputError: The run is of another task.
    """
    task = run.task
    if not isinstance(task, Generating):
        raise InputError(
            f"{run.path} has learned to {task.word}; pictures are made by runs of the task {Generating.word}"
        )
    return task


def drawing(steps: int | None, guidance: float | None) -> Drawing:
    """How pictures are made, where something is chosen.

    Raises:
        InputError: A number is out of range.
    """
    steps = PLAIN.steps if steps is None else steps
    guidance = PLAIN.guidance if guidance is None else guidance
    if not 1 <= steps <= MOST_STEPS:
        raise InputError(f"`steps` are from 1 to {MOST_STEPS}. Received: {steps}")
    if not 0 <= guidance <= STRONGEST:
        raise InputError(
            f"`guidance` is from 0 (any class) over 1 (as learned) to {STRONGEST:g}. Received: {guidance:g}"
        )
    return Drawing(steps, guidance)


def as_answers(samples: Samples, task: Generating) -> list[Sample]:
    """The pictures under names of their class and number: 3-007."""
    wide, seen, found = len(str(len(samples) - 1)), dict[int, int](), []
    for label, picture in zip(samples.labels.tolist(), samples.pictures, strict=True):
        seen[label] = seen.get(label, -1) + 1
        name = "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in samples.classes[label])
        found.append(task.sample(f"{name}-{seen[label]:0{wide}}", picture))
    return found


def _made(run: Run, noise: Tensor, shares: Tensor, how: Drawing, engine: str | None) -> NDArray[np.uint8]:
    chosen, task = run.chosen_engine(engine), task_of(run)
    with using(run.threads), torch.inference_mode():
        drawn = task.in_parts(chosen.evaluate, noise.to(run.device), shares.to(run.device), how)
    made: NDArray[np.uint8] = as_bytes(drawn.cpu()).numpy()
    return made
