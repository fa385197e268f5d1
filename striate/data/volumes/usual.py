"""The usual class at each place of a volume: what a guess gets that never looks at it.

>>> some = np.zeros((2, 4, 4), np.int64)
>>> some[1] = 2
>>> guess = usual([some], 3)
>>> len(guess), guessed(guess, (2, 1, 1)).ravel().tolist()
(4096, [0, 2])
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .fitting import as_large

GRID = 16  # places along each axis
FIRST = 0x4E00  # the letter of class 0: any 256 that follow each other do


def usual(labels: Iterable[NDArray[Any]], classes: int) -> str:
    """The most frequent class at each of 16x16x16 places of labels (D, H, W), a letter each."""
    counts = np.zeros((classes, GRID, GRID, GRID), np.int64)
    for one in labels:
        small = as_large(one, (GRID,) * 3)
        for number in range(classes):
            counts[number] += small == number
    return "".join(chr(FIRST + int(number)) for number in counts.argmax(0).ravel())


def guessed(guess: str, size: tuple[int, ...]) -> NDArray[np.int64]:
    """That for a volume of this size, (D, H, W); class 0 everywhere for an empty guess."""
    if len(guess) != GRID**3:
        return np.zeros(size, np.int64)
    whole = np.array([ord(letter) - FIRST for letter in guess], np.int64).reshape((GRID,) * 3)
    return as_large(whole, size)
