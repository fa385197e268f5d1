"""Multiply-accumulates for one example: the products of weights with values, biases not counted.

Attention alone multiplies values with values too, and these products count.

>>> from striate.notation.tree import FullyConnected
>>> macs(FullyConnected(100), (784,))
Figure(value=78400, formula='784*100')
"""

from functools import singledispatch
from typing import cast

from striate.notation.rules.figure import Figure, product, times
from striate.notation.rules.parameters import offset_maps
from striate.notation.rules.shape import output
from striate.notation.tree import (
    LSTM,
    RBF,
    Attention,
    Conv,
    Deform,
    FullyConnected,
    Layer,
    Local,
    Lws,
    Own,
    Shape,
    Subsample,
    UpConv,
)


@singledispatch
def macs(layer: Layer, shape: Shape, *seen: Shape) -> Figure[int | None]:
    """The products of a layer, given the shape that comes in; None while an axis is free. Most layers have none.

    Args:
        layer: Any layer of the tree.
        shape: Of what comes in.
        seen: Of what an attention looks at, where that is another value.
    """
    return Figure(0)


def _all(*factors: int | None) -> Figure[int | None]:
    return Figure(product(factors), times(*factors))


@macs.register(Conv)
@macs.register(Local)
@macs.register(Lws)
def _(layer: Conv | Local | Lws, shape: Shape) -> Figure[int | None]:
    groups = layer.groups if isinstance(layer, Conv) else 1
    return _all(*layer.kernel, cast(int, shape[0]) // groups, *output(layer, shape).value)


@macs.register
def _(layer: Deform, shape: Shape) -> Figure[int | None]:
    out, offsets, channels = output(layer, shape).value[1:], offset_maps(layer), cast(int, shape[0])
    taken = layer.reads(channels) // layer.groups  # by each of its filters; those that give the offsets take all
    count = product((*layer.kernel, taken * layer.filters + channels * offsets, *out))
    maps = f"{channels}*({layer.filters} + {offsets})"  # as the parameters are written
    maps = maps if taken == channels else f"({taken}*{layer.filters} + {channels}*{offsets})"
    return Figure(count, f"{times(*layer.kernel)}*{maps}*{times(*out)}")


@macs.register
def _(layer: UpConv, shape: Shape) -> Figure[int | None]:
    return _all(*layer.kernel, layer.filters // layer.groups, *shape)


@macs.register
def _(layer: Subsample, shape: Shape) -> Figure[int | None]:
    return _all(*output(layer, shape).value)


@macs.register(FullyConnected)
@macs.register(RBF)
def _(layer: FullyConnected | RBF, shape: Shape) -> Figure[int | None]:
    each = isinstance(layer, FullyConnected) and layer.each
    return _all(shape[0], layer.units, *shape[1:]) if each else _all(*shape, layer.units)


@macs.register
def _(layer: Attention, shape: Shape, *seen: Shape) -> Figure[int | None]:
    if seen:
        return _looking(shape, *seen)
    weights, values = _all(4, shape[0], *shape), _all(2, *shape[1:], *shape)
    total = None if weights.value is None or values.value is None else weights.value + values.value
    return Figure(total, f"{weights.formula} + {values.formula}")


def _looking(shape: Shape, seen: Shape) -> Figure[int | None]:
    """q and what comes out for each position, k and v for each that is seen, and both products for each pair."""
    parts = _all(2, shape[0], *shape), _all(2, shape[0], *seen), _all(2, *shape, *seen[1:])
    values = [part.value for part in parts]
    known = [value for value in values if value is not None]
    return Figure(sum(known) if len(known) == len(values) else None, " + ".join(part.formula for part in parts))


@macs.register
def _(layer: LSTM, shape: Shape) -> Figure[int | None]:
    inner = cast(int, shape[0]) + layer.units
    formula = f"4*{layer.units}*({shape[0]} + {layer.units})*{times(*shape[1:])}"
    return Figure(product((4, layer.units, inner, *shape[1:])), formula)


@macs.register
def _(layer: Own, shape: Shape) -> Figure[int | None]:
    return Figure(type(layer).count(shape, layer.numbers)[1], "counted in the module")
