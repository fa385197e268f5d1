"""Regions of interest: a box of any size becomes a map of one size (Girshick 2015; He et al. 2017)."""

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from striate.errors import InputError
from striate.notation import tree
from striate.stepping.cells import Cell, hidden, listed, products, worked
from striate.stepping.content import Part, label
from striate.stepping.dual import Dual, constant, variable
from striate.stepping.layers.upsampling import between, corners
from striate.stepping.number import Number, number_text
from striate.stepping.reading import Array
from striate.stepping.work import Arrays, work


@work.register
def _(layer: tree.RoIPool, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    """Boxes are rounded to whole entries, a half up, and their last entries belong to them."""
    left, top, right, bottom = (math.floor(edge + Fraction(1, 2)) for edge in _on_map(arrays))
    height, width = arrays["X"].shape[1:]
    rows, columns = _bins(top, bottom, layer.size[0], height), _bins(left, right, layer.size[1], width)
    cells = {(c, i, j): _largest(arrays["X"], c, rows[i], columns[j]) for c, i, j in np.ndindex(upstream.shape)}
    rule = "the largest entry of each bin of the box, rounded to whole entries (of equals each has a share)"
    return worked(rule, cells, upstream.shape, arrays, {"X": "dO where the entry won, 0 elsewhere"}, upstream)


def _largest(x: Array, c: int, rows: range, columns: range) -> Cell:
    """The largest entry of a bin; of equals the columns have equal shares, and in each its rows; 0 of an empty one."""
    places = [(c, *at) for at in itertools.product(rows, columns)]
    if not places:
        return Cell("0", constant(0))
    most = max(x[at] for at in places)
    winners = [at for at in places if x[at] == most]
    own = {column: sum(at[2] == column for at in winners) for _, _, column in winners}
    names = " = ".join(label("X", at, x.shape, hidden("X", x.shape)) for at in winners)
    slopes: dict[Any, Number] = {("X", at): Fraction(1, own[at[2]] * len(own)) for at in winners}
    return Cell(f"max({listed([x[at] for at in places])}) = {names}", Dual(most, slopes))


def _on_map(arrays: Arrays) -> list[Fraction]:
    """The edges of the box, which is given in pixels of the input, in entries of the map."""
    left, top, right, bottom = arrays["box"]
    if right < left or bottom < top:
        shown = " ".join(map(number_text, arrays["box"]))
        raise InputError(f"box: left, top, right, bottom in pixels of the input, in this order. Received: {shown}")
    return [edge / arrays["jump"][()] for edge in arrays["box"]]


def _bins(first: int, last: int, count: int, n: int) -> list[range]:
    """The entries of each bin; neighbours share a split entry."""
    length = max(last - first + 1, 1)
    spans = [(first + i * length // count, first - (-(i + 1) * length // count)) for i in range(count)]
    return [range(min(max(begin, 0), n), min(max(end, 0), n)) for begin, end in spans]


@work.register
def _(layer: tree.RoIAlign, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, half = arrays["X"], Fraction(int(layer.aligned), 2)
    left, top, right, bottom = (edge - half for edge in _on_map(arrays))
    if not layer.aligned:
        right, bottom = max(right, left + 1), max(bottom, top + 1)
    rows = _points(top, bottom, layer.size[0], layer.points)
    columns = _points(left, right, layer.size[1], layer.points)
    share, cells = Fraction(1, layer.points**2), {}
    for c, i, j in np.ndindex(upstream.shape):
        terms = []
        for place in itertools.product(rows[i], columns[j]):
            for near in _near(place, x.shape[1:]):
                at, part = (c, *(entry for entry, _ in near)), math.prod(own for _, own in near)
                terms.append((constant(part * share), variable("X", at, x[at])))
        cells[c, i, j] = products([term for term in terms if term[0].value])
    rule = f"the mean of {layer.points} x {layer.points} values in each bin of the box, read between the entries"
    return worked(rule, cells, upstream.shape, arrays, {"X": "each share of the entry times its dO"}, upstream)


def _points(first: Fraction, last: Fraction, count: int, points: int) -> list[list[Fraction]]:
    """Where the values of each bin are read on an axis."""
    apart = (last - first) / (count * points)
    return [[first + apart * (i * points + k + Fraction(1, 2)) for k in range(points)] for i in range(count)]


def _near(place: tuple[Fraction, ...], spatial: tuple[int, ...]) -> Iterator[tuple[tuple[int, Fraction], ...]]:
    """The entries next to a place with their shares; a place more than one entry outside reads nothing."""
    if any(i < -1 or i > n for i, n in zip(place, spatial, strict=True)):
        return iter(())
    inside = (between(min(max(i, Fraction(0)), Fraction(n - 1)), n) for i, n in zip(place, spatial, strict=True))
    return corners(list(inside))
