"""Layer → steps: lowers each layer of the notation to steps of the native engine.

>>> from striate.native.target import named
>>> builder = Builder(named("avx2"))
>>> y = LAYERS[tree.FullyConnected](builder, tree.FullyConnected(10), value_of((4, 5, 5)), "fc1")
>>> [type(step).__name__ for step in builder.steps], y.size
(['Flatten', 'Dense'], 10)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from striate.native.plan import Step
from striate.native.steps.activation import Activation, PRelu
from striate.native.steps.bodies import Shape
from striate.native.steps.convolution import Convolution
from striate.native.steps.dense import Dense, Flatten
from striate.native.steps.dropout import Dropout
from striate.native.steps.join import ZeroPad
from striate.native.steps.maps import Maps
from striate.native.steps.norm import BatchNorm, LocalResponseNorm
from striate.native.steps.padding import Padding
from striate.native.steps.pool import AvgPool, GlobalAvgPool, MaxPool, Window
from striate.native.steps.rbf import RBF
from striate.native.steps.subsample import Subsample
from striate.native.target import Target
from striate.native.values import Parameter, Value
from striate.notation import rules, tree
from striate.notation.render import node_text
from striate.notation.rules.window import reach, windows
from striate.notation.tree import Layer


class Builder:
    """The steps so far, and counts that run through the whole network."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.steps: list[Step] = []
        self.normalised = self.dropouts = self.prototypes = 0

    def add(self, step: Step) -> Value:
        """Append the step; returns its output."""
        self.steps.append(step)
        return step.output


def value_of(shape: tree.Shape) -> Value:
    sizes = [n or 1 for n in shape]
    rows, columns = (1, 1, *sizes[1:])[-2:]
    return Value(sizes[0], rows, columns)


def _pair(axes: tuple[int, ...], fill: int = 1) -> tuple[int, int]:
    """Rows and columns: in one dimension there is one row."""
    return (fill, axes[0]) if len(axes) == 1 else (axes[0], axes[1])


def _title(layer: Layer, x: Value, y: Value, name: str) -> str:
    sizes = " -> ".join(f"{v.channels}x{v.rows}x{v.columns}" for v in (x, y))
    return f"{name}: {node_text(layer)}, {sizes}"


def _out(layer: Layer, x: Value) -> Value:
    """The output by the layer's shape rule; a layer whose kernel has one axis takes x as one-dimensional."""
    return value_of(rules.output(layer, _shape(layer, x)).value)


def _shape(layer: Any, x: Value) -> tree.Shape:
    dims = len(layer.kernel) if hasattr(layer, "kernel") else 2
    return (x.channels, x.columns) if dims == 1 else (x.channels, x.rows, x.columns)


def _paddings(layer: Any, x: Value) -> tuple[tuple[int, int], tuple[int, int]]:
    """Padding before and after, (rows, columns) of each."""
    sides = [w.padding(n) for w, n in zip(windows(layer), _shape(layer, x)[1:], strict=True)]
    return _pair(tuple(a for a, _ in sides), 0), _pair(tuple(b for _, b in sides), 0)


def _convolution(b: Builder, layer: tree.Conv, x: Value, name: str) -> Value:
    y, (before, after) = _out(layer, x), _paddings(layer, x)
    title = _title(layer, x, y, name)
    if layer.pad.mode not in ("zeros", "same") and any((*before, *after)):
        padded = Value(x.channels, x.rows + before[0] + after[0], x.columns + before[1] + after[1])
        x = b.add(Padding(f"padding of {title}", x, padded, layer.pad.mode, before))
        before = (0, 0)
    kernel, stride, dilation = _pair(layer.kernel), _pair(layer.stride), _pair(layer.dilation)
    sides = zip((y.rows, y.columns), stride, dilation, kernel, before, (x.rows, x.columns), strict=True)
    border = (*before, *(max(0, (n - 1) * s + reach(k, d) - p - m) for n, s, d, k, p, m in sides))
    if x.rows * x.columns == 1 and any(border):  # other readers expect single entries side by side
        x = b.add(ZeroPad(f"border of {title}", (x,), Value(x.channels)))
    x.needs_border(*border)
    weights = _weights(name, (layer.filters, x.channels // layer.groups, *layer.kernel), layer.bias)
    reaches = tuple(reach(k, d) for k, d in zip(kernel, dilation, strict=True))
    whole = reaches == kernel == (x.rows, x.columns) and before == (0, 0) and y.rows * y.columns == 1
    if whole and layer.groups == 1 and not layer.flip:
        return b.add(Dense(title, _flat(b, x), y, weights, b.target.lanes))
    shape = Shape(
        x.channels, (x.rows, x.columns), layer.filters, kernel, stride, dilation, before,
        (y.rows, y.columns), layer.groups, layer.bias, layer.flip,
    )  # fmt: skip
    return b.add(Convolution(title, x, y, weights, shape, b.target))


def _weights(name: str, shape: tuple[int, ...], bias: bool) -> tuple[Parameter, ...]:
    weight = Parameter(f"{name}.weight", shape)
    return (weight, Parameter(f"{name}.bias", shape[:1])) if bias else (weight,)


def _flat(b: Builder, x: Value) -> Value:
    return x if x.rows * x.columns == 1 else b.add(Flatten("flatten", (x,), Value(x.size)))


def _dense(b: Builder, layer: tree.FullyConnected, x: Value, name: str) -> Value:
    if layer.each and x.rows * x.columns > 1:
        return _dense_at_each(b, layer, x, name)
    flat, y = _flat(b, x), Value(layer.units)
    weights = _weights(name, (layer.units, x.size), layer.bias)
    return b.add(Dense(_title(layer, x, y, name), flat, y, weights, b.target.lanes))


def _dense_at_each(b: Builder, layer: tree.FullyConnected, x: Value, name: str) -> Value:
    """One matrix at each position: a convolution of one entry."""
    y, one, none = Value(layer.units, x.rows, x.columns), (1, 1), (0, 0)
    shape = Shape(
        x.channels, (x.rows, x.columns), layer.units, one, one, one, none, (x.rows, x.columns), 1, layer.bias, False
    )
    weights = _weights(name, (layer.units, x.channels), layer.bias)
    return b.add(Convolution(_title(layer, x, y, name), x, y, weights, shape, b.target))


def _window(layer: tree.Pool, x: Value) -> Window:
    before, after = _paddings(layer, x)
    numbers = (_pair(layer.kernel), _pair(layer.stride), _pair(layer.dilation), before, after)
    return Window(*(n for pair in numbers for n in pair))


def _max_pool(b: Builder, layer: tree.MaxPool, x: Value, name: str) -> Value:
    y = _out(layer, x)
    return b.add(MaxPool(_title(layer, x, y, name), x, y, _window(layer, x)))


def _avg_pool(b: Builder, layer: tree.AvgPool, x: Value, name: str) -> Value:
    y = _out(layer, x)
    return b.add(AvgPool(_title(layer, x, y, name), x, y, _window(layer, x), layer.counts_padding))


def _subsample(b: Builder, layer: tree.Subsample, x: Value, name: str) -> Value:
    y, window = _out(layer, x), Window(*_pair(layer.kernel), *_pair(layer.stride), 1, 1, 0, 0, 0, 0)
    return b.add(Subsample(_title(layer, x, y, name), x, y, _weights(name, (x.channels,), True), window))


def _rbf(b: Builder, layer: tree.RBF, x: Value, name: str) -> Value:
    flat, y, first = _flat(b, x), Value(layer.units), b.prototypes
    b.prototypes += layer.units * x.size
    return b.add(RBF(_title(layer, x, y, name), flat, y, first, name))


def _maps(b: Builder, layer: tree.Maps, x: Value, name: str) -> Value:
    y = Value(len(layer.numbers), x.rows, x.columns)
    return b.add(Maps(_title(layer, x, y, name), x, y, layer.numbers))


def _gap(b: Builder, layer: Layer, x: Value, name: str) -> Value:
    y = Value(x.channels)
    return b.add(GlobalAvgPool(_title(layer, x, y, name), (x,), y))


def _gmp(b: Builder, layer: Layer, x: Value, name: str) -> Value:
    y = Value(x.channels)
    return b.add(MaxPool(_title(layer, x, y, name), x, y, Window(x.rows, x.columns, 1, 1, 1, 1, 0, 0, 0, 0)))


def _activation(
    kind: str, a: Callable[[Any], float] = lambda layer: 0.0
) -> Callable[[Builder, Any, Value, str], Value]:
    def activation(b: Builder, layer: tree.Activation, x: Value, name: str) -> Value:
        y = Value(x.channels, x.rows, x.columns)
        return b.add(Activation(_title(layer, x, y, name), x, y, kind, a(layer), layer.slope_reads == "x"))

    return activation


def _tanh(b: Builder, layer: tree.Tanh, x: Value, name: str) -> Value:
    return _activation("SCALED_TANH" if layer.scaled else "TANH")(b, layer, x, name)


def _gelu(b: Builder, layer: tree.Gelu, x: Value, name: str) -> Value:
    return _activation("GELU" if layer.exact else "GELU_BY_TANH")(b, layer, x, name)


def _prelu(b: Builder, layer: tree.PRelu, x: Value, name: str) -> Value:
    y = Value(x.channels, x.rows, x.columns)
    return b.add(
        PRelu(_title(layer, x, y, name), x, y, Parameter(f"{name}.weight", (x.channels if layer.each else 1,)))
    )


def _batch_norm(b: Builder, layer: tree.BatchNorm, x: Value, name: str) -> Value:
    y = Value(x.channels, x.rows, x.columns)
    step = BatchNorm(_title(layer, x, y, name), x, y, layer, name, b.normalised)
    b.normalised += x.channels
    return b.add(step)


def _lrn(b: Builder, layer: tree.LRN, x: Value, name: str) -> Value:
    y = Value(x.channels, x.rows, x.columns)
    numbers = (layer.size, layer.alpha, layer.beta, layer.k)
    return b.add(LocalResponseNorm(_title(layer, x, y, name), x, y, *numbers))


def _dropout(b: Builder, layer: tree.Dropout, x: Value, name: str) -> Value:
    y = Value(x.channels, x.rows, x.columns)
    b.dropouts += 1
    return b.add(Dropout(_title(layer, x, y, name), x, y, layer.p, b.dropouts))


def _zero_pad(b: Builder, layer: tree.ZeroPad, x: Value, name: str) -> Value:
    y = Value(layer.channels, x.rows, x.columns)
    return b.add(ZeroPad(_title(layer, x, y, name), (x,), y))


LAYERS: dict[type[Layer], Callable[[Builder, Any, Value, str], Value]] = {
    tree.Conv: _convolution,
    tree.FullyConnected: _dense,
    tree.RBF: _rbf,
    tree.MaxPool: _max_pool,
    tree.AvgPool: _avg_pool,
    tree.Subsample: _subsample,
    tree.GlobalAvgPool: _gap,
    tree.GlobalMaxPool: _gmp,
    tree.Relu: _activation("RELU"),
    tree.Leaky: _activation("LEAKY", lambda layer: layer.slope),
    tree.PRelu: _prelu,
    tree.Elu: _activation("ELU", lambda layer: layer.alpha),
    tree.Tanh: _tanh,
    tree.Sigmoid: _activation("SIGMOID"),
    tree.Swish: _activation("SWISH"),
    tree.Gelu: _gelu,
    tree.Relu6: _activation("RELU6"),
    tree.Mish: _activation("MISH"),
    tree.HardSigmoid: _activation("HARD_SIGMOID"),
    tree.HardSwish: _activation("HARD_SWISH"),
    tree.Selu: _activation("SELU"),
    tree.BatchNorm: _batch_norm,
    tree.LRN: _lrn,
    tree.Dropout: _dropout,
    tree.ZeroPad: _zero_pad,
    tree.Maps: _maps,
    tree.Identity: lambda b, layer, x, name: x,
}
