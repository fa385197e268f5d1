"""How far chance alone may move a share that was counted on a number of images.

Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927: unlike the textbook's ±1.96 standard
errors, his interval keeps its 95 % where shares are near 0 or 1 and images are few. Zou and Donner, Construction of
Confidence Intervals About Effect Measures, 2008, combine such intervals into one of a weighted sum of shares; for a
difference of two that is Newcombe's of 1998.

>>> [round(end, 3) for end in wilson(139, 143)]
[0.93, 0.989]
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

Z = 1.959963984540054  # standard normal, 2.5 % above it


class Interval(NamedTuple):
    """The ends of a 95 % interval."""

    low: float
    high: float


def wilson(right: int, count: int, z: float = Z) -> Interval:
    """The 95 % interval of a share, both ends from 0 to 1.

    Args:
        right: How many were right.
        count: Out of how many, at least one.
        z: Standard deviations on either side, for another interval than that of 95 %.
    """
    assert 0 <= right <= count, f"{right} of {count} right"
    assert count, "a share of nothing"
    share, square = right / count, z * z
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = z / (1 + square / count) * math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    low = 0.0 if right == 0 else middle - half  # exact, where rounding would leave a trace
    high = 1.0 if right == count else middle + half
    return Interval(low, high)


def weighted_sum(shares: Sequence[tuple[float, int, int]], z: float = Z) -> Interval:
    """The 95 % interval of Σ weight · right / count over independent shares.

    >>> [round(end, 3) for end in weighted_sum([(1, 56, 70), (-1, 48, 80)])]  # Newcombe 1998, table II, method 10
    [0.052, 0.334]

    Args:
        shares: (weight, right, count) of each.
        z: As for `wilson`.
    """
    total = below = above = 0.0
    for weight, right, count in shares:
        share, ends = right / count, wilson(right, count, z)
        towards_low, towards_high = (ends.low, ends.high) if weight > 0 else (ends.high, ends.low)
        total += weight * share
        below += (weight * (share - towards_low)) ** 2
        above += (weight * (towards_high - share)) ** 2
    return Interval(total - math.sqrt(below), total + math.sqrt(above))
