"""Dice of volumes: of each by itself, then the mean, as medical challenges do it.

>>> counts = np.array([[[90, 0], [5, 5]], [[80, 10], [0, 10]]])  # two volumes: true class by row, called by column
>>> dice_of_each(counts).round(3).tolist()
[[0.973, 0.667], [0.941, 0.667]]
>>> round(mean_dice(counts, background=0), 3), round(mean_dice(counts, background=None), 3)
(0.667, 0.812)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def dice_of_each(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(N, K) of counts (N, K, K): 2 n_ii / (t_i + c_i); not a number for a class in neither truth nor answer.

    Row of a matrix: the true class; column: the one it is called.
    """
    right, both = counts.diagonal(axis1=1, axis2=2), counts.sum(1) + counts.sum(2)
    return np.where(both > 0, 2 * right / np.maximum(both, 1), np.nan)


def dice_of_classes(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(K,): the mean over the volumes that a class occurs in, in truth or answer; not a number where it is in none."""
    each = dice_of_each(counts)
    there = ~np.isnan(each)
    sums = np.where(there, each, 0).sum(0)
    return np.where(there.any(0), sums / np.maximum(there.sum(0), 1), np.nan)


def mean_dice(counts: NDArray[np.int64], background: int | None) -> float:
    """The mean over all classes but the background.

    Args:
        counts: (N, K, K), as for `dice_of_each`.
        background: Which class that is; None where each is something.
    """
    found = dice_of_classes(counts)
    kept = ~np.isnan(found)
    if background is not None:
        kept[background] = False
    return float(found[kept].mean()) if kept.any() else float("nan")
