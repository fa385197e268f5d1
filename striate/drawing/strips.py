"""A step as strips of panels: each layer forward, then each backward as far as there are gradients.

>>> from striate.stepping import step
>>> first, *_ = strips(step("maxpool 2", "1 5; 2 3", upstream="7"))
>>> first.title, [panel.title for panel in first.panels], sorted(first.panels[0].shaded)
('maxpool 2, forward', ['X', 'O'], [(0, 1)])
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from striate.drawing.panels import Cell, Panel, Strip, as_matrix, cell_of, given, marked, unmarked, window
from striate.drawing.sums import convolved, matrix_product, outer, spread, through, weighed
from striate.errors import InputError
from striate.notation.graph import Added, Join, Scaled
from striate.notation.tree import AvgPool, Conv, FullyConnected, MaxPool, Pool, Subsample
from striate.stepping import Chain, Step
from striate.stepping.reading import Array
from striate.stepping.seen import entries_read
from striate.stepping.sliding import sliding

MOST_STRIPS = 40
POSITIONS = 3  # of a window that are drawn


def strips(step: Step) -> list[Strip]:
    """A step as strips: each layer forward, then each backward as far as there are gradients.

    Raises:
        InputError: A map has more than two axes, or too many entries; or there are too many layers.
    """
    if isinstance(step, Chain):
        layers = [(f"{name}: {one.layer}", one) for name, one in step.steps.items()]
        found = [strip for name, one in layers for strip in _forward(name, one, 1)]
        found += [strip for name, one in reversed(layers) for strip in _backward(name, one, 1)]
    else:
        found = [*_forward(step.layer, step, POSITIONS), *_backward(step.layer, step, POSITIONS)]
    found = [
        Strip("" if before and before.title == strip.title else strip.title, strip.panels)
        for before, strip in zip([None, *found], found, strict=False)
    ]
    if len(found) > MOST_STRIPS:
        rule = f"a picture shows at most {MOST_STRIPS} strips, and this takes {len(found)}"
        raise InputError(f"{rule}; step through a part of the chain")
    return found


def _forward(name: str, step: Step, count: int) -> Iterator[Strip]:
    title, output = f"{name}, forward", step["O"].values
    assert output is not None
    for index in _chosen(output.shape, count):
        out = marked("O", output, index, "shaded", sign="→")
        if isinstance(step.node, Conv):
            yield Strip(title, tuple(convolved(step, step.arrays["X"], index, output)))
        elif isinstance(step.node, FullyConnected) and not step.node.each:
            yield Strip(title, tuple(matrix_product(step, step.arrays["X"], index[0], output)))
        else:
            yield Strip(title, (*_read(step, index), out))


def _backward(name: str, step: Step, count: int) -> Iterator[Strip]:
    upstream = given(step, "dO")
    gradients = {part.name: part.values for part in step.parts if part.name.startswith("dE/d")}
    if upstream is None:
        if "dE/dX" in gradients and gradients["dE/dX"] is not None:  # a softmax that the loss has taken in
            yield Strip(f"{name}, backward", (unmarked("dE/dX = p - y", gradients["dE/dX"]),))
        return
    chosen = _chosen(upstream.shape, count) if count > 1 else [_largest(upstream)]
    to_input, to_weights = f"{name}, backward to the input", f"{name}, backward to the weights"
    for index in chosen:
        came = marked("dO", upstream, index, "shaded")
        if isinstance(step.node, Conv):
            yield Strip(to_input, (came, *spread(step, index, gradients["dE/dX"])))
        elif isinstance(step.node, FullyConnected) and not step.node.each:
            yield Strip(to_input, (came, *through(step, index[0], gradients["dE/dX"])))
        else:
            yield Strip(f"{name}, backward", (came, *_reached(step, index, gradients)))
    for index in chosen:
        came = marked("dO", upstream, index, "shaded")
        if isinstance(step.node, Conv):
            yield Strip(to_weights, (came, *weighed(step, step.arrays["X"], index, gradients["dE/dW"])))
        elif isinstance(step.node, FullyConnected) and not step.node.each:
            yield Strip(to_weights, (came, *outer(step, step.arrays["X"], index[0], gradients["dE/dW"])))


def _chosen(shape: tuple[int, ...], count: int) -> list[tuple[int, ...]]:
    """Some entries of an output: of its first map the first, those after it, and the last."""
    places = [(0, *at) for at in np.ndindex(shape[1:])] if len(shape) > 1 else list(np.ndindex(shape))
    return list(dict.fromkeys([*places[: max(count - 1, 1)], *(places[-1:] if count > 1 else [])]))


def _largest(upstream: Array) -> tuple[int, ...]:
    """The entry of a gradient that is farthest from 0."""
    return max(np.ndindex(upstream.shape), key=lambda index: abs(upstream[index]))


def _read(step: Step, index: tuple[int, ...]) -> Iterator[Panel]:
    """What an output reads, of each input."""
    between = {Added: "+", Scaled: "×"}
    for number, symbol in enumerate(_inputs(step)):
        panel = read_by(step, symbol, index)
        sign = between.get(type(step.node), "") if number else ""  # type: ignore[arg-type]
        yield Panel(panel.title, panel.values, panel.framed, panel.shaded, panel.padding, sign)


def _inputs(step: Step) -> list[str]:
    return [name for name in step.arrays if name[0] == "X"]


def _reached(step: Step, index: tuple[int, ...], gradients: dict[str, Array | None]) -> Iterator[Panel]:
    """Where the gradient of an output goes, in each input."""
    for number, symbol in enumerate(_inputs(step)):
        array = gradients.get(f"dE/d{symbol}")
        if array is not None:
            seen = read_by(step, symbol, index)
            first = (entries_read(step, index, symbol) or [(0,) * array.ndim])[0]
            framed = _without_padding(step, seen)
            values = as_matrix(array, first)
            yield Panel(seen.title.replace("X", "dE/dX", 1), values, framed, sign="" if number else "→")


def _without_padding(step: Step, panel: Panel) -> frozenset[Cell]:
    """The framed entries of a padded map, counted in the map itself."""
    inside = panel.framed - panel.padding
    if not panel.padding:
        return inside
    kept = [(row, column) for row, column in np.ndindex(panel.values.shape) if (row, column) not in panel.padding]
    top, left = min(row for row, _ in kept), min(column for _, column in kept)
    return frozenset((row - top, column - left) for row, column in inside)


def read_by(step: Step, symbol: str, index: tuple[int, ...]) -> Panel:
    """The map of an input that an output reads from, the entries framed; of a max pool the winner shaded too."""
    x = step.arrays[symbol]
    if isinstance(step.node, Pool | Subsample):
        counted = isinstance(step.node, AvgPool) and step.node.counts_padding
        panel = window(symbol, sliding(step.node, x.shape[1:]), x, index[0], index[1:], 0 if counted else None)
        inside = list(panel.framed - panel.padding)
        best = max(inside, key=lambda cell: (panel.values[cell], -cell[0], -cell[1])) if inside else (0, 0)
        won = frozenset({best}) if isinstance(step.node, MaxPool) else frozenset[Cell]()
        return Panel(panel.title, panel.values, panel.framed, won, panel.padding)
    read = entries_read(step, index, symbol)
    if not read and x.shape == step["O"].shape and not isinstance(step.node, Join):
        read = [index]  # a function of the entry, whose slope is 0 there
    first = read[0] if read else (0,) * x.ndim
    own = [at for at in read if x.ndim == 1 or at[0] == first[0]]
    several = f", map {first[0]}" if x.ndim > 1 and len(x) > 1 else ""
    return Panel(symbol + several, as_matrix(x, first), frozenset(cell_of(at, x.ndim) for at in own))
