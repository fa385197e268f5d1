"""Layers with products of weights → steps: convolutions of all kinds, fully connected ones, LeNet-5's own.

>>> from striate.native.builder import value_of
>>> from striate.native.target import named
>>> builder = Builder(named("avx2"))
>>> dense(builder, tree.FullyConnected(10), value_of((4, 5, 5)), "fc1").size
10
>>> [type(step).__name__ for step in builder.steps]
['Flatten', 'Dense']
"""

from __future__ import annotations

from striate.native.builder import Builder, Refused, Triple, like, out, paddings, title_of, triple, weights_of
from striate.native.depth import by_axes, frames
from striate.native.grids import padded, windows_of
from striate.native.steps.bodies import Axis, Shape
from striate.native.steps.convolution import Convolution
from striate.native.steps.dense import Dense
from striate.native.steps.embed import Embed
from striate.native.steps.join import ZeroPad
from striate.native.steps.pool import SumPool
from striate.native.steps.rbf import RBF
from striate.native.steps.subsample import Subsample
from striate.native.steps.upconv import UpConvolution
from striate.native.steps.view import Flatten
from striate.native.values import Parameter, Value
from striate.notation import tree
from striate.notation.render import node_text
from striate.notation.rules.window import reach

NONE: Triple = (0, 0, 0)


def convolution(b: Builder, layer: tree.Conv, x: Value, name: str) -> Value:
    """One step, a matrix product where the kernel is the map, after padding that repeats the map."""
    y, (before, after) = out(layer, x), paddings(layer, x)
    title = title_of(layer, x, y, name)
    if layer.pad.mode not in ("zeros", "same") and any((*before, *after)):
        x = padded(b, f"padding of {title}", x, layer.pad.mode, before, after)
        before = NONE
    kernel, stride, dilation = triple(layer.kernel), triple(layer.stride), triple(layer.dilation)
    weights = weights_of(name, (layer.filters, x.channels // layer.groups, *layer.kernel), layer.filters * layer.bias)
    reaches = tuple(reach(k, d) for k, d in zip(kernel, dilation, strict=True))
    whole = reaches == kernel == x.sizes and before == NONE and y.rows * y.columns == 1
    if whole and layer.groups == 1 and not layer.flip:
        return b.add(Dense(title, flat(b, x), y, weights, b.target.lanes))
    axes = zip(x.sizes, kernel, stride, dilation, before, y.sizes, strict=True)
    depth, *sides = (Axis(*numbers) for numbers in axes)
    border = (*before[1:], *(side.beyond for side in sides))
    shape = Shape(
        x.channels, x.sizes[1:], layer.filters, kernel[1:], stride[1:], dilation[1:], before[1:],
        y.sizes[1:], layer.groups, layer.bias, layer.flip, x.strips, depth,
    )  # fmt: skip
    if len(layer.kernel) == 3:
        x = frames(b, x)
        x.needs_border(*border)
    else:
        x = _bordered(b, x, border, title)
    return b.add(Convolution(title, x, y, weights, shape, b.target))


def _bordered(b: Builder, x: Value, border: tuple[int, ...], title: str) -> Value:
    """The value inside a border of zeros: above, left, below, right."""
    if x.rows * x.columns == 1 and any(border):  # other readers expect single entries side by side
        x = b.add(ZeroPad(f"border of {title}", (x,), Value(x.channels)))
    x.needs_border(*border)
    return x


def upconvolution(b: Builder, layer: tree.UpConv, x: Value, name: str) -> Value:
    """The mirror of the convolution that makes x's size of y's."""
    y, before = out(layer, x), triple(layer.pad.sizes or (0,) * len(layer.kernel), 0)
    kernel, stride, dilation = triple(layer.kernel), triple(layer.stride), triple(layer.dilation)
    depth = Axis(y.depth, kernel[0], stride[0], dilation[0], before[0], x.depth)
    shape = Shape(
        y.channels, y.sizes[1:], x.channels, kernel[1:], stride[1:], dilation[1:], before[1:],
        x.sizes[1:], layer.groups, layer.bias, False, depth=depth,
    )  # fmt: skip
    weights = weights_of(name, (x.channels, layer.filters // layer.groups, *layer.kernel), layer.filters * layer.bias)
    return b.add(UpConvolution(title_of(layer, x, y, name), x, y, weights, shape, b.target))


def flat(b: Builder, x: Value) -> Value:
    """The entries of a map one after another."""
    return x if x.rows * x.columns == 1 else b.add(Flatten("flatten", (x,), Value(x.size)))


def dense(b: Builder, layer: tree.FullyConnected, x: Value, name: str) -> Value:
    """A matrix product."""
    if layer.each and x.rows * x.columns > 1:
        return _dense_at_each(b, layer, x, name)
    entries, y = flat(b, x), Value(layer.units)
    weights = weights_of(name, (layer.units, x.size), layer.units * layer.bias)
    return b.add(Dense(title_of(layer, x, y, name), entries, y, weights, b.target.lanes))


def _dense_at_each(b: Builder, layer: tree.FullyConnected, x: Value, name: str) -> Value:
    """One matrix at each position: a convolution of one entry."""
    y, one = like(x, layer.units), (1, 1)
    shape = Shape(
        x.channels, (x.rows, x.columns), layer.units, one, one, one, (0, 0), (x.rows, x.columns), 1, layer.bias, False,
        x.strips,
    )  # fmt: skip
    weights = weights_of(name, (layer.units, x.channels), layer.units * layer.bias)
    return b.add(Convolution(title_of(layer, x, y, name), x, y, weights, shape, b.target))


def embed(b: Builder, layer: tree.Embed, x: Value, name: str) -> Value:
    """Rows of a table; the words are the network's input."""
    if b.steps and any(x is step.output for step in b.steps):
        raise Refused(f"the native engine lacks '{node_text(layer)}' after another layer")
    y, table = Value(layer.table[1], 1, x.size), Parameter(f"{name}.weight", layer.table)
    return b.add(Embed(title_of(layer, x, y, name), x, y, table, b.target.lanes))


def subsample(b: Builder, layer: tree.Subsample, x: Value, name: str) -> Value:
    """LeNet-5's pooling; in three dimensions of the sums of windows within frames."""
    y, (within, along) = out(layer, x), windows_of(layer, x)
    title, weights = title_of(layer, x, y, name), weights_of(name, (x.channels,), x.channels)
    if b.dims < 3:
        return b.add(Subsample(title, x, y, weights, within))
    return by_axes(
        b, x, y, lambda x, y: SumPool(title, x, y, within), lambda x, y: Subsample(title, x, y, weights, along)
    )


def rbf(b: Builder, layer: tree.RBF, x: Value, name: str) -> Value:
    """LeNet-5's output units, with prototypes of their own."""
    entries, y, first = flat(b, x), Value(layer.units), b.prototypes
    b.prototypes += layer.units * x.size
    return b.add(RBF(title_of(layer, x, y, name), entries, y, first, name))
