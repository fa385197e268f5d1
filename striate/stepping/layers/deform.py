"""Deformable convolution: a second convolution says where each tap reads, between the entries (Dai et al. 2017)."""

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from striate.notation import tree
from striate.stepping.cells import Cell, Index, between, products, worked
from striate.stepping.content import Part
from striate.stepping.dual import Dual, added, constant, exp, variables
from striate.stepping.reading import Array
from striate.stepping.sliding import Windows, sliding
from striate.stepping.work import Arrays, work


@work.register
def _(layer: tree.Deform, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    lifted = {name: variables(name, array) for name, array in arrays.items()}
    x, weights, out = lifted["X"], lifted["W"], upstream.shape[1:]
    slide = sliding(layer, x.shape[1:])
    given = _offsets(slide, lifted, out)
    yield between("offsets", "a convolution of X with Wo, plus bo: where each tap reads", given, _shape(given, out))
    taps, dims = list(np.ndindex(slide.kernel)), len(out)
    cells: dict[Index, Cell] = {}
    each = upstream.shape[0] // layer.groups
    for position in np.ndindex(out):
        seen: dict[Index, tuple[Dual, ...]] = {}
        for (number, tap), c in itertools.product(enumerate(taps), range(layer.reads(len(x)))):
            moves = [given[number * dims + axis, *position].number for axis in range(dims)]
            place = [constant(i) + move for i, move in zip(_start(slide, position, tap), moves, strict=True)]
            modulated = () if layer.plain else (_sigmoid(given[len(taps) * dims + number, *position].number),)
            seen[c, number] = (read(x, slide, c, place), *modulated)
        for f in range(layer.filters):
            channels = range(weights.shape[1])
            terms = [
                (*seen[f // each * weights.shape[1] + c, number], weights[f, c, *tap])
                for c, (number, tap) in itertools.product(channels, enumerate(taps))
            ]
            cells[f, *position] = products([*terms, *([(lifted["b"][f],)] if layer.bias else [])])
    back = {
        "W": "the entries read, times dO",
        "X": "through the entries read and through the offsets",
        **({"b": "the sum of dO over each map"} if layer.bias else {}),
        "Wo": "through the places that the taps read",
        "bo": "through the places that the taps read",
    }
    factor = "" if layer.plain else ", times its factor"
    rule = f"each tap's entry, read at its place plus its offset{factor}, times its weight"
    yield from worked(rule, cells, upstream.shape, arrays, back, upstream)


def _shape(cells: dict[Index, Cell], out: Index) -> Index:
    return len(cells) // math.prod(out), *out


def _start(slide: Windows, position: Index, tap: Index) -> Index:
    """Where a tap reads without an offset, on the padded map."""
    return tuple(o * w.stride + k * w.dilation for w, o, k in zip(slide.windows, position, tap, strict=True))


def _offsets(slide: Windows, lifted: Arrays, out: Index) -> dict[Index, Cell]:
    """The convolution that gives the offsets."""
    x, weights, bias = lifted["X"], lifted["Wo"], lifted["bo"]
    cells = {}
    for maps, *position in np.ndindex(len(weights), *out):
        terms: list[tuple[Dual, ...]] = []
        for c, *tap in np.ndindex(weights.shape[1:]):
            at = slide.at(tuple(position), tuple(tap))
            entry = x[c, *at] if slide.inside(at) else constant(Fraction(0))
            terms.append((entry, weights[maps, c, *tap]))
        cells[maps, *position] = products([*terms, (bias[maps],)])
    return cells


def read(x: Array, slide: Windows, channel: int, place: list[Dual]) -> Dual:
    """The value of a padded map at a place between its entries, linear along each axis; 0 outside."""
    firsts = [math.floor(axis.value) for axis in place]
    parts = [axis - first for axis, first in zip(place, firsts, strict=True)]
    terms = []
    for corner in itertools.product((0, 1), repeat=len(place)):
        at = tuple(first + far for first, far in zip(firsts, corner, strict=True))
        shares = [part if far else 1 - part for far, part in zip(corner, parts, strict=True)]
        terms.append(math.prod(shares, start=_padded(x, slide, channel, at)))
    return added(terms)


def _padded(x: Array, slide: Windows, channel: int, at: Index) -> Dual:
    """An entry of the padded map."""
    found = slide.padded_at(at)
    entry: Dual = constant(Fraction(0)) if found is None else x[channel, *found]
    return entry


def _sigmoid(number: Dual) -> Dual:
    return constant(1) / (constant(1) + exp(-number))
