"""The layers that change a map's grid, written again in NumPy and float64; `definitions` lists them."""

import itertools
from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.notation import tree

Array = NDArray[np.float64]
Weights = dict[str, Array]


def shuffle(layer: tree.Shuffle, x: Array, weights: Weights) -> Array:
    r, dims = layer.factor, x.ndim - 2
    maps = x.shape[1] // r**dims
    y = np.empty((len(x), maps, *(n * r for n in x.shape[2:])))
    sources = iter(np.moveaxis(x, 1, 0))
    for k, *first in itertools.product(range(maps), *[range(r)] * dims):
        places: Any = (slice(None), k, *(slice(i, None, r) for i in first))
        y[places] = next(sources)
    return y


def unshuffle(layer: tree.Unshuffle, x: Array, weights: Weights) -> Array:
    r, dims = layer.factor, x.ndim - 2
    maps = []
    for k, *first in itertools.product(range(x.shape[1]), *[range(r)] * dims):
        places: Any = (slice(None), k, *(slice(i, None, r) for i in first))
        maps.append(x[places])
    return np.stack(maps, axis=1)


def resample(layer: tree.Upsample | tree.UpsampleTo, x: Array, weights: Weights) -> Array:
    """Along each axis by a matrix of shares."""
    for axis, n in enumerate(x.shape[2:]):
        m = n * layer.factor[axis] if isinstance(layer, tree.Upsample) else layer.size[axis]
        shares = np.array([[_share(layer, i, j, n, m) for j in range(n)] for i in range(m)])
        x = np.moveaxis(np.tensordot(shares, x, axes=(1, 2 + axis)), 0, 2 + axis)
    return x


def _share(layer: tree.Resampling, i: int, j: int, n: int, m: int) -> float:
    """How much of entry j of n is in entry i of m."""
    if not layer.bilinear:
        return float(j == floor(Fraction(i * n, m)))
    place = (i + Fraction(1, 2)) * Fraction(n, m) - Fraction(1, 2)
    if layer.corners:
        place = Fraction(i * (n - 1), max(m - 1, 1))
    return float(max(0, 1 - abs(j - min(max(place, Fraction(0)), Fraction(n - 1)))))


def adaptive(layer: tree.Adaptive, x: Array, reduce: Callable[..., Any]) -> Array:
    y = np.empty((*x.shape[:2], *layer.size))
    for position in itertools.product(*map(range, layer.size)):
        ratios = (Fraction(n, m) for n, m in zip(x.shape[2:], layer.size, strict=True))
        places = (slice(floor(i * ratio), ceil((i + 1) * ratio)) for i, ratio in zip(position, ratios, strict=True))
        here: Any = (..., *position)
        seen: Any = (..., *places)
        y[here] = reduce(x[seen], axis=tuple(range(2, x.ndim)))
    return y


def pad(layer: tree.Padding, x: Array, weights: Weights) -> Array:
    mode: Any = {"zeros": "constant", "replicate": "edge", "circular": "wrap"}.get(layer.sizes.mode, layer.sizes.mode)
    return np.pad(x, [(0, 0), (0, 0), *zip(layer.sizes.sizes, layer.sizes.ends, strict=True)], mode=mode)


def crop(layer: tree.Crop, x: Array, weights: Weights) -> Array:
    ends = zip(layer.sizes.sizes, layer.sizes.ends, x.shape[2:], strict=True)
    kept: Any = (..., *(slice(before, n - after) for before, after, n in ends))
    inner: Array = x[kept]
    return inner
