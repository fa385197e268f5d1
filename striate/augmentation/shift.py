"""More data from the same images: each is moved a little, differently in every epoch.

>>> images = torch.arange(9.0).reshape(1, 1, 3, 3)
>>> moved = Shift(most=1, background=(0.0,)).drawn(1, torch.Generator()).image(images, torch.tensor([0]))
>>> moved.shape, bool((moved == 4).any())  # the middle stays inside
(torch.Size([1, 1, 3, 3]), True)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from striate.augmentation.augment import Augment, pixels
from striate.data.kinds import Moved, Size

SHARE = 28  # a drawing is moved by up to one entry per 28 of its shorter side: one pixel for MNIST


def shift_for(height: int, width: int) -> int:
    """The most entries by which images of this size are moved; 0 for small ones, which would lose too much.

    >>> shift_for(32, 32), shift_for(8, 8)
    (1, 0)
    """
    return min(height, width) // SHARE


@dataclass(frozen=True)
class Shift(Augment):
    """Moves each image by its own whole number of entries, up and down and sideways.

    Attributes:
        most: Largest move along an axis, in entries.
        background: What fills the edge, one value per channel.
    """

    most: int
    background: tuple[float, ...]

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Shifted:
        """The moves of an epoch."""
        down, right = torch.randint(2 * self.most + 1, (2, count), generator=generator)
        return Shifted(self, down, right)

    def written(self) -> str:
        """`shift` with its number."""
        return f"shift:{self.most}"

    def told(self) -> str:
        """How far.

        >>> Shift(1, (0.0,)).said()
        "augmentation: each training image is moved by up to a pixel; `augment='none'` leaves it"
        """
        return f"each training image is moved by up to {pixels(self.most)}"


@dataclass(frozen=True, eq=False)
class Shifted(Moved):
    """The moves of an epoch.

    Attributes:
        shift: The settings they were drawn from.
        down: (count,) int64, where in the extended image each window begins, from 0 to 2·most.
        right: The same along the other axis.
    """

    shift: Shift
    down: Tensor
    right: Tensor

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        return self._windows(images, images.new_tensor(self.shift.background).view(1, -1, 1, 1), rows)

    def mask(self, masks: Tensor, rows: Tensor, ignored: int) -> Tensor:
        """(N, H, W) in and out."""
        return self._windows(masks[:, None], masks.new_full((1, 1, 1, 1), ignored), rows)[:, 0]

    def points(self, points: Tensor, rows: Tensor, size: Size) -> Tensor:
        """(N, P, 2) in and out."""
        return points + self.shift.most - torch.stack([self.right, self.down], 1)[rows, None].to(points)

    def _windows(self, x: Tensor, edge: Tensor, rows: Tensor) -> Tensor:
        count, channels, height, width = x.shape
        m = self.shift.most
        padded = edge.expand(count, channels, height + 2 * m, width + 2 * m).clone()
        padded[:, :, m : m + height, m : m + width] = x
        windows = padded.unfold(2, height, 1).unfold(3, width, 1)  # (N, C, 2m + 1, 2m + 1, H, W), a view
        down, right = (moves[rows].to(x.device) for moves in (self.down, self.right))
        return windows[torch.arange(count, device=x.device), :, down, right]
