"""Word dropout: in every epoch other words of a training sentence are unknown ones (Iyyer et al. 2015).

A network learns not to lean on single words, and what to make of words it does not know.

>>> some = torch.tensor([[0, 5, 6, 7, 0]])
>>> WordDropout(0.5, length=5).drawn(1, torch.Generator().manual_seed(1)).tokens(some, torch.tensor([0]))
tensor([[0, 1, 1, 7, 0]])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from striate.augmentation.augment import Augment
from striate.data.kinds import Moved
from striate.data.sentences import PADDING, UNKNOWN


@dataclass(frozen=True)
class WordDropout(Augment):
    """Makes each word an unknown one with a probability of `share`, in sentences of `length` numbers."""

    share: float
    length: int

    way_out: ClassVar[str] = "`augment='none'` leaves them"

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> DroppedWords:
        """Which words of each sentence are unknown in an epoch."""
        return DroppedWords(torch.rand(count, self.length, generator=generator) < self.share)

    def written(self) -> str:
        """`words`."""
        return "words"

    def told(self) -> str:
        """How many words."""
        share = f"{self.share:.0%}".replace("%", " %")
        return f"in every epoch {share} of the words are unknown ones"


@dataclass(frozen=True, eq=False)
class DroppedWords(Moved):
    """An epoch's choices: (count, length), true where a word is unknown."""

    chosen: Tensor

    def tokens(self, numbers: Tensor, rows: Tensor) -> Tensor:
        """(N, length) in and out; padding stays."""
        return numbers.masked_fill(self.chosen[rows].to(numbers.device) & (numbers != PADDING), UNKNOWN)
