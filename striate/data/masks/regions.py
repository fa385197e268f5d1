"""Regions of an image as COCO's annotations give them, polygons and run lengths, and the mask they make.

A pixel is in a polygon when its centre is, by the even-odd rule; several polygons of one object are united. Larger
objects are drawn first, so that a small one in front of a large one stays visible.

>>> square = Region(1, polygons=((1.0, 1.0, 3.0, 1.0, 3.0, 3.0, 1.0, 3.0),))
>>> Regions("instances.json", (4, 4), (square,)).mask().tolist()
[[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError
from striate.polygons import polygon_mask


@dataclass(frozen=True)
class Region:
    """One object.

    Attributes:
        position: its class, 1 to K - 1.
        polygons: x and y in turn, in pixels from the upper left corner of the image.
        runs: instead of polygons, how many pixels are outside, inside, outside, …, down the columns in turn.
        crowd: whether it is many objects that are not told apart.
    """

    position: int
    polygons: tuple[tuple[float, ...], ...] = ()
    runs: tuple[int, ...] = ()
    crowd: bool = False

    def filled(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        """The pixels (height, width) inside."""
        if self.runs:
            inside = np.arange(len(self.runs)) % 2 == 1
            return np.repeat(inside, self.runs).reshape(size[::-1]).T
        mask = np.zeros(size, bool)
        for polygon in self.polygons:
            mask |= polygon_mask(polygon, size)
        return mask


@dataclass(frozen=True)
class Regions:
    """The objects of one image.

    Attributes:
        source: the file of annotations.
        size: (height, width) of the image as the file states it.
        regions: the objects.
    """

    source: str
    size: tuple[int, int]
    regions: tuple[Region, ...]

    def mask(self) -> NDArray[np.uint8]:
        """The class position of each pixel (height, width); 0 outside of all objects."""
        mask = np.zeros(self.size, np.uint8)
        filled = [(region.position, region.filled(self.size)) for region in self.regions]
        for position, inside in sorted(filled, key=lambda one: -int(one[1].sum())):
            mask[inside] = position
        return mask


def decompressed(text: str) -> tuple[int, ...]:
    """COCO's run lengths in letters: six bits each, five of a number, lowest first, and one if it goes on.

    From the fourth on, a number is the difference to the one two before.

    >>> decompressed("52703")  # as pycocotools writes 5, 2, 7, 2, 10
    (5, 2, 7, 2, 10)

    Raises:
        InputError: the text ends within a number.
    """
    runs: list[int] = []
    place = 0
    while place < len(text):
        value, shift, more = 0, 0, True
        while more:
            if place >= len(text):
                raise InputError("run lengths that are cut short")
            bits = ord(text[place]) - 48
            value |= (bits & 31) << shift
            place, shift, more = place + 1, shift + 5, bool(bits & 32)
        if bits & 16:
            value |= -1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
    return tuple(runs)
