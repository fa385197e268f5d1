"""Averaged weights: an exponential moving average of all that a training moves (Polyak & Juditsky 1992).

After each step the average moves towards the newest weights by 1 - decay. It is what is evaluated and kept. A young
average moves faster, by at least 9 / (10 + steps), so that it forgets the first weights (`num_updates` of TensorFlow's
ExponentialMovingAverage). Running statistics of batch norm are averaged alike.

>>> import torch
>>> weight = torch.zeros(1)
>>> average = Average([weight], 0.75)
>>> _ = weight.fill_(8.0)
>>> average.follow(50)
>>> with average.shown():
...     weight.item()
2.0
>>> weight.item()
8.0
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """The average of some tensors, which takes their place while it is shown.

    Args:
        tensors: What is trained, in place.
        decay: The share of the average that a step keeps, 0 to 1.
    """

    def __init__(self, tensors: Iterable[Tensor], decay: float) -> None:
        self.tensors, self.decay = [tensor.detach() for tensor in tensors], decay
        self.is_shown = False
        self.begin()

    def begin(self) -> None:
        """The average is what is trained."""
        self._others = [tensor.clone() for tensor in self.tensors]  # the average, or while it is shown the newest

    @torch.no_grad()
    def follow(self, steps: int) -> None:
        """After the step of this number, from 1."""
        assert not self.is_shown
        kept = min(self.decay, (1 + steps) / (10 + steps))
        torch._foreach_lerp_(self._others, self.tensors, 1 - kept)

    @torch.no_grad()
    def show(self, wanted: bool = True) -> None:
        """Puts the average in the place of the newest weights, or these back."""
        if wanted == self.is_shown:
            return
        for tensor, other in zip(self.tensors, self._others, strict=True):
            newest = tensor.clone()
            tensor.copy_(other)
            other.copy_(newest)
        self.is_shown = wanted

    @contextmanager
    def shown(self, wanted: bool = True) -> Iterator[None]:
        """The same for a while."""
        before = self.is_shown
        self.show(wanted)
        try:
            yield
        finally:
            self.show(before)


def averaged(model: nn.Module) -> list[Tensor]:
    """What is averaged of a model: its parameters and its buffers of real numbers.

    >>> [tuple(tensor.shape) for tensor in averaged(nn.BatchNorm1d(3))]
    [(3,), (3,), (3,), (3,)]
    """
    return [*model.parameters(), *(buffer for buffer in model.buffers() if buffer.is_floating_point())]
