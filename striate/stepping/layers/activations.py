"""Activations, entry by entry: the value, and the slope that the chain rule multiplies by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from striate.notation import tree
from striate.notation.tree import Layer
from striate.stepping.cells import Cell, hidden, worked
from striate.stepping.content import Entry, Part, label
from striate.stepping.dual import Dual, added, exp, variable
from striate.stepping.layers.functions import FUNCTIONS, function
from striate.stepping.number import Number, Value, factor_text, number_text, total
from striate.stepping.reading import Array
from striate.stepping.work import Arrays, work


def activation(layer: Layer, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    """The parts of an activation: its values and its slopes times dO, both of X's shape."""
    x, own = arrays["X"], function(layer)
    maps = hidden("X", x.shape)
    output, d_x = [], []
    for index in np.ndindex(x.shape):
        (formula, y), (slope_formula, slope) = own.at(layer, x[index])
        output.append(Entry(label("O", index, x.shape, maps), formula, y))
        d_x.append(Entry(label("dE/dX", index, x.shape, maps), *_chained(slope_formula, slope, upstream[index])))
    yield Part("O", own.rule(layer), x.shape, tuple(output))
    yield Part("dE/dX", own.slope_rule(layer), x.shape, tuple(d_x))


for _kind in FUNCTIONS:
    work.register(_kind)(activation)


def _chained(formula: str, slope: Number, gradient: Value) -> tuple[str, Number | None]:
    """The chain rule: a slope times dO, with the slope's own formula first where it has one."""
    product, value = total([(slope, gradient)])
    written = f"{formula}*{factor_text(gradient)}"
    return (written if value is not None or written == product else f"{written} = {product}"), value


@work.register
def _(layer: tree.PRelu, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, a, cells = arrays["X"], arrays["a"], {}
    for index in np.ndindex(x.shape):
        entry, place = variable("X", index, x[index]), index[:1] if len(a) > 1 else (0,)
        slope = variable("a", place, a[place])
        written = f"{factor_text(a[place])}*{factor_text(x[index])}"
        cells[index] = Cell(number_text(x[index]), entry) if x[index] > 0 else Cell(written, entry * slope)
    back = {"X": "dO where X > 0, a*dO elsewhere", "a": "the sum of X*dO where X is not above 0"}
    return worked("X where X > 0, a*X elsewhere", cells, upstream.shape, arrays, back, upstream)


@work.register
def _(layer: tree.Softmax, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, cells = arrays["X"], {}
    for position in np.ndindex(x.shape[1:]):
        places = [(c, *position) for c in range(len(x))]
        largest = max(x[at] for at in places)
        parts = [exp(variable("X", at, x[at]) - largest) for at in places]
        whole = added(parts)
        for at, part in zip(places, parts, strict=True):
            written = f"exp({number_text(x[at] - largest)})/{number_text(whole.value)}"
            cells[at] = Cell(written, _share(at, places, part, whole))
    rule = "exp(X)/sum across the channels at each position; X less its largest, so that nothing overflows"
    back = {"X": "Σ O[i]*([i = j] - O[j])*dO[j] over the channels j of the position"}
    return worked(rule, cells, upstream.shape, arrays, back, upstream)


def _share(at: tuple[int, ...], places: list[tuple[int, ...]], part: Dual, whole: Dual) -> Dual:
    """A share of a sum of exponentials: p, whose slope by each score j is p*([i = j] - p_j)."""
    p = float(part.value) / float(whole.value)
    shares = {place: float(whole.slopes[("X", place)]) / float(whole.value) for place in places}
    return Dual(p, {("X", place): p * ((place == at) - shares[place]) for place in places})
