"""Images turned by quarters, where no side is up.

>>> turned = Turn(square=True).drawn(1, torch.Generator().manual_seed(0))
>>> turned.image(torch.zeros(1, 1, 4, 4), torch.tensor([0])).shape
torch.Size([1, 1, 4, 4])
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from striate.augmentation.augment import Augment
from striate.data.kinds import Moved, Size


@dataclass(frozen=True)
class Turn(Augment):
    """Turns by a random number of quarters, or of half turns where images are not `square`."""

    square: bool

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Turned:
        """The turns of an epoch."""
        turns = torch.randint(4, (count,), generator=generator)
        return Turned(turns if self.square else turns // 2 * 2)

    def written(self) -> str:
        """`turn`."""
        return "turn"

    def told(self) -> str:
        """How far."""
        by = "quarters" if self.square else "half a turn"
        return f"each training image is turned by {by} at random"


@dataclass(frozen=True, eq=False)
class Turned(Moved):
    """An epoch's choices: quarter `turns` (count,), against the clock."""

    turns: Tensor

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        made = images.clone()
        for turns in range(1, 4):
            some = self.turns[rows] == turns
            if some.any():
                made[some] = torch.rot90(images[some], turns, (2, 3))
        return made

    def mask(self, masks: Tensor, rows: Tensor, ignored: int) -> Tensor:
        """(N, H, W) in and out."""
        return self.image(masks[:, None], rows)[:, 0]

    def points(self, points: Tensor, rows: Tensor, size: Size) -> Tensor:
        """(N, P, 2) in and out."""
        (height, width), turns = size, self.turns[rows].to(points.device).view(-1, 1, 1)
        x, y = points.unbind(2)
        each = [points, torch.stack([y, width - 1 - x], 2), torch.stack([width - 1 - x, height - 1 - y], 2)]
        each.append(torch.stack([height - 1 - y, x], 2))
        return sum(one * (turns == number) for number, one in enumerate(each))  # type: ignore[return-value]
