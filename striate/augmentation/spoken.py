"""More words from the same ones: slower and faster, earlier and later, by other throats, and with a part unheard.

A voice with a shorter tract has its formants higher, which moves the bands (Jaitly & Hinton 2013); what is unheard, a
strip of bands and one of moments, is SpecAugment's (Park et al. 2019).

>>> some = torch.rand(2, 3, 8, 16)
>>> spoken = Spoken(2, 1, 0.1, 2, (0.0, 0.0, 0.0))
>>> spoken.drawn(2, torch.Generator()).image(some, torch.arange(2)).shape
torch.Size([2, 3, 8, 16])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.augmentation.augment import Augment
from striate.data.kinds import Moved


@dataclass(frozen=True)
class Spoken(Augment):
    """Moves bands (N, C, bands, frames) along both axes, stretches them in time, and empties strips of them.

    Attributes:
        shift: Moments earlier or later, at most.
        bands: Bands higher or lower, at most.
        stretch: Slower or faster, by at most such a share.
        strip: Bands, and moments, that are emptied at most.
        background: What stands in place of what is not there, one value per channel.
    """

    shift: int
    bands: float
    stretch: float
    strip: int
    background: tuple[float, ...]

    way_out: ClassVar[str] = "`augment='none'` leaves all of it out"

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Said:
        """The choices of an epoch."""
        return Said(self, torch.rand(7, count, generator=generator))

    def written(self) -> str:
        """Its words with their numbers."""
        numbers = {"shift": self.shift, "cutout": self.strip, "stretch": self.stretch, "bands": self.bands}
        return ",".join(f"{word}:{number:g}" for word, number in numbers.items() if number)

    def told(self) -> str:
        """What may happen."""
        said = {
            f"up to {10 * self.shift} ms earlier or later": self.shift,
            f"{self.stretch:.0%} slower or faster".replace("%", " %"): self.stretch,
            f"{self.bands:g} bands higher or lower": self.bands,
            f"strips of {self.strip} bands and moments unheard": self.strip,
        }
        return "each training word is " + ", ".join(words for words, there in said.items() if there)


@dataclass(frozen=True, eq=False)
class Said(Moved):
    """An epoch's choices: seven numbers from 0 to 1 for each example, (7, count)."""

    spoken: Spoken
    chance: Tensor

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """(N, C, bands, frames) in and out."""
        how, chance = self.spoken, self.chance[:, rows].to(images)
        empty = images.new_tensor(how.background).view(1, -1, 1, 1)
        later, higher, slower = 2 * chance[:3] - 1
        height, width = images.shape[2:]
        theta = images.new_zeros(len(images), 2, 3)
        theta[:, 0, 0], theta[:, 1, 1] = 1 + how.stretch * slower, 1
        theta[:, 0, 2] = 2 * how.shift * later / max(1, width - 1)
        theta[:, 1, 2] = 2 * how.bands * higher / max(1, height - 1)
        grid = F.affine_grid(theta, list(images.shape), align_corners=True)
        moved = F.grid_sample(images - empty, grid, align_corners=True)
        moved = moved * self._heard(height, chance[3], chance[4]).view(-1, 1, height, 1)
        moved = moved * self._heard(width, chance[5], chance[6]).view(-1, 1, 1, width)
        return moved + empty

    def _heard(self, side: int, start: Tensor, size: Tensor) -> Tensor:
        """(N, side): 1 where an entry stays, 0 in the strip."""
        long = (size * (self.spoken.strip + 1)).floor()
        first = (start * (side - long + 1)).floor()
        places = torch.arange(side, device=start.device)
        inside = (places >= first[:, None]) & (places < (first + long)[:, None])
        return (~inside).to(start)
