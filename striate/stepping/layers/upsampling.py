"""Maps on a finer grid: the nearest entry, or a value between entries, linear along each axis."""

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from striate.notation import tree
from striate.stepping.cells import products, worked
from striate.stepping.content import Part
from striate.stepping.dual import constant, variable
from striate.stepping.layers.moving import moved
from striate.stepping.reading import Array
from striate.stepping.work import Arrays, work


@work.register(tree.Upsample)
@work.register(tree.UpsampleTo)
def _(layer: tree.Upsample | tree.UpsampleTo, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, sizes = arrays["X"], upstream.shape[1:]
    spatial = x.shape[1:]
    if not layer.bilinear:
        rule = "the nearest entry: i of m takes floor(i*n/m) of n"
        return moved(rule, lambda index: (index[0], *map(_nearest, index[1:], spatial, sizes)), arrays, upstream)
    cells = {}
    for index in np.ndindex(upstream.shape):
        axes = [between(_place(layer.corners, *axis), axis[1]) for axis in zip(index[1:], spatial, sizes, strict=True)]
        read = ((math.prod(share for _, share in near), (index[0], *(i for i, _ in near))) for near in corners(axes))
        cells[index] = products([(constant(share), variable("X", at, x[at])) for share, at in read if share])
    where = "i*(n - 1)/(m - 1)" if layer.corners else "(i + 1/2)*n/m - 1/2"
    rule = f"linear between the entries next to {where}"
    return worked(rule, cells, upstream.shape, arrays, {"X": "each share of the entry times its dO"}, upstream)


def _nearest(i: int, n: int, m: int) -> int:
    return i * n // m


def _place(corners: bool, i: int, n: int, m: int) -> Fraction:
    """Where entry i of m is read on an axis of n."""
    if corners:
        return Fraction(i * (n - 1), m - 1) if m > 1 else Fraction(0)
    return max(Fraction(2 * i + 1, 2) * n / m - Fraction(1, 2), Fraction(0))


def between(place: Fraction, n: int) -> list[tuple[int, Fraction]]:
    """The entries of an axis next to a place, each with its share; beyond the last entry the last."""
    first = min(math.floor(place), n - 1)
    part = place - first
    return [(first, 1 - part), (first + 1, part)] if first + 1 < n else [(first, Fraction(1))]


def corners(axes: list[list[tuple[int, Fraction]]]) -> Iterator[tuple[tuple[int, Fraction], ...]]:
    """Every choice of one entry along each axis."""
    return itertools.product(*axes)
