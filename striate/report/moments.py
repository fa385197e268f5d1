"""Which moments of a series an answer comes from: those without which it is less probable (Zeiler & Fergus 2014).

>>> import torch
>>> second = lambda rows: torch.stack([rows[:, 0, 0], rows[:, 0, 5]], 1)  # a network that reads two values alone
>>> without = lost(second, torch.tensor([[0.0] * 5 + [3.0] + [0.0] * 4]), 1, 10)
>>> int(without.argmax())
5
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

WINDOWS = 16  # parts of a series that are taken away, one after the other


def lost(score: Callable[[Tensor], Tensor], series: Tensor, channels: int, end: int) -> NDArray[np.float32]:
    """(end,): by how much the log of the answer's probability falls without what is around each moment.

    Args:
        score: Outputs (N, K) for series (N, C, length).
        series: (C, length).
        channels: How many of the first C are values; in a window that is taken away they are 0, their mean.
        end: The series' own length.
    """
    window = max(2, end // WINDOWS)
    starts = range(0, end, max(1, window // 2))
    rows = series.repeat(len(starts) + 1, 1, 1)
    for row, start in enumerate(starts, 1):
        rows[row, :channels, start : start + window] = 0
    shares = score(rows).log_softmax(1)
    less = (shares[0].max() - shares[1:, shares[0].argmax()]).tolist()
    sums, count = np.zeros(end, np.float32), np.zeros(end, np.float32)
    for start, one in zip(starts, less, strict=True):
        sums[start : start + window] += one
        count[start : start + window] += 1
    return sums / count
