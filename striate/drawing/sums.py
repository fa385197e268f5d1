"""The products of a convolution and of a matrix with its input: forward, and back to the input and the weights."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from striate.drawing.panels import Panel, as_matrix, cell_of, given, marked, window
from striate.notation.tree import Conv
from striate.stepping import Step
from striate.stepping.reading import Array
from striate.stepping.sliding import sliding

CHANNELS = 3  # of a sum over channels that are drawn


def _filters(step: Step, f: int) -> tuple[Array, int]:
    """A filter as it slides, (C / groups, *kernel), and its first channel."""
    assert isinstance(step.node, Conv)
    weights = given(step, "W")
    assert weights is not None
    first = f * step.node.groups // len(weights) * weights.shape[1]
    own = np.flip(weights[f], axis=tuple(range(1, weights.ndim - 1))) if step.node.flip else weights[f]
    return own, first


def convolved(step: Step, x: Array, index: tuple[int, ...], output: Array) -> Iterator[Panel]:
    """The window times the filter, channel by channel, and the sum."""
    assert isinstance(step.node, Conv)
    weights, first = _filters(step, index[0])
    slide = sliding(step.node, x.shape[1:])
    for number, kernel in enumerate(weights[:CHANNELS]):
        came = window("X", slide, x, first + number, index[1:])
        matrix = np.atleast_2d(kernel)
        seen = _under(came, matrix.shape)
        yield Panel(came.title, came.values, came.framed, padding=came.padding, sign="+" if number else "")
        yield Panel("W", matrix, sign="×")
        yield Panel("products", seen * matrix, sign="=")
    more = f" (and {len(weights) - CHANNELS} channels more)" if len(weights) > CHANNELS else ""
    bias = given(step, "b")
    plus = " + b" if bias is not None else ""
    yield marked(f"O: their sum{plus}{more}", output, index, "shaded", sign="Σ →")


def _under(panel: Panel, shape: tuple[int, ...]) -> Array:
    """The entries under a window, in its shape."""
    seen = np.empty(len(panel.framed), dtype=object)
    seen[:] = [panel.values[cell] for cell in sorted(panel.framed)]
    return seen.reshape(shape)


def spread(step: Step, index: tuple[int, ...], d_x: Array) -> Iterator[Panel]:
    """One entry of dO times the filter, added to dE/dX under its window."""
    assert isinstance(step.node, Conv)
    weights, first = _filters(step, index[0])
    upstream = given(step, "dO")
    assert upstream is not None
    matrix = np.atleast_2d(weights[0])
    yield Panel(_of(weights, "W"), matrix, sign="×")
    yield Panel("products", matrix * upstream[index], sign="=")
    slide = sliding(step.node, d_x.shape[1:])
    places = [slide.at(index[1:], tap) for tap in np.ndindex(slide.kernel)]
    inside = frozenset(cell_of((0, *at), 2) for at in places if slide.inside(at))
    several = f", map {first}" if len(d_x) > 1 else ""
    yield Panel(f"dE/dX{several}: all such products added", as_matrix(d_x, (first,)), inside, sign="added →")


def weighed(step: Step, x: Array, index: tuple[int, ...], d_weights: Array) -> Iterator[Panel]:
    """One entry of dO times the window, added to dE/dW."""
    assert isinstance(step.node, Conv)
    weights, first = _filters(step, index[0])
    upstream = given(step, "dO")
    assert upstream is not None
    came = window("X", sliding(step.node, x.shape[1:]), x, first, index[1:])
    seen = _under(came, np.atleast_2d(weights[0]).shape)
    yield Panel(came.title, came.values, came.framed, padding=came.padding, sign="×")
    yield Panel("products", seen * upstream[index], sign="=")
    own = np.atleast_2d(d_weights[index[0]][0])
    every = frozenset((row, column) for row, column in np.ndindex(own.shape))
    turned = " (flipped)" if step.node.flip else ""
    yield Panel(_of(weights, "dE/dW") + f": all such products added{turned}", own, every, sign="added →")


def _of(weights: Array, name: str) -> str:
    return f"{name}, channel 0" if len(weights) > 1 else name


def matrix_product(step: Step, x: Array, unit: int, output: Array) -> Iterator[Panel]:
    """A row of W times X, and the sum."""
    weights, row = given(step, "W"), np.atleast_2d(np.array(list(x.flat), dtype=object))
    assert weights is not None
    matrix = as_matrix(weights[None], (0,))
    yield Panel("W", matrix, frozenset((unit, column) for column in range(matrix.shape[1])))
    yield Panel("X, in a row", as_matrix(row, (0,)), sign="×")
    yield Panel("products", matrix[unit : unit + 1] * row, sign="=")
    plus = " + b" if given(step, "b") is not None else ""
    yield marked(f"O: their sum{plus}", output, (unit,), "shaded", sign="Σ →")


def through(step: Step, unit: int, d_x: Array) -> Iterator[Panel]:
    """One entry of dO times its row of W, added to dE/dX."""
    weights, upstream = given(step, "W"), given(step, "dO")
    assert weights is not None
    assert upstream is not None
    matrix = as_matrix(weights[None], (0,))
    yield Panel("W", matrix, frozenset((unit, column) for column in range(matrix.shape[1])), sign="×")
    yield Panel("products", matrix[unit : unit + 1] * upstream[unit], sign="=")
    row = np.array(list(d_x.flat), dtype=object)[None]
    every = frozenset((0, column) for column in range(row.shape[1]))
    yield Panel("dE/dX, in a row: all such products added", row, every, sign="added →")


def outer(step: Step, x: Array, unit: int, d_weights: Array) -> Iterator[Panel]:
    """One entry of dO times X: a row of dE/dW."""
    row = np.array(list(x.flat), dtype=object)[None]
    yield Panel("X, in a row", as_matrix(row, (0,)), frozenset((0, column) for column in range(row.shape[1])), sign="×")
    framed = frozenset((unit, column) for column in range(row.shape[1]))
    yield Panel("dE/dW: such a row for each unit", as_matrix(d_weights[None], (0,)), framed, sign="=")
