"""Three frames at equal distances, of which the one in the middle is to be found from the others.

>>> from pathlib import Path
>>> clip = Clip(Path("a"), "train", ("0", "1", "2", "3", "4"), ((4, 6),) * 5)
>>> [one.number for one in triplets_of(clip)], [one.number for one in triplets_of(clip, odd=True)]
([1, 2, 3], [1, 3])
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .finding import Clip


@dataclass(frozen=True, eq=False)
class Triplet:
    """A frame between two.

    Attributes:
        clip: Whose frames they are.
        number: That of the frame in the middle, from 0.
    """

    clip: Clip
    number: int

    @property
    def name(self) -> str:
        """The frame in the middle."""
        return self.clip.names[self.number]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        size = self.clip.sizes[self.number]
        assert size
        return size


def triplets_of(clip: Clip, odd: bool = False) -> list[Triplet]:
    """Each frame with the one before and the one after, where all can be read and are of one size.

    Args:
        clip: The clip.
        odd: Whether only every other frame is asked for, from the second on: none of them is shown to the network.
    """
    numbers = range(1, len(clip.sizes) - 1, 2 if odd else 1)
    return [Triplet(clip, n) for n in numbers if clip.sizes[n] and len(set(clip.sizes[n - 1 : n + 2])) == 1]


def around(triplet: Triplet) -> NDArray[np.uint8]:
    """(6, H, W): the frames before and after.

    Raises:
        ImageError: One can't be read.
    """
    return np.concatenate([triplet.clip.frame(triplet.number + step) for step in (-1, 1)])


def middle(triplet: Triplet) -> NDArray[np.float32]:
    """(3, H, W), from 0 to 1: the frame in the middle.

    Raises:
        ImageError: It can't be read.
    """
    return triplet.clip.frame(triplet.number).astype(np.float32) / np.float32(255)
