"""Normalisation: less the mean, over the root of the variance, times a scale, plus a shift; and its relatives.

Of N entries that are normalised together dE/dX is gamma/sqrt(var + eps)*(dO - mean of dO - Xn*(mean of dO*Xn)), Xn
being the normalised entry (Ioffe & Szegedy 2015, section 3). Here it is written out entry by entry.
"""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from striate.errors import InputError
from striate.notation import tree
from striate.stepping.cells import Cell, Index, between, products, worked
from striate.stepping.content import Part
from striate.stepping.dual import Dual, added, constant, variable, variables
from striate.stepping.number import factor_text, number_text
from striate.stepping.reading import Array
from striate.stepping.work import Arrays, work

Members = dict[Index, list[Index]]  # the entries that are normalised together, by the place of their statistics
TOGETHER = "gamma/sqrt(var + eps)*(dO - mean of dO - Xn*(mean of dO*Xn)), the means over what is normalised together"


@work.register
def _(layer: tree.BatchNorm, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    if "mean" in arrays:
        statistics = {name: _constants(arrays[name]) for name in ("mean", "var")}
        place = {index: index[:1] for index in np.ndindex(upstream.shape)}
        back = {"X": "gamma/sqrt(var + eps)*dO; the statistics are given"}
        return _scaled(_normal(layer.eps, statistics, place, arrays), arrays, back, upstream)
    if upstream.shape[1:] in ((), (1,) * (upstream.ndim - 1)):
        rule = "bn takes the mean and the variance over the entries of each map, and here a map has one entry"
        raise InputError(f"{rule}; give the statistics as `given` (running_mean, running_var), or larger maps")
    return _together(layer.eps, _by(upstream.shape, lambda index: index[:1]), (upstream.shape[0],), arrays, upstream)


@work.register
def _(layer: tree.LayerNorm, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    shape = upstream.shape
    return _together(layer.eps, _by(shape, lambda index: index[1:]), shape[1:], arrays, upstream)


@work.register
def _(layer: tree.GroupNorm, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    each = len(upstream) // layer.groups
    members = _by(upstream.shape, lambda index: (index[0] // each,))
    return _together(layer.eps, members, (layer.groups,), arrays, upstream)


@work.register
def _(layer: tree.InstanceNorm, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    return _together(layer.eps, _by(upstream.shape, lambda index: index[:1]), upstream.shape[:1], arrays, upstream)


def _by(shape: Index, key: object) -> Members:
    members: Members = {}
    for index in np.ndindex(shape):
        members.setdefault(key(index), []).append(index)  # type: ignore[operator]
    return members


def _together(eps: float, members: Members, shape: Index, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    """The parts of a layer that normalises each group of entries by their own mean and variance."""
    x = variables("X", arrays["X"])
    means = {place: _mean([x[index] for index in group]) for place, group in members.items()}
    variances = {}
    for place, group in members.items():
        apart = [x[index] - means[place].number for index in group]
        squares = " + ".join(f"{factor_text(one.value)}^2" for one in apart)
        variances[place] = Cell(f"({squares})/{len(group)}", _mean([one * one for one in apart]).number)
    yield between("mean", "the mean of what is normalised together", means, shape)
    yield between("var", "the mean of the squared distances from it", variances, shape)
    statistics = {"mean": _numbers(means), "var": _numbers(variances)}
    place_of = {index: at for at, group in members.items() for index in group}
    yield from _scaled(_normal(eps, statistics, place_of, arrays), arrays, {"X": TOGETHER}, upstream)


def _mean(entries: list[Dual]) -> Cell:
    whole = products([(entry,) for entry in entries])
    return Cell(f"({whole.formula})/{len(entries)}", whole.number * Fraction(1, len(entries)))


def _constants(array: Array) -> dict[Index, Dual]:
    return {(c,): constant(value) for c, value in enumerate(array)}


def _numbers(cells: dict[Index, Cell]) -> dict[Index, Dual]:
    return {place: cell.number for place, cell in cells.items()}


def _normal(
    eps: float, statistics: dict[str, dict[Index, Dual]], place: dict[Index, Index], arrays: Arrays
) -> dict[Index, Cell]:
    """Every entry less its mean, over the root of its variance."""
    cells, x = {}, arrays["X"]
    for index in np.ndindex(x.shape):
        mean, variance = (statistics[name][place[index]] for name in ("mean", "var"))
        value = (variable("X", index, x[index]) - mean) * (variance + Fraction(repr(eps))) ** -0.5
        above = f"{number_text(x[index])} - {factor_text(mean.value)}"
        cells[index] = Cell(f"({above})/sqrt({number_text(variance.value)} + {eps:g})", value)
    return cells


def _scaled(normal: dict[Index, Cell], arrays: Arrays, back: dict[str, str], upstream: Array) -> Iterator[Part]:
    """The normalised entries, then each times its channel's scale plus its shift."""
    if "gamma" not in arrays:
        yield from worked("Xn = (X - mean)/sqrt(var + eps)", normal, upstream.shape, arrays, back, upstream)
        return
    yield between("Xn", "(X - mean)/sqrt(var + eps)", normal, upstream.shape)
    cells = {}
    for index, cell in normal.items():
        scale = variable("gamma", index[:1], arrays["gamma"][index[:1]])
        shift = variable("beta", index[:1], arrays["beta"][index[:1]]) if "beta" in arrays else constant(0)
        written = f"{number_text(scale.value)}*{factor_text(cell.number.value)}"
        written += f" + {factor_text(shift.value)}" if "beta" in arrays else ""
        cells[index] = Cell(written, scale * cell.number + shift)
    back = {**back, "gamma": "the sum of Xn*dO over each channel"}
    back |= {"beta": "the sum of dO over each channel"} if "beta" in arrays else {}
    rule = "gamma*Xn" + (" + beta" if "beta" in arrays else "")
    yield from worked(rule, cells, upstream.shape, arrays, back, upstream)


@work.register
def _(layer: tree.RMSNorm, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x = variables("X", arrays["X"])
    squares = {}
    for place, group in _by(upstream.shape, lambda index: index[1:]).items():
        written = " + ".join(f"{factor_text(x[index].value)}^2" for index in group)
        square = added(x[index] * x[index] for index in group) * Fraction(1, len(group))
        squares[place] = Cell(f"({written})/{len(group)}", square)
    yield between("ms", "the mean of the squares of the channels", squares, upstream.shape[1:])
    normal = {}
    for index in np.ndindex(x.shape):
        square = squares[index[1:]].number
        value = x[index] * (square + Fraction(repr(layer.eps))) ** -0.5
        written = f"{factor_text(x[index].value)}/sqrt({number_text(square.value)} + {layer.eps:g})"
        normal[index] = Cell(written, value)
    back = {"X": "gamma/sqrt(ms + eps)*(dO - Xn*(mean of dO*Xn)), the mean over the channels"}
    yield from _scaled(normal, arrays, back, upstream)


@work.register
def _(layer: tree.LayerScale, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, gamma = arrays["X"], arrays["gamma"]
    cells = {
        index: products([(variable("gamma", index[:1], gamma[index[:1]]), variable("X", index, x[index]))])
        for index in np.ndindex(x.shape)
    }
    back = {"gamma": "the sum of X*dO over each channel", "X": "gamma*dO"}
    return worked("gamma*X, a factor for each channel", cells, upstream.shape, arrays, back, upstream)


@work.register
def _(layer: tree.LRN, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x = variables("X", arrays["X"])
    k, alpha, beta = (Fraction(repr(float(number))) for number in (layer.k, layer.alpha, layer.beta))
    cells = {}
    for c, *at in np.ndindex(x.shape):
        first = c - layer.size // 2
        near = [x[i, *at] for i in range(max(first, 0), min(first + layer.size, len(x)))]
        divisor = added(one * one for one in near) * alpha + k
        squares = " + ".join(f"{factor_text(one.value)}^2" for one in near)
        below = f"({layer.k:g} + {layer.alpha:g}*({squares}))^{layer.beta:g}"
        entry = x[c, *at]
        cells[c, *at] = Cell(f"{factor_text(entry.value)}/{below}", entry * divisor ** -float(beta))
    rule = f"X/(k + alpha*(the sum of X^2 over {layer.size} channels))^beta"
    back = {
        "X": "dO/D^beta - 2*alpha*beta*X*(the sum of X*dO/D^(beta + 1) over the channels that see it), D the bracket"
    }
    return worked(rule, cells, upstream.shape, arrays, back, upstream)


@work.register(tree.Dropout)
@work.register(tree.DropPath)
def _(layer: tree.Dropout | tree.DropPath, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, mask, cells = arrays["X"], arrays.get("mask"), {}
    stays = Fraction(1) if mask is None else 1 / (1 - Fraction(repr(float(layer.p))))
    for index in np.ndindex(x.shape):
        kept = Fraction(1) if mask is None else mask[index] if mask.shape == x.shape else mask[0]
        entry = variable("X", index, x[index])
        written = f"{number_text(kept)}*{factor_text(x[index])}/(1 - {layer.p:g})"
        cells[index] = Cell(number_text(x[index]) if mask is None else written, entry * (kept * stays))
    rule = "X: evaluation drops nothing" if mask is None else f"mask*X/(1 - p), p = {layer.p:g}"
    back = {"X": "dO" if mask is None else "mask*dO/(1 - p)"}
    return worked(rule, cells, upstream.shape, arrays, back, upstream)
