"""Whether the arrays of two parts of a data set have values of one scale.

>>> scales({"x_train": np.full((4, 2), 200.0), "x_test": np.full((4, 2), 2.0)})
['x_test holds 2 to 2 and x_train 200 to 200: another scale']
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

SAMPLE = 1000  # arrays from which the spread is measured
APART = 10.0  # factor by which the values of two parts may differ in scale without a warning

Array = NDArray[Any]


@dataclass(frozen=True)
class _Range:
    """Least and greatest value of an array, and its standard deviation."""

    low: float
    high: float
    spread: float


def scales(parts: Mapping[str, Array]) -> list[str]:
    """A note when the values of a part have another scale than the training values, which come first.

    Raises:
        InputError: the pixels of one go from 0 to 1, those of another beyond.
    """
    (learned, first), *others = ((name, _range(array)) for name, array in parts.items())
    lines = []
    for name, other in others:
        said = f"{name} holds {other.low:g} to {other.high:g} and {learned} {first.low:g} to {first.high:g}"
        small, large = sorted((first, other), key=lambda found: found.high)
        if small.low >= 0 and large.low >= 0 and 0 < small.high <= 1 and large.high > APART:
            raise InputError(f"{said}; bring both to one scale")
        if not 1 / APART <= (other.spread or first.spread) / (first.spread or 1) <= APART:
            lines.append(f"{said}: another scale")
    return lines


def _range(array: Array) -> _Range:
    sample = array[:: -(-len(array) // SAMPLE)]
    return _Range(float(array.min()), float(array.max()), float(sample.std(dtype=np.float64)))
