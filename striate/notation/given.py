"""What is given from outside the text when it is bound: values for its letters, and a shape for its bare `INPUT`.

>>> shape([3, None, None])
(3, None, None)
>>> letter("n", 2.0)
2
"""

import math
from collections.abc import Sequence

from striate.errors import InputError
from striate.notation.evaluate import LARGEST
from striate.notation.tree import Shape

MAX_AXES = 3


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
