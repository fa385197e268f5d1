"""Examples that count for more or less by their class, so that classes of unequal size weigh alike.

The shares of an example's classes are multiplied by the classes' weights: the cross-entropy of such shares is the
weighted one, its mean taken over the examples.

>>> weighed = Weighing((0.5, 2.0)).drawn(2, torch.Generator())
>>> weighed.classes(torch.tensor([0, 1]), torch.tensor([0, 1]), 2)
tensor([[0.5000, 0.0000],
        [0.0000, 2.0000]])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from striate.augmentation.augment import Augment
from striate.augmentation.mixing import shares_of
from striate.data.kinds import Moved


@dataclass(frozen=True)
class Weighing(Augment):
    """A weight for each class."""

    weights: tuple[float, ...]

    way_out: ClassVar[str] = "`balance='none'` leaves them"
    shares: ClassVar[bool] = True

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Weighed:
        """The same in every epoch."""
        return Weighed(torch.tensor(self.weights))

    def written(self) -> str:
        """Its weights; they are asked for by `balance`."""
        return f"weights:{self.weights}"

    def told(self) -> str:
        """How much."""
        return f"classes have weights from {min(self.weights):.3g} to {max(self.weights):.3g}"


@dataclass(frozen=True, eq=False)
class Weighed(Moved):
    """The weights (K,)."""

    weights: Tensor

    def classes(self, labels: Tensor, rows: Tensor, count: int) -> Tensor:
        """(N,) or (N, K) in, (N, K) out."""
        return shares_of(labels, count) * self.weights.to(labels.device)
