"""Two images in one, with a share of each one's class: Mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019).

An example is mixed with the next of its batch; its share is drawn for it alone.

>>> mixed = Mixup(0.2).drawn(2, torch.Generator().manual_seed(0))
>>> mixed.classes(torch.tensor([0, 1]), torch.tensor([0, 1]), 2).sum(1)
tensor([1., 1.])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from striate.augmentation.augment import Augment
from striate.data.kinds import Moved


@dataclass(frozen=True)
class Mixup(Augment):
    """Images are faded into each other; the larger share follows from Beta(alpha, alpha)."""

    alpha: float

    shares: ClassVar[bool] = True

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Faded:
        """The shares of an epoch."""
        share = beta(self.alpha, count, generator)
        return Faded(torch.maximum(share, 1 - share))  # an example and the next are mixed either way

    def written(self) -> str:
        """`mixup` with its alpha."""
        return f"mixup:{self.alpha:g}"

    def told(self) -> str:
        """How."""
        how = f"with shares from Beta({self.alpha:g}, {self.alpha:g})"
        return f"each training image is faded into another, {how}"


@dataclass(frozen=True, eq=False)
class Faded(Moved):
    """An epoch's choices: the `share` (count,) of each example's own image, 0.5 to 1."""

    share: Tensor

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """(N, C, …) in and out."""
        share = self.share[rows].to(images).view(-1, *[1] * (images.ndim - 1))
        return share * images + (1 - share) * images.roll(-1, 0)

    def classes(self, labels: Tensor, rows: Tensor, count: int) -> Tensor:
        """(N,) or (N, count) in, (N, count) out."""
        return faded(shares_of(labels, count), self.share[rows])


@dataclass(frozen=True)
class Cutmix(Augment):
    """A box of each image is another's; its area follows from Beta(alpha, alpha)."""

    alpha: float

    shares: ClassVar[bool] = True

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Boxed:
        """The boxes of an epoch."""
        side = (1 - beta(self.alpha, count, generator)).sqrt()
        middle = torch.rand(2, count, generator=generator)
        return Boxed(torch.cat([(middle - side / 2).clamp_min(0), (middle + side / 2).clamp_max(1)]))

    def written(self) -> str:
        """`cutmix` with its alpha."""
        return f"cutmix:{self.alpha:g}"

    def told(self) -> str:
        """How."""
        how = f"its area from Beta({self.alpha:g}, {self.alpha:g})"
        return f"a box of each training image is of another, {how}"


@dataclass(frozen=True, eq=False)
class Boxed(Moved):
    """An epoch's choices: `box` (4, count), the top, left, bottom and right edge as shares of the image's sides."""

    box: Tensor

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        top, left, bottom, right = self.box[:, rows].to(images.device)[:, :, None]
        down, across = ((torch.arange(length, device=images.device) + 0.5) / length for length in images.shape[2:])
        high, wide = (down >= top) & (down < bottom), (across >= left) & (across < right)
        return images.where(~(high[:, None, :, None] & wide[:, None, None, :]), images.roll(-1, 0))

    def classes(self, labels: Tensor, rows: Tensor, count: int) -> Tensor:
        """(N,) or (N, count) in, (N, count) out."""
        top, left, bottom, right = self.box[:, rows]
        return faded(shares_of(labels, count), 1 - (bottom - top) * (right - left))


@dataclass(frozen=True)
class Smoothing(Augment):
    """Classes made softer: a share of each goes to all classes alike (Szegedy et al. 2016, section 7)."""

    share: float

    way_out: ClassVar[str] = "`smoothing=0` leaves it"
    shares: ClassVar[bool] = True

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Smoothed:
        """The same in every epoch."""
        return Smoothed(self.share)

    def written(self) -> str:
        """`smoothing` with its share."""
        return f"smoothing:{self.share:g}"

    def told(self) -> str:
        """How much."""
        share = f"{self.share:.3g}"
        return f"{share} of each class is shared by all classes"


@dataclass(frozen=True, eq=False)
class Smoothed(Moved):
    """The share that goes to all classes."""

    share: float

    def classes(self, labels: Tensor, rows: Tensor, count: int) -> Tensor:
        """(N,) or (N, count) in, (N, count) out."""
        return shares_of(labels, count) * (1 - self.share) + self.share / count


def shares_of(labels: Tensor, count: int) -> Tensor:
    """Classes (N,), or shares of them (N, count), as shares, float32."""
    return F.one_hot(labels, count).float() if labels.ndim == 1 else labels


def faded(shares: Tensor, own: Tensor) -> Tensor:
    """Each example's classes and the next one's, by its own share (N,)."""
    own = own.to(shares)[:, None]
    return own * shares + (1 - own) * shares.roll(-1, 0)


def beta(alpha: float, count: int, generator: torch.Generator) -> Tensor:
    """Shares (count,) from Beta(alpha, alpha)."""
    seed = int(torch.randint(2**62, (), generator=generator))
    return torch.from_numpy(np.random.default_rng(seed).beta(alpha, alpha, count)).float()
