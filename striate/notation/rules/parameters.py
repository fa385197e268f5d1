"""The trainable parameters of every layer.

>>> from striate.notation.tree import FullyConnected
>>> parameters(FullyConnected(100), (784,))
Figure(value=78500, formula='(784 + 1)*100')
"""

from functools import singledispatch
from typing import cast

from striate.notation.rules.figure import Figure, product, times
from striate.notation.rules.shape import output
from striate.notation.tree import (
    LSTM,
    Attention,
    BatchNorm,
    Conv,
    Deform,
    Embed,
    FullyConnected,
    GroupNorm,
    InstanceNorm,
    Layer,
    LayerNorm,
    LayerScale,
    Local,
    Lws,
    Own,
    PRelu,
    RMSNorm,
    Shape,
    Subsample,
    UpConv,
)


@singledispatch
def parameters(layer: Layer, shape: Shape) -> Figure[int]:
    """How many numbers a layer learns, given the shape that comes in. Most layers learn none."""
    return Figure(0)


def _weights(sizes: tuple[int, ...], outputs: int, bias: bool) -> Figure[int]:
    weights = cast(int, product(sizes))
    count = (weights + bias) * outputs
    return Figure(count, f"({times(*sizes)} + 1)*{outputs}" if bias else f"{times(*sizes)}*{outputs}")


@parameters.register(Conv)
@parameters.register(UpConv)
def _(layer: Conv | UpConv, shape: Shape) -> Figure[int]:
    return _weights((*layer.kernel, cast(int, shape[0]) // layer.groups), layer.filters, layer.bias)


@parameters.register
def _(layer: Local, shape: Shape) -> Figure[int]:
    out = output(layer, shape).value
    shared = _weights((*layer.kernel, cast(int, shape[0])), layer.filters, layer.bias)
    positions = cast(int, product(out[1:]))
    return Figure(shared.value * positions, f"{shared.formula}*{times(*out[1:])}")


@parameters.register
def _(layer: Lws, shape: Shape) -> Figure[int]:
    shared = _weights((*layer.kernel, cast(int, shape[0])), layer.filters, layer.bias)
    return Figure(shared.value * layer.sections, f"{shared.formula}*{layer.sections}")


@parameters.register
def _(layer: Deform, shape: Shape) -> Figure[int]:
    channels = cast(int, shape[0])
    main = _weights((*layer.kernel, layer.reads(channels) // layer.groups), layer.filters, layer.bias)
    offsets = _weights((*layer.kernel, channels), offset_maps(layer), True)
    return Figure(main.value + offsets.value, f"{main.formula} + {offsets.formula}")


def offset_maps(layer: Deform) -> int:
    """Maps of the convolution that gives the offsets: per kernel entry, one for each axis and one if modulated."""
    return cast(int, product(layer.kernel)) * (len(layer.kernel) + (not layer.plain))


@parameters.register
def _(layer: FullyConnected, shape: Shape) -> Figure[int]:
    return _weights(cast("tuple[int, ...]", shape[:1] if layer.each else shape), layer.units, layer.bias)


@parameters.register
def _(layer: Attention, shape: Shape) -> Figure[int]:
    channels = cast(int, shape[0])
    inner, outer = _weights((channels,), 3 * channels, layer.bias), _weights((channels,), channels, True)
    return Figure(inner.value + outer.value, f"{inner.formula} + {outer.formula}")


@parameters.register
def _(layer: LSTM, shape: Shape) -> Figure[int]:
    inner = f"{shape[0]} + {layer.units}" + " + 2" * layer.bias
    return Figure(4 * layer.units * (cast(int, shape[0]) + layer.units + 2 * layer.bias), f"4*{layer.units}*({inner})")


@parameters.register
def _(layer: Embed, shape: Shape) -> Figure[int]:
    if layer.static:
        return Figure(0, "0")
    return Figure(layer.table[0] * layer.table[1], times(*layer.table))


@parameters.register
def _(layer: PRelu, shape: Shape) -> Figure[int]:
    count = cast(int, shape[0]) if layer.each else 1
    return Figure(count, f"{count}")


@parameters.register
def _(layer: LayerScale, shape: Shape) -> Figure[int]:
    return _per_channel(1, shape)


@parameters.register
def _(layer: Subsample, shape: Shape) -> Figure[int]:
    return _per_channel(2, shape)


@parameters.register(BatchNorm)
@parameters.register(LayerNorm)
@parameters.register(GroupNorm)
@parameters.register(InstanceNorm)
def _(layer: BatchNorm | LayerNorm | GroupNorm | InstanceNorm, shape: Shape) -> Figure[int]:
    return _per_channel(2, shape) if layer.affine else Figure(0)


@parameters.register
def _(layer: RMSNorm, shape: Shape) -> Figure[int]:
    return _per_channel(1, shape) if layer.affine else Figure(0)


def _per_channel(count: int, shape: Shape) -> Figure[int]:
    channels = cast(int, shape[0])
    return Figure(count * channels, f"{channels}" if count == 1 else f"{count}*{channels}")


@parameters.register
def _(layer: Own, shape: Shape) -> Figure[int]:
    return Figure(type(layer).count(shape, layer.numbers)[0], "counted in the module")
