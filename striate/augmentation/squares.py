"""Squares turned and mirrored where no side is up, as from above: the last two axes, whatever comes before them.

>>> drawn = Squares(mirror=True, turn=True).drawn(2, torch.Generator().manual_seed(0))
>>> drawn.image(torch.zeros(2, 1, 30, 5, 5), torch.arange(2)).shape
torch.Size([2, 1, 30, 5, 5])
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from striate.augmentation.augment import Augment
from striate.data.kinds import Moved


@dataclass(frozen=True)
class Squares(Augment):
    """What may happen to each square.

    Attributes:
        mirror: Whether half of them are mirrored.
        turn: Whether they are turned by a random number of quarters.
    """

    mirror: bool
    turn: bool

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Turns:
        """The choices of an epoch; both are drawn, used or not."""
        turns = torch.randint(4, (count,), generator=generator)
        mirrored = torch.rand(count, generator=generator) < 0.5
        return Turns(turns * self.turn, mirrored & self.mirror)

    def written(self) -> str:
        """`mirror,turn`, or one of them."""
        return ",".join(["mirror"] * self.mirror + ["turn"] * self.turn)

    def told(self) -> str:
        """What may happen."""
        how = ["mirrored"] * self.mirror + ["turned by quarters"] * self.turn
        return f"what is around each training pixel is {' and '.join(how)} at random"


@dataclass(frozen=True, eq=False)
class Turns(Moved):
    """An epoch's choices: quarter `turns` (count,), against the clock, and which are `mirrored` after them."""

    turns: Tensor
    mirrored: Tensor

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """(N, …, S, S) in and out."""
        made = images.clone()
        turns, mirrored = self.turns[rows], self.mirrored[rows]
        for quarters in range(4):
            for mirror in (False, True):
                some = ((turns == quarters) & (mirrored == mirror)).to(images.device)
                if (quarters or mirror) and bool(some.any()):
                    turned = torch.rot90(images[some], quarters, (-2, -1))
                    made[some] = turned.flip(-1) if mirror else turned
        return made
