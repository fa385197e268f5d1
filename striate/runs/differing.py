"""Whether two runs differ by more than chance, from what they got right.

On the same examples, McNemar's exact test (1947; Dietterich 1998 recommends it where each algorithm is trained once)
counts those of which one run is right and the other wrong. Where only the shares are known, the interval of their
difference decides (Newcombe 1998, method 10), which takes the examples of the two for different ones: of the same
examples it is too wide, and so misses small differences rather than invent any.

The best of several runs is chosen on the examples on which it is then compared, so its lead over each is one of as many
as there are pairs of runs: both ways count all pairs (Bonferroni).

>>> round(mcnemar(2, 14), 5)
0.00418
>>> by_shares((950, 1000), (990, 1000)).beyond_chance
True
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from striate.metrics.interval import Interval, weighted_sum

LEVEL = 0.05
EACH = "corrected for all pairs of runs (Bonferroni)"
SHARES = f"95% interval of the difference of two shares of different examples (Newcombe 1998), {EACH}"
PAIRS = f"McNemar's exact test on the same examples (1947), {EACH}"


@dataclass(frozen=True)
class Difference:
    """What one run is ahead of another.

    Attributes:
        points: The share that the first has right, less that of the second.
        interval: Its 95 % interval; None where the two were compared example by example.
        p: The probability of as great a difference by chance; None where the interval decides.
        only: How many examples only the first has right, and how many only the second.
        beyond_chance: Whether they differ.
    """

    points: float
    interval: Interval | None = None
    p: float | None = None
    only: tuple[int, int] | None = None
    beyond_chance: bool = False

    def said(self) -> str:
        """It in words."""
        points = f"{100 * self.points:+.2f} points"
        verdict = "beyond chance" if self.beyond_chance else "within chance"
        if self.interval:
            low, high = self.interval
            return f"{points} ({100 * low:+.2f} to {100 * high:+.2f}), {verdict}"
        first, second = self.only or (0, 0)
        return f"{points} (right alone: {first:,} and {second:,}; p = {self.p:.2g}), {verdict}"


def by_shares(first: tuple[int, int], second: tuple[int, int], runs: int = 2) -> Difference:
    """The difference of two shares.

    Args:
        first: How many are right, and of how many.
        second: The same of the other.
        runs: Among how many runs the first is the best.
    """
    z = NormalDist().inv_cdf(1 - LEVEL / math.comb(runs, 2) / 2)
    interval = weighted_sum([(1, *first), (-1, *second)], z)
    points = first[0] / first[1] - second[0] / second[1]
    return Difference(points, interval, beyond_chance=not interval.low <= 0 <= interval.high)


def by_examples(first: Sequence[bool], others: Sequence[Sequence[bool]]) -> list[Difference]:
    """The differences of a run to others, example by example.

    Args:
        first: Whether it is right of each example.
        others: Whether the others are, of the same examples.

    >>> [one.only for one in by_examples([True, True, False], [[True, False, False]])]
    [(1, 0)]
    """
    only = [(_alone(first, other), _alone(other, first)) for other in others]
    pairs = math.comb(len(others) + 1, 2)
    chances = [min(1.0, pairs * mcnemar(*pair)) for pair in only]
    return [
        Difference((a - b) / len(first), p=p, only=(a, b), beyond_chance=p < LEVEL)
        for (a, b), p in zip(only, chances, strict=True)
    ]


def _alone(right: Sequence[bool], other: Sequence[bool]) -> int:
    """How many only the first has right."""
    return sum(bool(a) and not b for a, b in zip(right, other, strict=True))


def mcnemar(first: int, second: int) -> float:
    """The two-sided probability that chance divides the examples that one alone has right so unequally.

    Args:
        first: How many only the first has right.
        second: How many only the second has right.

    >>> mcnemar(0, 0), mcnemar(3, 3), mcnemar(0, 5)
    (1.0, 1.0, 0.0625)
    """
    count, less = first + second, min(first, second)
    tail = ways = 1
    for k in range(less):  # in whole numbers, which are never rounded
        ways = ways * (count - k) // (k + 1)
        tail += ways
    return min(1.0, float(2 * tail / 2**count))
