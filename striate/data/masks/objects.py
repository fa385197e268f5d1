"""Masks that tell objects apart: each pixel says of which object it is, and so of which class.

One number says both: object n of class k, of K classes, is 1 + n K + k; 0 is no object, and -1 is not known.

>>> made = coded(np.array([[0, 1], [2, 2]]), [0, 1], 2)
>>> made.tolist(), classes_of(made, 2).tolist()
([[0, 1], [4, 4]], [[-1, 0], [1, 1]])
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from striate.errors import InputError
from striate.ignored import IGNORED

from ..opening import ImageError
from .coding import Coding
from .found import MaskSet, Pair
from .reading import uprighted
from .regions import Regions
from .values import read_values

UNKNOWN = -1
BLACK_WHITE = 2  # classes of masks whose objects are what does not touch
WAY_OUT = "give label images with a number for each object, masks in black and white, or COCO's polygons"

Objects = NDArray[np.int32]


def coded(numbers: NDArray[np.integer], classes: Sequence[int] | NDArray[np.integer], count: int) -> Objects:
    """(H, W) of objects that are numbered from 1, each of one of `count` classes."""
    table = np.concatenate([[0], 1 + np.arange(len(classes)) * count + np.asarray(classes, np.int64)])
    return np.asarray(table[numbers].astype(np.int32))


def classes_of(objects: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """The class of each object; -1 where there is none."""
    return np.where(objects > 0, (objects.astype(np.int64) - 1) % count, -1)


def classes_in(found: MaskSet) -> tuple[str, ...]:
    """The classes of objects in a set of masks.

    Raises:
        InputError: Its masks do not tell objects apart.
    """
    if any(isinstance(pair.mask, Regions) for pair in found.pairs):
        return found.classes[1:]
    if len(found.classes) != BLACK_WHITE:
        raise InputError(f"the masks name {len(found.classes)} classes and no objects; {WAY_OUT}")
    return found.classes[1:] if found.coding.how != "number" or not found.classes[1].isdigit() else ("object",)


def read_objects(pair: Pair, *, coding: Coding) -> Objects:
    """The objects (H, W) in a mask, upright.

    Those of a mask in black and white are what does not touch, also over corners.

    Raises:
        ImageError: The mask can't be read.
    """
    if isinstance(pair.mask, Regions):
        return uprighted(_drawn(pair.mask, max(1, len(coding.classes) - 1)), pair.turn)  # type: ignore[arg-type,return-value]
    values = read_values(pair.mask)
    if coding.how == "objects":
        numbers = _renumbered(values.values)
        return uprighted(coded(numbers, [0] * int(numbers.max()), 1), pair.turn)  # type: ignore[arg-type,return-value]
    try:
        positions = coding.positions(values)
    except InputError as error:
        raise ImageError(Path(pair.where), str(error)) from error
    numbers, many = ndimage.label(positions == 1, np.ones((3, 3)))
    made = coded(numbers, [0] * many, 1)
    made[positions == IGNORED] = UNKNOWN
    return uprighted(made, pair.turn)  # type: ignore[arg-type,return-value]


def _renumbered(values: NDArray[np.integer]) -> NDArray[np.int64]:
    """Objects from 1 on without gaps; 0 stays."""
    distinct, numbers = np.unique(values, return_inverse=True)
    numbers = numbers.reshape(values.shape)
    return np.asarray(numbers if distinct[0] == 0 else numbers + 1)


def _drawn(regions: Regions, count: int) -> Objects:
    """Larger objects first, as in `Regions.mask`; of crowds nothing is known where no object is told apart."""
    made = np.zeros(regions.size, np.int64)
    filled = [(region.position - 1, region.filled(regions.size)) for region in regions.regions if not region.crowd]
    filled.sort(key=lambda one: -int(one[1].sum()))
    for number, (_, inside) in enumerate(filled, start=1):
        made[inside] = number
    drawn = coded(made, [kind for kind, _ in filled], count)
    for region in regions.regions:
        if region.crowd:
            drawn[region.filled(regions.size) & (drawn == 0)] = UNKNOWN
    return drawn
