"""What may happen to the examples of a training: each is changed a little, differently in every epoch.

What happens to an example is drawn for all of them at once, before an epoch's first batch, so that neither the order of
the batches nor who makes them changes anything.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch

from striate.data.kinds import Moved


class Augment(ABC):
    """A way to change examples."""

    times = 1  # how often an epoch takes each example
    way_out: ClassVar[str] = "`augment='none'` leaves it"
    shares: ClassVar[bool] = False  # whether classes become shares of classes

    @abstractmethod
    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Moved:
        """An epoch's choices for `count` examples."""

    @abstractmethod
    def written(self) -> str:
        """The option that asks for exactly this, however `auto` may change."""

    @abstractmethod
    def told(self) -> str:
        """What may happen, in a few words."""

    def said(self) -> str:
        """It in one line, with the way out."""
        return f"augmentation: {self.told()}; {self.way_out}"


def pixels(count: float) -> str:
    """A number of pixels in words.

    >>> pixels(1), pixels(2.5)
    ('a pixel', '2.5 pixels')
    """
    return "a pixel" if count == 1 else f"{count:g} pixels"
