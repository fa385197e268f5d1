"""Whether two runs differ by more than chance, from what they got right.

On the same examples, McNemar's exact test (1947; Dietterich 1998 recommends it where each algorithm is trained once)
counts those of which one run is right and the other wrong. Where only the shares are known, the interval of their
difference decides (Newcombe 1998, method 10), which takes the examples of the two for different ones: of the same
examples it is too wide, and so misses small differences rather than invent any.

>>> round(mcnemar(2, 14), 5)
0.00418
>>> by_shares((950, 1000), (990, 1000)).beyond_chance
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from striate.metrics.interval import Interval, weighted_sum

LEVEL = 0.05
SHARES = "95% interval of the difference of two shares (Newcombe 1998), which takes their examples for different ones"
PAIRS = "McNemar's exact test on the same examples (1947), Holm's correction (1979) where there are several"


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


def by_shares(first: tuple[int, int], second: tuple[int, int]) -> Difference:
    """The difference of two shares.

    Args:
        first: How many are right, and of how many.
        second: The same of the other.
    """
    interval = weighted_sum([(1, *first), (-1, *second)])
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
    chances = holm([mcnemar(*pair) for pair in only])
    return [
        Difference((a - b) / len(first), p=p, only=(a, b), beyond_chance=p < LEVEL)
        for (a, b), p in zip(only, chances, strict=True)
    ]


def _alone(right: Sequence[bool], other: Sequence[bool]) -> int:
    """How many only the first has right."""
    return sum(a and not b for a, b in zip(right, other, strict=True))


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


def holm(chances: Sequence[float]) -> list[float]:
    """Probabilities corrected for how many there are (Holm 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    corrected, highest = [0.0] * len(chances), 0.0
    for rank, place in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        highest = max(highest, min(1.0, chances[place] * (len(chances) - rank)))
        corrected[place] = highest
    return corrected
