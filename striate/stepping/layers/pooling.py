"""Pooling: the gradient goes to the winner of each window, or in equal shares to all of it."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np

from striate.notation import tree
from striate.stepping.cells import Cell, Index, hidden, listed, products, worked
from striate.stepping.content import Part, label
from striate.stepping.dual import Dual, added, constant, variable
from striate.stepping.number import number_text
from striate.stepping.reading import Array
from striate.stepping.sliding import sliding
from striate.stepping.work import Arrays, work

Windows = Mapping[Index, Sequence[Index | None]]  # the entries that each output sees; None for padding that counts
ONE, EACH = "dO where the entry won, 0 elsewhere", "an equal share of dO to every entry of the window"


def largest(windows: Windows, arrays: Arrays, upstream: Array, what: str, shared: bool = False) -> Iterator[Part]:
    """The largest entry of each window; of equals the first wins, or, where `shared`, each an equal share."""
    x = arrays["X"]
    cells = {index: _winner(x, [at for at in window if at], shared) for index, window in windows.items()}
    ties = "of equals each has a share" if shared else "of equals the first"
    return worked(f"the largest entry of {what} ({ties})", cells, upstream.shape, arrays, {"X": ONE}, upstream)


def _winner(x: Array, places: Sequence[Index], shared: bool) -> Cell:
    if not places:
        return Cell("0", constant(0))
    most = max(x[place] for place in places)
    winners = [place for place in places if x[place] == most][: None if shared else 1]
    names = " = ".join(label("X", place, x.shape, hidden("X", x.shape)) for place in winners)
    slope = Fraction(1, len(winners))
    return Cell(f"max({listed([x[at] for at in places])}) = {names}", Dual(most, {("X", at): slope for at in winners}))


def means(windows: Windows, arrays: Arrays, upstream: Array, what: str) -> Iterator[Part]:
    """The mean of each window."""
    x = arrays["X"]
    cells = {index: mean(x, window) for index, window in windows.items()}
    return worked(f"the mean of {what}", cells, upstream.shape, arrays, {"X": EACH}, upstream)


def mean(x: Array, window: Sequence[Index | None]) -> Cell:
    """The mean of the entries of X at some places."""
    entries = [variable("X", at, x[at]) if at else constant(0) for at in window]
    whole = products([(entry,) for entry in entries])
    return Cell(f"({whole.formula})/{len(window)}", whole.number * Fraction(1, len(window)))


@work.register(tree.MaxPool)
@work.register(tree.AvgPool)
def _(layer: tree.MaxPool | tree.AvgPool, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    slide = sliding(layer, arrays["X"].shape[1:])
    windows: dict[Index, list[Index | None]] = {}
    for index in np.ndindex(upstream.shape):
        seen = (slide.at(index[1:], tap) for tap in np.ndindex(slide.kernel))
        windows[index] = [(index[0], *at) if slide.inside(at) else None for at in seen if slide.counts(at)]
    if isinstance(layer, tree.MaxPool):
        return largest(windows, arrays, upstream, "each window")
    return means(windows, arrays, upstream, "each window")


@work.register(tree.AdaptiveMaxPool)
@work.register(tree.AdaptiveAvgPool)
def _(layer: tree.Adaptive, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    windows = {index: _bins(index, arrays["X"].shape, upstream.shape) for index in np.ndindex(upstream.shape)}
    what = "each window i, from floor(i*n/m) to before ceil((i + 1)*n/m)"
    if isinstance(layer, tree.AdaptiveMaxPool):
        return largest(windows, arrays, upstream, what)
    return means(windows, arrays, upstream, what)


@work.register(tree.GlobalMaxPool)
@work.register(tree.GlobalAvgPool)
def _(layer: tree.GlobalMaxPool | tree.GlobalAvgPool, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    windows = {index: _bins(index, arrays["X"].shape, upstream.shape) for index in np.ndindex(upstream.shape)}
    if isinstance(layer, tree.GlobalMaxPool):
        return largest(windows, arrays, upstream, "each map")
    return means(windows, arrays, upstream, "each map")


def _bins(index: Index, came: Index, gave: Index) -> list[Index]:
    """The entries of one window of a pool that gives a fixed size."""
    axes = zip(index[1:], came[1:], gave[1:], strict=True)
    spans = [range(i * n // m, -(-(i + 1) * n // m)) for i, n, m in axes]
    return [(index[0], *(span[i] for span, i in zip(spans, at, strict=True))) for at in np.ndindex(*map(len, spans))]


@work.register(tree.ChannelMax)
@work.register(tree.ChannelMean)
def _(layer: tree.ChannelMax | tree.ChannelMean, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    channels = range(len(arrays["X"]))
    windows = {index: [(c, *index[1:]) for c in channels] for index in np.ndindex(upstream.shape)}
    if isinstance(layer, tree.ChannelMax):
        return largest(windows, arrays, upstream, "the channels at each position", shared=True)
    return means(windows, arrays, upstream, "the channels at each position")


@work.register
def _(layer: tree.Maxout, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    pieces = range(layer.pieces)
    windows = {i: [(i[0] * layer.pieces + piece, *i[1:]) for piece in pieces] for i in np.ndindex(upstream.shape)}
    return largest(windows, arrays, upstream, f"each {layer.pieces} neighbouring channels", shared=True)


@work.register
def _(layer: tree.Subsample, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, a, b = arrays["X"], arrays["a"], arrays["b"]
    slide = sliding(layer, x.shape[1:])
    cells = {}
    for index in np.ndindex(upstream.shape):
        c = index[0]
        places = [(c, *slide.at(index[1:], tap)) for tap in np.ndindex(slide.kernel)]
        sum_of = products([(variable("X", at, x[at]),) for at in places])
        value = sum_of.number * variable("a", (c,), a[c]) + variable("b", (c,), b[c])
        cells[index] = Cell(f"{number_text(a[c])}*({sum_of.formula}) + {number_text(b[c])}", value)
    back = {
        "a": "the sum of dO times each window's sum",
        "X": "a*dO of each window",
        "b": "the sum of dO over each map",
    }
    return worked("a times the sum of each window, plus b", cells, upstream.shape, arrays, back, upstream)


@work.register
def _(layer: tree.Unpool, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, seen = arrays["X"], arrays["seen"]
    assert layer.source
    slide = sliding(layer.source, seen.shape[1:])
    went: dict[Index, list[Index]] = {index: [] for index in np.ndindex(upstream.shape)}
    for index in np.ndindex(x.shape):
        taps = ((index[0], *slide.at(index[1:], tap)) for tap in np.ndindex(slide.kernel))
        went[max((at for at in taps if slide.inside(at[1:])), key=lambda at: seen[at])].append(index)
    cells = {}
    for index, places in went.items():
        names = " + ".join(label("X", at, x.shape, hidden("X", x.shape)) for at in places)
        cells[index] = Cell(names or "0", added(variable("X", at, x[at]) for at in places))
    rule = f"each entry back where {layer.pool} found its own, 0 elsewhere"
    return worked(rule, cells, upstream.shape, arrays, {"X": "dO at the place that the entry went to"}, upstream)
