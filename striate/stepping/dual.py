"""Numbers that know their slopes: forward differentiation (Wengert 1964), exact while the numbers are fractions.

>>> x, w = variable("X", (0,), Fraction(3)), variable("W", (0,), Fraction(4))
>>> product = x * w + 1
>>> product.value, product.slopes[("X", (0,))], product.slopes[("W", (0,))]
(Fraction(13, 1), Fraction(4, 1), Fraction(3, 1))
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from striate.stepping.number import Number
from striate.stepping.reading import Array

Place: TypeAlias = tuple[str, tuple[int, ...]]  # an entry of an array: ("X", (0, 1))


@dataclass(frozen=True, eq=False)
class Dual:
    """A number and its slope by each entry that it depends on."""

    value: Number
    slopes: Mapping[Place, Number] = field(default_factory=dict)

    def through(self, value: Number, slope: Number) -> Dual:
        """A function of it, by its value and its slope: the chain rule."""
        return Dual(value, {place: slope * own for place, own in self.slopes.items()})

    def __add__(self, other: Dual | Number | int) -> Dual:
        return added([self, constant(other)])

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return self.through(-self.value, Fraction(-1))

    def __sub__(self, other: Dual | Number | int) -> Dual:
        return self + -constant(other)

    def __rsub__(self, other: Number | int) -> Dual:
        return -self + other

    def __mul__(self, other: Dual | Number | int) -> Dual:
        one, two = self, constant(other)
        value: Number = one.value * two.value
        return added([one.through(value, two.value), two.through(Fraction(0), one.value)])

    __rmul__ = __mul__

    def __pow__(self, exponent: Number) -> Dual:
        base = float(self.value)
        return self.through(base ** float(exponent), float(exponent) * base ** (float(exponent) - 1))

    def __truediv__(self, other: Dual) -> Dual:
        inverse = 1 / other.value
        return self * other.through(inverse, -inverse * inverse)


def constant(value: Dual | Number | int) -> Dual:
    """A number that depends on nothing; a dual number as it is."""
    return value if isinstance(value, Dual) else Dual(Fraction(value) if isinstance(value, int) else value)


def variable(name: str, index: tuple[int, ...], value: Number) -> Dual:
    """The entry of an array."""
    return Dual(value, {(name, index): Fraction(1)})


def variables(name: str, array: Array) -> Array:
    """Every entry of an array as a variable, in its shape."""
    lifted = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        lifted[index] = variable(name, index, array[index])
    return lifted


def added(numbers: Iterable[Dual]) -> Dual:
    """The sum."""
    value: Any = Fraction(0)
    slopes: dict[Place, Any] = {}
    for one in numbers:
        value = value + one.value
        for place, slope in one.slopes.items():
            slopes[place] = slopes[place] + slope if place in slopes else slope
    return Dual(value, slopes)


def exp(number: Dual) -> Dual:
    """The exponential."""
    value = math.exp(number.value)
    return number.through(value, value)
