"""A square of each image emptied, so that no single part decides (DeVries & Taylor 2017).

>>> holes = Cutout(2, (5.0,)).drawn(1, torch.Generator().manual_seed(0))
>>> sorted(holes.image(torch.zeros(1, 1, 4, 4), torch.tensor([0])).unique().tolist())
[0.0, 5.0]
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from striate.augmentation.augment import Augment
from striate.data.kinds import Moved


@dataclass(frozen=True)
class Cutout(Augment):
    """A square of `side` entries, its middle anywhere in the image, with these values, one per channel."""

    side: int
    background: tuple[float, ...]

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Holes:
        """The places of an epoch."""
        return Holes(self, torch.rand(count, 2, generator=generator))

    def written(self) -> str:
        """`cutout` with its side."""
        return f"cutout:{self.side}"

    def told(self) -> str:
        """How large."""
        square = f"{self.side}x{self.side} pixels"
        return f"a square of {square} of each training image is emptied"


@dataclass(frozen=True, eq=False)
class Holes(Moved):
    """An epoch's choices.

    Attributes:
        cutout: The settings.
        middles: (count, 2), the row and column of each square's middle as a share of the image's, 0 to 1.
    """

    cutout: Cutout
    middles: Tensor

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        first = self.corners(rows, images.shape[2:]).to(images.device)
        (down, right), side = (
            (torch.arange(length, device=images.device) for length in images.shape[2:]),
            self.cutout.side,
        )
        high = (down >= first[:, :1]) & (down < first[:, :1] + side)
        wide = (right >= first[:, 1:]) & (right < first[:, 1:] + side)
        empty = images.new_tensor(self.cutout.background).view(1, -1, 1, 1)
        return images.where(~(high[:, None, :, None] & wide[:, None, None, :]), empty)

    def corners(self, rows: Tensor, size: torch.Size) -> Tensor:
        """(N, 2) int64: the first row and column of each square, which may be outside the image."""
        return (self.middles[rows] * torch.tensor(size)).long() - self.cutout.side // 2
