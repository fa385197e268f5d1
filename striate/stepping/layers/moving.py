"""Layers that move entries and compute nothing: the gradient goes back the way that the entry came."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial

import numpy as np

from striate.notation import tree
from striate.stepping.cells import Cell, Index, hidden, worked
from striate.stepping.content import Part, label
from striate.stepping.dual import constant, variable
from striate.stepping.reading import Array
from striate.stepping.sliding import folded
from striate.stepping.work import Arrays, work

Source = Callable[[Index], Index | None]  # from an entry of the output to the one that it takes; None for a zero


def moved(rule: str, source: Source, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    """The parts of a layer each of whose outputs is one entry of X, or 0."""
    x = arrays["X"]
    cells = {index: taken("X", x, source(index)) for index in np.ndindex(upstream.shape)}
    back = {"X": "dO from each place that the entry went to"}
    return worked(rule, cells, upstream.shape, arrays, back, upstream)


def taken(name: str, array: Array, place: Index | None) -> Cell:
    """An entry of an array as it is; 0 where there is no place."""
    if place is None:
        return Cell("0", constant(Fraction(0)))
    return Cell(label(name, place, array.shape, hidden(name, array.shape)), variable(name, place, array[place]))


@work.register
def _(layer: tree.Identity, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    return moved("X", lambda index: index, arrays, upstream)


@work.register
def _(layer: tree.Maps, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    rule = f"the maps {', '.join(map(str, layer.numbers))}"
    return moved(rule, lambda index: (layer.numbers[index[0]], *index[1:]), arrays, upstream)


@work.register
def _(layer: tree.Interleave, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    each = len(upstream) // layer.groups
    rule = f"the channels of {layer.groups} groups in turn: channel c is channel (c mod groups)*{each} + c div groups"
    return moved(rule, lambda i: (i[0] % layer.groups * each + i[0] // layer.groups, *i[1:]), arrays, upstream)


@work.register
def _(layer: tree.ZeroPad, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    came = len(arrays["X"])
    return moved("X, then maps of zeros", lambda index: index if index[0] < came else None, arrays, upstream)


@work.register
def _(layer: tree.Crop, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    before = layer.sizes.sizes
    rule = "X without the entries at its edges"
    return moved(rule, lambda i: (i[0], *(n + b for n, b in zip(i[1:], before, strict=True))), arrays, upstream)


@work.register
def _(layer: tree.Padding, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    mode, sizes, spatial = layer.sizes.mode, layer.sizes.sizes, arrays["X"].shape[1:]

    def source(index: Index) -> Index | None:
        at = tuple(i - b for i, b in zip(index[1:], sizes, strict=True))
        places = [folded(mode, i, n) for i, n in zip(at, spatial, strict=True)]
        return None if None in places else (index[0], *(place for place in places if place is not None))

    return moved(
        f"X with {'zeros' if mode == 'zeros' else f'its own entries ({mode})'} around", source, arrays, upstream
    )


@work.register
def _(layer: tree.Shuffle, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    rule = "blocks of channels as blocks of entries: the first channel's entry first"
    return moved(rule, partial(_unblocked, layer.factor), arrays, upstream)


@work.register
def _(layer: tree.Unshuffle, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    rule = "blocks of entries as blocks of channels: the first entry's channel first"
    return moved(rule, partial(_blocked, layer.factor), arrays, upstream)


def _unblocked(r: int, index: Index) -> Index:
    """Where an entry of a finer map stands among the channels of the coarser."""
    channel = index[0]
    for i in index[1:]:
        channel = channel * r + i % r
    return (channel, *(i // r for i in index[1:]))


def _blocked(r: int, index: Index) -> Index:
    """Where an entry of a channel stands on the finer map."""
    channel, within = index[0], list[int]()
    for _ in index[1:]:
        channel, place = divmod(channel, r)
        within.insert(0, place)
    return (channel, *(i * r + place for i, place in zip(index[1:], within, strict=True)))
