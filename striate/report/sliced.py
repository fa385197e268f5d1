"""Volumes as pictures: a slice along each axis, side by side, where there is most to see.

>>> three(np.zeros((4, 6, 8)), (2, 3, 4)).shape
(128, 384)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 128  # pixels of a slice's square


def fullest(labels: NDArray[Any]) -> tuple[int, int, int]:
    """Along each axis the slice of labels (D, H, W) with most that is not class 0; the middle where nothing is."""
    there = labels > 0
    found = []
    for axis, side in enumerate(labels.shape):
        sums = there.sum(tuple(other for other in range(3) if other != axis))
        found.append(int(sums.argmax()) if sums.any() else side // 2)
    return found[0], found[1], found[2]


def three(volume: NDArray[Any], places: Sequence[int], spacing: Sequence[float] = ()) -> NDArray[Any]:
    """The slices of a volume (D, H, W) at a place along each axis, (128, 384); 0 beside them.

    Args:
        volume: Numbers or labels; no two are mixed.
        places: The number of a slice along each axis.
        spacing: The size of a voxel along each axis; voxels of a scanner, whose last axis goes up, are drawn so.
    """
    sizes = spacing or (1.0, 1.0, 1.0)
    sheet = np.zeros((SIDE, 3 * SIDE), volume.dtype)
    for axis, place in enumerate(places):
        plane, (high, wide) = volume.take(place, axis), [one for other, one in enumerate(sizes) if other != axis]
        if spacing:
            plane, high, wide = plane.T[::-1], wide, high
        sheet[:, axis * SIDE : (axis + 1) * SIDE] = _square(plane, high, wide)
    return sheet


def _square(plane: NDArray[Any], high: float, wide: float) -> NDArray[Any]:
    """A plane in the middle of a square, as large as fits; the nearest entry for each pixel."""
    sides = plane.shape[0] * high, plane.shape[1] * wide
    rows, columns = (max(1, min(SIDE, round(SIDE * side / max(sides)))) for side in sides)
    down, right = ((np.arange(n) * have // n) for n, have in zip((rows, columns), plane.shape, strict=True))
    made = np.zeros((SIDE, SIDE), plane.dtype)
    top, left = (SIDE - rows) // 2, (SIDE - columns) // 2
    made[top : top + rows, left : left + columns] = plane[down[:, None], right]
    return made


def grey(volume: NDArray[Any]) -> NDArray[np.uint8]:
    """Numbers as bytes, from the hundredth least to the hundredth most.

    >>> grey(np.array([0.0, 1.0])).tolist()
    [0, 255]
    """
    low, high = (float(np.percentile(volume, share)) for share in (1, 99))
    if high <= low:
        low, high = float(volume.min()), float(volume.max())
    return np.asarray(np.rint(((volume - low) / max(high - low, 1e-9)).clip(0, 1) * 255), np.uint8)
