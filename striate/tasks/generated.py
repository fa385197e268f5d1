"""Pictures that a network made, beside the training pictures that are nearest to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.data.examples import Examples
from striate.tasks.nearest import Near, in_parts, nearest
from striate.tasks.pictures import IMAGE
from striate.tasks.task import Judged

if TYPE_CHECKING:
    from striate.report.section import Section

MADE = "made"  # pictures, (k, C, H, W) uint8, as many of each class, class after class
BESIDE = 2  # samples of each class beside which the nearest training picture is shown
TRAINING = "training"


def as_bytes(pictures: Tensor) -> Tensor:
    """Bytes of pictures from -1 to 1.

    >>> as_bytes(torch.tensor([-2.0, 0.0, 1.0])).tolist()
    [0, 128, 255]
    """
    return ((pictures.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


@dataclass(frozen=True, eq=False)
class JudgedSamples(Judged):
    """How a network does on pictures that it did not learn from, and pictures that it made.

    Attributes:
        classes: Of the pictures that it made, in their order.
    """

    classes: tuple[str, ...]

    def columns(self) -> Mapping[str, Sequence[float]]:
        """The error of each picture."""
        return {name: rows.tolist() for name, rows in self.rows.items() if name == "error"}

    def sections(self, root: str, counts: Mapping[str, Examples]) -> Iterator[Section]:
        """The pictures, and some beside the nearest training pictures."""
        if not len(self.rows[MADE]):  # the example that they are made beside could not be read
            return
        yield self._samples()
        if TRAINING in counts:
            from striate.report import generated

            made, each = self.rows[MADE], len(self.rows[MADE]) // len(self.classes)
            chosen = [row for row in range(len(made)) if row % each < BESIDE]
            near = nearest(made[chosen], in_parts(counts[TRAINING], IMAGE))
            names = [self.classes[row // each] for row in chosen]
            yield generated.beside(_pairs(made[chosen], near), names)

    def worst_section(self, root: str) -> Section | None:
        """The pictures: what there is to see of an epoch."""
        return self._samples() if len(self.rows[MADE]) else None

    def _samples(self) -> Section:
        from striate.report import generated

        return generated.samples(self.rows[MADE].numpy(), self.classes)


def _pairs(made: Tensor, near: Near) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8], float]]:
    return list(zip(made.numpy(), near.pictures.numpy(), near.apart.tolist(), strict=True))
