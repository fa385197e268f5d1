"""Layer → steps: the table of the layers that the native engine has, and those that are a step each.

>>> from striate.native.target import named
>>> builder = Builder(named("avx2"))
>>> y = LAYERS[tree.FullyConnected](builder, tree.FullyConnected(10), value_of((4, 5, 5)), "fc1")
>>> [type(step).__name__ for step in builder.steps], y.size
(['Flatten', 'Dense'], 10)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from striate.native import grids, products
from striate.native.builder import Builder as Builder  # what lowers a network takes them from here
from striate.native.builder import like, title_of
from striate.native.builder import sizes as sizes
from striate.native.builder import value_of as value_of
from striate.native.steps.activation import Activation, Maxout, PRelu
from striate.native.steps.dropout import Dropout
from striate.native.steps.norm import BatchNorm, LocalResponseNorm
from striate.native.steps.own import ChannelMean, Factors, OwnNorm, Softmax
from striate.native.values import Parameter, Value
from striate.notation import tree
from striate.notation.tree import Layer


def _activation(
    kind: str, numbers: Callable[[Any], tuple[float, ...]] = lambda layer: ()
) -> Callable[[Builder, Any, Value, str], Value]:
    def activation(b: Builder, layer: tree.Activation, x: Value, name: str) -> Value:
        y = like(x)
        return b.add(Activation(title_of(layer, x, y, name), x, y, kind, numbers(layer), layer.slope_reads == "x"))

    return activation


def _tanh(b: Builder, layer: tree.Tanh, x: Value, name: str) -> Value:
    return _activation("SCALED_TANH" if layer.scaled else "TANH")(b, layer, x, name)


def _gelu(b: Builder, layer: tree.Gelu, x: Value, name: str) -> Value:
    return _activation("GELU" if layer.exact else "GELU_BY_TANH")(b, layer, x, name)


def _prelu(b: Builder, layer: tree.PRelu, x: Value, name: str) -> Value:
    y = like(x)
    return b.add(
        PRelu(title_of(layer, x, y, name), x, y, Parameter(f"{name}.weight", (x.channels if layer.each else 1,)))
    )


def _batch_norm(b: Builder, layer: tree.BatchNorm, x: Value, name: str) -> Value:
    y = like(x)
    step = BatchNorm(title_of(layer, x, y, name), x, y, layer, name, b.normalised)
    b.normalised += x.channels
    return b.add(step)


def _own_norm(
    kernel: str, which: Callable[[Any, Value], int], bias: bool = True
) -> Callable[[Builder, Any, Value, str], Value]:
    def norm(b: Builder, layer: Any, x: Value, name: str) -> Value:
        y, names = like(x), ("weight", "bias")[: 1 + bias] if layer.affine else ()
        weights = tuple(Parameter(f"{name}.{of}", (x.channels,)) for of in names)
        return b.add(OwnNorm(title_of(layer, x, y, name), x, y, weights, kernel, which(layer, x), layer.eps))

    return norm


def _layer_scale(b: Builder, layer: tree.LayerScale, x: Value, name: str) -> Value:
    y = like(x)
    return b.add(Factors(title_of(layer, x, y, name), (x,), y, (Parameter(f"{name}.weight", (x.channels,)),)))


def _channel_mean(b: Builder, layer: tree.ChannelMean, x: Value, name: str) -> Value:
    y = like(x, 1)
    return b.add(ChannelMean(title_of(layer, x, y, name), (x,), y))


def _channel_max(b: Builder, layer: tree.ChannelMax, x: Value, name: str) -> Value:
    y = like(x, 1)
    return b.add(Maxout(title_of(layer, x, y, name), x, y, x.channels))


def _softmax(b: Builder, layer: tree.Softmax, x: Value, name: str) -> Value:
    y = like(x)
    return b.add(Softmax(title_of(layer, x, y, name), (x,), y))


def _lrn(b: Builder, layer: tree.LRN, x: Value, name: str) -> Value:
    y = like(x)
    numbers = (layer.size, layer.alpha, layer.beta, layer.k)
    return b.add(LocalResponseNorm(title_of(layer, x, y, name), x, y, *numbers))


def _dropout(b: Builder, layer: tree.Dropout, x: Value, name: str) -> Value:
    y = like(x)
    b.dropouts += 1
    return b.add(Dropout(title_of(layer, x, y, name), x, y, layer.p, b.dropouts))


def _maxout(b: Builder, layer: tree.Maxout, x: Value, name: str) -> Value:
    y = like(x, x.channels // layer.pieces)
    return b.add(Maxout(title_of(layer, x, y, name), x, y, layer.pieces))


LAYERS: dict[type[Layer], Callable[[Builder, Any, Value, str], Value]] = {
    tree.Conv: products.convolution,
    tree.UpConv: products.upconvolution,
    tree.ChannelMean: _channel_mean,
    tree.ChannelMax: _channel_max,
    tree.FullyConnected: products.dense,
    tree.Embed: products.embed,
    tree.RBF: products.rbf,
    tree.MaxPool: grids.max_pool,
    tree.AvgPool: grids.avg_pool,
    tree.AdaptiveMaxPool: grids.adaptive_pool,
    tree.AdaptiveAvgPool: grids.adaptive_pool,
    tree.Subsample: products.subsample,
    tree.GlobalAvgPool: grids.gap,
    tree.GlobalMaxPool: grids.gmp,
    tree.Padding: grids.padding,
    tree.Crop: grids.crop,
    tree.Shuffle: grids.shuffle,
    tree.Unshuffle: grids.unshuffle,
    tree.Upsample: grids.upsample,
    tree.UpsampleTo: grids.upsample,
    tree.Relu: _activation("RELU"),
    tree.Leaky: _activation("LEAKY", lambda layer: (layer.slope,)),
    tree.PRelu: _prelu,
    tree.Elu: _activation("ELU", lambda layer: (layer.alpha,)),
    tree.Tanh: _tanh,
    tree.Sigmoid: _activation("SIGMOID"),
    tree.Swish: _activation("SWISH"),
    tree.Gelu: _gelu,
    tree.Relu6: _activation("RELU6"),
    tree.Mish: _activation("MISH"),
    tree.HardSigmoid: _activation("HARD_SIGMOID"),
    tree.HardSwish: _activation("HARD_SWISH"),
    tree.Selu: _activation("SELU"),
    tree.Softplus: _activation("SOFTPLUS"),
    tree.Clip: _activation("CLIP", lambda layer: (layer.min, layer.max)),
    tree.Softmax: _softmax,
    tree.Maxout: _maxout,
    tree.BatchNorm: _batch_norm,
    tree.LayerNorm: _own_norm("across", lambda layer, x: 1),
    tree.RMSNorm: _own_norm("across", lambda layer, x: 0, bias=False),
    tree.GroupNorm: _own_norm("group", lambda layer, x: layer.groups),
    tree.InstanceNorm: _own_norm("group", lambda layer, x: x.channels),
    tree.LayerScale: _layer_scale,
    tree.LRN: _lrn,
    tree.Dropout: _dropout,
    tree.ZeroPad: grids.zero_pad,
    tree.Maps: grids.maps,
    tree.Interleave: grids.interleave,
    tree.Identity: lambda b, layer, x, name: x,
}
