"""Photographs changed by operations that are drawn for each.

TrivialAugment (Müller & Hutter 2021) applies one operation of any strength to each image, RandAugment (Cubuk et al.
2020) several of one strength.

>>> policy = Policy("trivial", 1, None, (0.5,), (0.25,))
>>> policy.drawn(4, torch.Generator().manual_seed(0)).image(torch.zeros(4, 1, 8, 8), torch.arange(4)).shape
torch.Size([4, 1, 8, 8])
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from striate.augmentation.augment import Augment
from striate.augmentation.operations import OPERATIONS
from striate.data.kinds import Moved

STEPS = 30  # strengths of RandAugment are counted to this


@dataclass(frozen=True)
class Policy(Augment):
    """Which operations there may be.

    Attributes:
        name: "trivial" or "randaugment".
        operations: How many are applied to each image.
        strength: Of each, 0 to 30; None draws one for each image.
        mean, std: How pixels from 0 to 1 were scaled, for each channel.
    """

    name: str
    operations: int
    strength: float | None
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Chosen:
        """The operations of an epoch."""
        chosen = torch.randint(len(OPERATIONS), (self.operations, count), generator=generator)
        strength, sign = torch.rand(2, self.operations, count, generator=generator)
        if self.strength is not None:
            strength = torch.full_like(strength, self.strength / STEPS)
        return Chosen(self, chosen, strength * torch.where(sign < 0.5, -1.0, 1.0))

    def written(self) -> str:
        """Its word, and what can be chosen of it."""
        return self.name if self.strength is None else f"{self.name}:{self.strength:g}"

    def told(self) -> str:
        """How many operations."""
        strong = "of a drawn strength" if self.strength is None else f"of strength {self.strength:g} of {STEPS}"
        many = f"{self.operations} of {len(OPERATIONS)} operations" if self.operations > 1 else "one operation"
        return f"{many} {strong} for each training image"


@dataclass(frozen=True, eq=False)
class Chosen(Moved):
    """An epoch's choices.

    Attributes:
        policy: The settings.
        which: (operations, count), numbers of `OPERATIONS`.
        strength: (operations, count), from -1 to 1.
    """

    policy: Policy
    which: Tensor
    strength: Tensor

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """(N, C, H, W) in and out, scaled by the data's mean and spread."""
        mean, std = (images.new_tensor(each).view(1, -1, 1, 1) for each in (self.policy.mean, self.policy.std))
        x = (images * std + mean).clamp(0, 1)
        for which, strength in zip(self.which[:, rows], self.strength[:, rows], strict=True):
            for number in which.unique().tolist():
                some = (which == number).nonzero()[:, 0].to(images.device)
                x[some] = OPERATIONS[number](x[some], strength.to(images.device)[some], mean.flatten())
        return (x - mean) / std
