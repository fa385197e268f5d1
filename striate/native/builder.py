"""The steps so far, and what every lowering of a layer needs: values of shapes, titles, kernels on two axes.

>>> out(tree.MaxPool((2, 2), (2, 2), dilation=(1, 1), pad=tree.Pad("zeros", (0, 0))), value_of((3, 8, 6))).size
36
"""

from __future__ import annotations

from typing import Any

from striate.errors import InputError
from striate.native.plan import Step
from striate.native.target import Target
from striate.native.values import Parameter, Value
from striate.notation import rules, tree
from striate.notation.render import node_text
from striate.notation.rules.window import windows
from striate.notation.tree import Layer

Pair = tuple[int, int]  # rows, columns
Triple = tuple[int, int, int]  # frames, rows, columns


class Refused(InputError):  # noqa: N818 - named for the outcome
    """The native engine lacks a layer; its message names it."""


class Builder:
    """The steps so far, and counts that run through the whole network; `dims`: how many spatial axes its maps have."""

    def __init__(self, target: Target, dims: int = 2) -> None:
        self.target, self.dims = target, dims
        self.steps: list[Step] = []
        self.wholes: dict[Value, Value] = {}  # by their values in strips
        self.normalised = self.dropouts = self.prototypes = 0

    def add(self, step: Step) -> Value:
        """Append the step; returns its output, which has as many strips as its input unless the step gathers them."""
        self.steps.append(step)
        step.output.strips = 1 if step.gathers else step.inputs[0].strips
        return step.output


def value_of(shape: tree.Shape) -> Value:
    """A value for maps of this shape; in one dimension there is one row, in three frames are one below the other."""
    channels, *positions = sizes(shape)
    depth, rows, columns = triple(tuple(positions))
    return Value(channels, depth * rows, columns, depth)


def sizes(shape: tree.Shape) -> tuple[int, ...]:
    """A shape of which every size is known."""
    return tuple(n or 1 for n in shape)


def like(x: Value, channels: int = 0) -> Value:
    """A value of the same shape, or with another number of channels."""
    return Value(channels or x.channels, x.rows, x.columns, x.depth)


def triple(axes: tuple[int, ...], fill: int = 1) -> Triple:
    """Frames, rows and columns, `fill` for the axes that a network does not have: in one dimension there is one row."""
    depth, rows, columns = (*[fill] * (3 - len(axes)), *axes)
    return depth, rows, columns


def pair(axes: tuple[int, ...], fill: int = 1) -> Pair:
    """Rows and columns."""
    return triple(axes, fill)[1:]


def title_of(layer: Layer, x: Value, y: Value, name: str) -> str:
    """What a step is, in the notation and with shapes."""
    dims = 2 if x.depth == y.depth == 1 else 3
    sizes = " -> ".join("x".join(map(str, shape_of(v, dims))) for v in (x, y))
    return f"{name}: {node_text(layer)}, {sizes}"


def out(layer: Layer, x: Value, dims: int = 0) -> Value:
    """The output by the layer's shape rule; x has `dims` axes, by default as many as the layer's kernel, else two."""
    return value_of(rules.output(layer, shape_of(x, dims or len(getattr(layer, "kernel", (0, 0))))).value)


def shape_of(x: Value, dims: int) -> tree.Shape:
    """The shape that a value has for the notation."""
    return (x.channels, *x.sizes[3 - dims :])


def paddings(layer: Any, x: Value) -> tuple[Triple, Triple]:
    """Padding before and after, (frames, rows, columns) of each."""
    axes = zip(windows(layer), shape_of(x, len(layer.kernel))[1:], strict=True)
    sides = [window.padding(n) for window, n in axes]
    return triple(tuple(a for a, _ in sides), 0), triple(tuple(b for _, b in sides), 0)


def weights_of(name: str, shape: tuple[int, ...], bias: int) -> tuple[Parameter, ...]:
    """A layer's weight, and its bias of `bias` entries unless that is 0."""
    weight = Parameter(f"{name}.weight", shape)
    return (weight, Parameter(f"{name}.bias", (bias,))) if bias else (weight,)
