"""The layers of two frames and moves between them, written again in NumPy and float64; `definitions` lists them."""

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from striate.notation import tree

Array = NDArray[np.float64]
Weights = dict[str, Array]
SIX = {-2: 1 / 32, -1: -5 / 32, 0: 20 / 32, 1: 20 / 32, 2: -5 / 32, 3: 1 / 32}


def steps(layer: tree.Moving) -> Array:
    return np.arange(-layer.reach, layer.reach + 0.1, 1 if layer.whole else 0.5)


def read(maps: Array, dy: float, dx: float) -> Array:
    """Maps (..., H, W) read at places moved by (dy, dx), beyond their edges the nearest entry."""
    down, right = (_shares(n, moved) for n, moved in zip(maps.shape[-2:], (dy, dx), strict=True))
    return down @ maps @ right.T


def _shares(n: int, moved: float) -> Array:
    """(n, n): how much of each entry of an axis is in what is read for each."""
    shares = np.zeros((n, n))
    for place in range(n):
        for at, share in _taps(place + moved):
            shares[place, min(max(at, 0), n - 1)] += share
    return shares


def _taps(at: float) -> list[tuple[int, float]]:
    whole = math.floor(at)
    return [(whole, 1.0)] if at == whole else [(whole + tap, share) for tap, share in SIX.items()]


def match(layer: tree.Match, x: Array, weights: Weights) -> Array:
    first, second = np.split(x, 2, axis=1)
    costs = [
        abs(read(first, -dy, -dx) - read(second, dy, dx)).mean(axis=1)
        for dy, dx in itertools.product(steps(layer), repeat=2)
    ]
    return np.stack(costs, axis=1)


def move(layer: tree.Move, x: Array, weights: Weights) -> Array:
    frames, shares = x[:, : -layer.num_moves], x[:, -layer.num_moves :]
    first, second = np.split(frames, 2, axis=1)
    y = np.zeros_like(frames)
    for number, (dy, dx) in enumerate(itertools.product(steps(layer), repeat=2)):
        moved = np.concatenate([read(first, -dy, -dx), read(second, dy, dx)], axis=1)
        y += shares[:, number : number + 1] * moved
    return y
