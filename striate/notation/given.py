"""What is given from outside the text when it is bound: values for its letters, and a shape for its bare `INPUT`.

>>> shape([3, None, None])
(3, None, None)
>>> letter("n", 2.0)
2
"""

import math
from collections.abc import Mapping, Sequence

from striate.errors import InputError
from striate.notation.evaluate import LARGEST
from striate.notation.tree import Shape

MAX_AXES = 3


def letters(values: Mapping[str, int | float]) -> dict[str, int | float]:
    """The values of letters, checked, by name in small letters.

    Raises:
        InputError: They are no dictionary of numbers by name, or one is too large.
    """
    if not isinstance(values, Mapping) or not all(isinstance(name, str) for name in values):
        raise InputError(f"letters are given as a dictionary, such as {{'N': 2}}. Received: {values!r}")
    return {name.lower(): letter(name, value) for name, value in values.items()}


def letter(name: str, value: int | float) -> int | float:
    """The value of a letter, checked; an int where it is whole.

    Raises:
        InputError: It is no number, or too large.
    """
    if not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > LARGEST:
        raise InputError(f"the letter '{name}' stands for a number up to {LARGEST:,}, not {value!r}")
    return int(value) if value == int(value) else float(value)


def shape(sizes: Sequence[int | None]) -> Shape:
    """An input's shape, checked: (C, H, W), None for a free axis.

    Raises:
        InputError: There are no channels, too many axes, or a size that is no whole number from 1.
    """
    whole = all(size is None or (isinstance(size, int) and 1 <= size <= LARGEST) for size in sizes)
    if not whole or not 1 <= len(sizes) <= 1 + MAX_AXES or sizes[0] is None:
        rule = "an input is channels and at most three axes, whole numbers from 1, None for a free axis"
        raise InputError(f"{rule}; received {tuple(sizes)}")
    return tuple(sizes)
