"""Volumes as a network reads them: each at the wanted size of voxels, with mean 0 and spread 1.

A scanner's numbers have no unit, so each volume and channel is scaled by itself, as is usual for MRI.

>>> standardised(np.array([[[[1.0, 3.0]]]])).tolist()
[[[[-1.0, 1.0]]]]
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from .reading import Floats, Volume


def standardised(values: NDArray[Any]) -> Floats:
    """(C, D, H, W) with mean 0 and spread 1 in each channel; one of a single value is 0 everywhere."""
    values = values.astype(np.float32)
    over = (1, 2, 3)
    spread = values.std(over, keepdims=True, dtype=np.float64)
    apart = values - values.mean(over, keepdims=True, dtype=np.float64)
    return np.asarray(apart / np.where(spread > 0, spread, 1), np.float32)


def spaced(volume: Volume, spacing: tuple[float, ...]) -> NDArray[Any]:
    """Its values (C, D, H, W) with voxels of so many millimetres, interpolated linearly; as they are for ().

    Raises:
        InputError: The file does not say how large its voxels are.
    """
    if not spacing:
        return volume.values
    return np.stack([_zoomed(one.astype(np.float32), factors(volume, spacing), 1) for one in volume.values])


def labels_spaced(volume: Volume, spacing: tuple[float, ...]) -> NDArray[Any]:
    """Labels (D, H, W) likewise, each the nearest."""
    return volume.values[0] if not spacing else _zoomed(volume.values[0], factors(volume, spacing), 0)


def factors(volume: Volume, spacing: tuple[float, ...]) -> tuple[float, ...]:
    """How many times as many voxels it has along each axis then.

    Raises:
        InputError: The file does not say how large its voxels are.
    """
    if not volume.spacing:
        raise InputError("`spacing` is for volumes that say how large their voxels are, as NIfTI does; leave it out")
    return tuple(own / wanted for own, wanted in zip(volume.spacing, spacing, strict=True))


def _zoomed(values: NDArray[Any], by: tuple[float, ...], order: int) -> NDArray[Any]:
    if all(round(side * times) == side for side, times in zip(values.shape, by, strict=True)):
        return values
    from scipy.ndimage import zoom  # half a second to import, for a few alone

    least = tuple(max(times, 2 / side) for side, times in zip(values.shape, by, strict=True))
    return np.asarray(zoom(values, least, order=order, mode="nearest", grid_mode=True))


def as_large(labels: NDArray[Any], size: tuple[int, ...]) -> NDArray[Any]:
    """Labels (D, H, W) on a grid of another size: each the nearest.

    >>> as_large(np.arange(2).reshape(1, 1, 2), (1, 1, 4)).tolist()
    [[[0, 0, 1, 1]]]
    """
    for axis, (have, want) in enumerate(zip(labels.shape, size, strict=True)):
        labels = labels.take(((np.arange(want) + 0.5) * have / want).astype(np.int64), axis)
    return labels


def spacing_of(words: str) -> tuple[float, ...]:
    """Millimetres along each axis from `1x1x2.5`, or from `1` for all; () for nothing.

    Raises:
        InputError: It is no size of a voxel.
    """
    if not words:
        return ()
    try:
        made = tuple(float(word) for word in words.lower().split("x"))
    except ValueError:
        made = ()
    if len(made) not in (1, 3) or not all(0 < one < 1e4 for one in made):
        raise InputError(f"spacing is millimetres along each axis, such as 1x1x2.5. Received: '{words}'")
    return made * 3 if len(made) == 1 else made
