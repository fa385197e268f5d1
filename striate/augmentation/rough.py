"""Worse pictures: noise on every entry, and a soft focus.

>>> rough = Noise(0.1).drawn(1, torch.Generator().manual_seed(0)).image(torch.zeros(1, 1, 50, 50), torch.tensor([0]))
>>> bool(rough.std() <= 0.11)
True
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from striate.augmentation.augment import Augment
from striate.augmentation.coins import noise
from striate.augmentation.elastic import blurred
from striate.data.kinds import Moved

TINY = 1e-6


@dataclass(frozen=True)
class Noise(Augment):
    """Gaussian noise; its standard deviation, in units of the data's spread, is drawn from 0 to `most`."""

    most: float

    way_out: ClassVar[str] = "`augment='none'` leaves it out"

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Noisy:
        """A seed and a strength for each image."""
        seeds = torch.randint(2**32, (count,), generator=generator)
        return Noisy(seeds, self.most * torch.rand(count, generator=generator))

    def written(self) -> str:
        """`noise` with its size."""
        return f"noise:{self.most:g}"

    def told(self) -> str:
        """How much."""
        return f"noise of up to {self.most:g} of the data's spread"


@dataclass(frozen=True, eq=False)
class Noisy(Moved):
    """An epoch's choices: `seeds` and standard deviations `sigma`, (count,) each."""

    seeds: Tensor
    sigma: Tensor

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """(N, C, …) in and out."""
        even = noise(self.seeds[rows], tuple(images.shape[1:])).double().clamp(TINY, 1 - TINY)
        sigma = self.sigma[rows].view(-1, *[1] * (images.ndim - 1))
        noisy: Tensor = images + (torch.special.ndtri(even) * sigma).to(images)
        return noisy


@dataclass(frozen=True)
class Blur(Augment):
    """A Gaussian blur; its standard deviation in entries is drawn from 0 to `most`."""

    most: float

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Soft:
        """A strength for each image."""
        return Soft(self, self.most * torch.rand(count, generator=generator))

    def written(self) -> str:
        """`blur` with its size."""
        return f"blur:{self.most:g}"

    def told(self) -> str:
        """How much."""
        return f"each training image is blurred by up to {self.most:g} pixels"


@dataclass(frozen=True, eq=False)
class Soft(Moved):
    """An epoch's choices: standard deviations `sigma` (count,)."""

    blur: Blur
    sigma: Tensor

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        return blurred(images, self.sigma[rows], self.blur.most)
