"""A number together with how it was computed.

>>> Figure(2368, "(7*7*3 + 1)*16").formula
'(7*7*3 + 1)*16'
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Figure(Generic[T]):
    """A value and its formula with the numbers filled in; the formula is empty where there is nothing to compute."""

    value: T
    formula: str = ""


def times(*factors: int | None) -> str:
    """`3*7*7`; a free axis is written `?`.

    >>> times(3, 7, None)
    '3*7*?'
    """
    return "*".join("?" if factor is None else str(factor) for factor in factors)


def product(factors: tuple[int | None, ...]) -> int | None:
    """The product, or None when a factor is free.

    >>> product((3, 4)), product((3, None))
    (12, None)
    """
    result = 1
    for factor in factors:
        if factor is None:
            return None
        result *= factor
    return result
