"""Layers that are sums of products of entries with weights, each in its own arrangement."""

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from striate.errors import InputError
from striate.notation import tree
from striate.stepping.cells import Cell, Cells, Index, products, worked
from striate.stepping.content import Part, label, zeros
from striate.stepping.convolution import convolution
from striate.stepping.dense import fully_connected
from striate.stepping.dual import Dual, added, constant, variable
from striate.stepping.number import factor_text, number_text
from striate.stepping.reading import Array
from striate.stepping.sliding import sliding
from striate.stepping.work import Arrays, work

Terms = list[tuple[Dual, ...]]
NO_BIAS = zeros((0,))


@work.register
def _(layer: tree.Conv, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    slide = sliding(layer, arrays["X"].shape[1:])
    return convolution(slide, arrays["X"], arrays["W"], arrays.get("b", NO_BIAS), upstream)


@work.register
def _(layer: tree.FullyConnected, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, weights, bias = arrays["X"], arrays["W"], arrays.get("b", NO_BIAS)
    if not layer.each:
        return fully_connected(x, weights, bias, upstream)
    sums: dict[Index, Terms] = {}
    for index in np.ndindex(upstream.shape):
        unit, *position = index
        sums[index] = [(_x(x, (c, *position)), variable("W", (unit, c), weights[unit, c])) for c in range(len(x))]
    rule = f"W·X{' + b' * bool(bias.size)} along the channels at each position"
    back = {"W": "dO·Xᵀ, summed over the positions", "X": "Wᵀ·dO at each position"}
    return _biased(rule, sums, arrays, back, upstream)


@work.register
def _(layer: tree.UpConv, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, weights = arrays["X"], arrays["W"]
    each, sums = weights.shape[1], _no_terms(upstream)
    for (c, *at), (f, *tap) in itertools.product(np.ndindex(x.shape), np.ndindex(weights.shape[1:])):
        axes = zip(at, layer.stride, tap, layer.dilation, layer.pad.sizes, strict=True)
        position = tuple(i * s + k * d - cut for i, s, k, d, cut in axes)
        group = c * layer.groups // len(x)
        if all(0 <= i < n for i, n in zip(position, upstream.shape[1:], strict=True)):
            product = (_x(x, (c, *at)), variable("W", (c, f, *tap), weights[c, f, *tap]))
            sums[group * each + f, *position].append(product)
    rule = f"each entry of X spread over W, what meets added{' + b' * ('b' in arrays)}"
    back = {
        "W": "the sum of X*dO wherever the weight took an entry",
        "X": "dO ⋆ W: a convolution takes the gradient back",
    }
    return _biased(rule, sums, arrays, back, upstream)


@work.register
def _(layer: tree.Local, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, weights = arrays["X"], arrays["W"]
    slide, sums = sliding(layer, x.shape[1:]), _no_terms(upstream)
    for number, position in enumerate(np.ndindex(upstream.shape[1:])):
        taps = itertools.product(range(len(x)), np.ndindex(slide.kernel))
        places = [(c, *slide.at(position, tap)) for c, tap in taps]
        for (place, at), f in itertools.product(enumerate(places), range(layer.filters)):
            value = _x(x, at) if slide.inside(at[1:]) else constant(Fraction(0))
            sums[f, *position].append((value, variable("W", (f, number, place), weights[f, number, place])))
    rule = f"each window of X times the weights of its own position{' + b' * ('b' in arrays)}"
    back = {"W": "the entry of X times dO at its position", "X": "the weights of each window times its dO"}
    each = itertools.count()
    return _biased(rule, sums, arrays, back, upstream, "dO", lambda index: next(each))


@work.register
def _(layer: tree.Lws, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, weights = arrays["X"], arrays["W"]
    slide, sums = sliding(layer, x.shape[1:]), _no_terms(upstream)
    each = upstream.shape[1] // layer.sections
    for position in np.ndindex(upstream.shape[1:]):
        section, taps = position[0] // each, itertools.product(range(len(x)), np.ndindex(slide.kernel))
        places = [(c, *slide.at(position, tap)) for c, tap in taps]
        for (place, at), f in itertools.product(enumerate(places), range(layer.filters)):
            value = _x(x, at) if slide.inside(at[1:]) else constant(Fraction(0))
            sums[f, *position].append((value, variable("W", (f, section, place), weights[f, section, place])))
    rule = f"each window of X times the weights of its section of rows{' + b' * ('b' in arrays)}"
    back = {"W": "the sum of X*dO over its section", "X": "the weights of each window's section times its dO"}
    of_bias = "the sum of dO over each map's section"
    return _biased(
        rule, sums, arrays, back, upstream, of_bias, lambda index: index[0] * layer.sections + index[1] // each
    )


@work.register
def _(layer: tree.RBF, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, prototypes = arrays["X"], arrays["P"]
    cells = {}
    for unit in range(layer.units):
        apart = [_x(x, at) - p for at, p in zip(np.ndindex(x.shape), prototypes[unit], strict=True)]
        pairs = zip(x.flat, prototypes[unit], strict=True)
        written = " + ".join(f"({factor_text(value)} - {factor_text(p)})^2" for value, p in pairs)
        cells[(unit,)] = Cell(f"-({written})", -added(difference * difference for difference in apart))
    rule = "minus the squared distance of X to each prototype P"
    return worked(rule, cells, upstream.shape, arrays, {"X": "-2*(X - P)*dO, summed over the units"}, upstream)


@work.register
def _(layer: tree.Embed, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, table = arrays["X"], arrays["T"]
    for word in x:
        if not (word == int(word) and 0 <= word < len(table)):
            rule = f"embed {len(table)}x{table.shape[1]} reads whole numbers from 0 to {len(table) - 1}"
            raise InputError(f"{rule}, the words' rows in its table. Received: {number_text(word)}")
    cells = {}
    for width, place in np.ndindex(upstream.shape):
        at = (int(x[place]), width)
        cells[width, place] = Cell(label("T", at, table.shape), variable("T", at, table[at]))
    back = {} if layer.static else {"T": "the sum of dO over the places of each word"}
    return worked("for each word number the row of the table T", cells, upstream.shape, arrays, back, upstream)


def _x(x: Array, at: Index) -> Dual:
    return variable("X", at, x[at])


def _no_terms(upstream: Array) -> dict[Index, Terms]:
    return {index: [] for index in np.ndindex(upstream.shape)}


def _biased(
    rule: str,
    sums: dict[Index, Terms],
    arrays: Arrays,
    back: dict[str, str],
    upstream: Array,
    of_bias: str = "the sum of dO over each map",
    place_of: Callable[[Index], int] = lambda index: index[0],
) -> Iterator[Part]:
    """The parts of a layer that is these sums, in their order, plus a bias: by default one per map.

    Its gradient is `of_bias`; `place_of` gives the bias of an entry.
    """
    bias = arrays.get("b")
    if bias is not None:
        for index, terms in sums.items():
            place = (place_of(index),)
            terms.append((variable("b", place, bias[place]),))
        back = {**back, "b": of_bias}
    cells: Cells = {index: products(terms) for index, terms in sums.items()}
    return worked(rule, cells, upstream.shape, arrays, back, upstream)
