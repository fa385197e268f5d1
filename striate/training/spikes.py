"""Spikes of the loss: it jumps out of what it has been lately, most often because a step was far too long.

A batch's loss that is seven standard deviations above the mean of the last 1,000 counts as one (the "spike score" of
OLMo 2, 2024, counts such values); here it takes two batches that follow each other, as one may hold odd examples.

>>> spikes = Spikes()
>>> [spikes.at(loss) for loss in [1.0, 1.1] * 60 + [1.2, 9.0]]  == [None] * 122
True
>>> round(spikes.at(9.0), 2)
1.05
"""

from __future__ import annotations

import math
from collections import deque

WINDOW, FEWEST = 1000, 100  # batches that the newest is compared with
FAR = 7.0  # standard deviations
FINEST = 1e-4  # standard deviation at least: losses that are all 0 have none


class Spikes:
    """Sees the loss of one batch after the other."""

    def __init__(self) -> None:
        self._lately: deque[float] = deque()
        self._sum = self._squares = 0.0
        self._high = False

    def at(self, loss: float) -> float | None:
        """The usual loss, where the newest is the second of a spike; else None. Losses of a spike are not usual."""
        count = len(self._lately)
        usual = self._sum / max(1, count)
        spread = max(FINEST, math.sqrt(max(0.0, self._squares / max(1, count) - usual**2)))
        if count < FEWEST or loss <= usual + FAR * spread:
            self._high = False
            self._remember(loss)
            return None
        second, self._high = self._high, True
        return usual if second else None

    def _remember(self, loss: float) -> None:
        self._lately.append(loss)
        old = self._lately.popleft() if len(self._lately) > WINDOW else 0.0
        self._sum += loss - old
        self._squares += loss**2 - old**2
