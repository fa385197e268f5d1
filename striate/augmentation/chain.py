"""Several changes, one after the other.

>>> from striate.augmentation.shift import Shift
>>> from striate.augmentation.cutout import Cutout
>>> both = Chain((Shift(1, (0.0,)), Cutout(2, (0.0,))))
>>> both.written(), both.drawn(3, torch.Generator()).image(torch.ones(3, 1, 8, 8), torch.arange(3)).shape
('shift:1,cutout:2', torch.Size([3, 1, 8, 8]))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import torch
from torch import Tensor

from striate.augmentation.augment import Augment
from striate.augmentation.photo import Photo
from striate.augmentation.words import NONE
from striate.data.kinds import Moved, Size
from striate.draws import derived_seed


@dataclass(frozen=True)
class Chain(Augment):
    """What may happen to each example, in this order; none of it changes what is drawn for the others."""

    steps: tuple[Augment, ...]

    way_out: ClassVar[str] = "`augment='none'` leaves all of it out"

    @property
    def times(self) -> int:  # type: ignore[override]
        """How often an epoch takes each example."""
        return prod(step.times for step in self.steps)

    @property
    def shares(self) -> bool:  # type: ignore[override]
        """Whether a step makes shares of classes."""
        return any(step.shares for step in self.steps)

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Chained:
        """An epoch's choices of each step."""
        base = int(torch.randint(2**62, (), generator=generator))
        streams = [torch.Generator().manual_seed(derived_seed(base, type(step).__name__)) for step in self.steps]
        return Chained([step.drawn(count, own, epoch) for step, own in zip(self.steps, streams, strict=True)])

    def written(self) -> str:
        """All of them, with commas."""
        return ",".join(word for step in self.steps if (word := step.written()) != NONE) or NONE

    def told(self) -> str:
        """All of them."""
        return "; ".join(step.told() for step in self.steps)


def chained(*changes: Augment | None) -> Augment | None:
    """These changes as one, those of a chain one by one; None where there are none.

    >>> from striate.augmentation.shift import Shift
    >>> chained(None, Shift(1, (0.0,)))
    Shift(most=1, background=(0.0,))
    """
    steps = tuple(step for change in changes for step in steps_of(change))
    return Chain(steps) if len(steps) > 1 else next(iter(steps), None)


def steps_of(augment: Augment | None) -> tuple[Augment, ...]:
    """The changes, one by one."""
    return augment.steps if isinstance(augment, Chain) else (augment,) if augment else ()


def of_photographs(augment: Augment | None) -> bool:
    """Whether images are changed as photographs are."""
    return any(isinstance(step, Photo) for step in steps_of(augment))


@dataclass(frozen=True, eq=False)
class Chained(Moved):
    """An epoch's choices, step by step."""

    steps: Sequence[Moved]

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        for step in self.steps:
            images = step.image(images, rows)
        return images

    def mask(self, masks: Tensor, rows: Tensor, ignored: int) -> Tensor:
        """(N, H, W) in and out."""
        for step in self.steps:
            masks = step.mask(masks, rows, ignored)
        return masks

    def points(self, points: Tensor, rows: Tensor, size: Size) -> Tensor:
        """(N, P, 2) in and out."""
        for step in self.steps:
            points = step.points(points, rows, size)
        return points

    def mirrored_now(self, rows: Tensor) -> Tensor | None:
        """Those that an odd number of steps mirrors."""
        found = [one for step in self.steps if (one := step.mirrored_now(rows)) is not None]
        return torch.stack(found).sum(0) % 2 == 1 if found else None

    def classes(self, labels: Tensor, rows: Tensor, count: int) -> Tensor:
        """(N,) or (N, count) in and out."""
        for step in self.steps:
            labels = step.classes(labels, rows, count)
        return labels

    def tokens(self, numbers: Tensor, rows: Tensor) -> Tensor:
        """(N, length) in and out."""
        for step in self.steps:
            numbers = step.tokens(numbers, rows)
        return numbers

    def cut(self, values: Tensor, row: int, finer: int = 1) -> Tensor:
        """A part of one field."""
        for step in self.steps:
            values = step.cut(values, row, finer)
        return values
