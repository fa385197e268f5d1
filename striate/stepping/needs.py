"""What a layer takes beside its input: weights, biases, statistics, a mask, a box; with the name that its module has.

>>> from striate.notation.tree import FullyConnected
>>> [(need.key, need.shape) for need in needs(FullyConnected(2), (1, 2, 2))]
[('weight', (2, 4)), ('bias', (2,))]
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import singledispatch
from typing import Any, Literal, TypeAlias

from striate.notation import rules, tree
from striate.notation.graph import Join
from striate.notation.rules.parameters import offset_maps
from striate.notation.tree import Layer
from striate.stepping.number import Number

Size: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Need:
    """An array that a layer takes.

    Attributes:
        symbol: Its name in formulas.
        key: Its name in the module, as in `conv1.weight`.
        shape: As in the module.
        start: What its entries are where it is not given; None where it must be given, or where `optional` says so.
        role: The option that gives it too: `weights` or `bias`.
        trained: Whether it learns, so that its gradient is shown.
        optional: Whether the layer does without it.
        drawn: How a seed draws it: from these whole numbers.
        ordered: Whether they are sorted.
    """

    symbol: str
    key: str
    shape: Size
    start: Number | None = None
    role: Literal["weights", "bias", ""] = ""
    trained: bool = True
    optional: bool = False
    drawn: tuple[int, ...] = (-1, 0, 1)
    ordered: bool = False


def _weights(shape: Size, symbol: str = "W", key: str = "weight", **more: Any) -> Need:
    return Need(symbol, key, shape, role="weights", **more)


def _bias(count: int, symbol: str = "b", key: str = "bias", **more: Any) -> Need:
    return Need(symbol, key, (count,), Fraction(0), "bias", **more)


@singledispatch
def needs(layer: Layer | Join, shape: Size) -> tuple[Need, ...]:
    """What a layer takes, for an input of this shape. Most layers take nothing."""
    return ()


@needs.register
def _(layer: tree.Conv, shape: Size) -> tuple[Need, ...]:
    weights = _weights((layer.filters, shape[0] // layer.groups, *layer.kernel))
    return (weights, _bias(layer.filters)) if layer.bias else (weights,)


@needs.register
def _(layer: tree.UpConv, shape: Size) -> tuple[Need, ...]:
    weights = _weights((shape[0], layer.filters // layer.groups, *layer.kernel))
    return (weights, _bias(layer.filters)) if layer.bias else (weights,)


@needs.register
def _(layer: tree.Local, shape: Size) -> tuple[Need, ...]:
    positions = math.prod(_output(layer, shape)[1:])
    weights = _weights((layer.filters, positions, shape[0] * math.prod(layer.kernel)))
    return (weights, _bias(layer.filters * positions)) if layer.bias else (weights,)


@needs.register
def _(layer: tree.Lws, shape: Size) -> tuple[Need, ...]:
    weights = _weights((layer.filters, layer.sections, shape[0] * math.prod(layer.kernel)))
    return (weights, _bias(layer.filters * layer.sections)) if layer.bias else (weights,)


@needs.register
def _(layer: tree.Deform, shape: Size) -> tuple[Need, ...]:
    maps = offset_maps(layer)
    weights = _weights((layer.filters, layer.reads(shape[0]) // layer.groups, *layer.kernel))
    offsets = Need("Wo", "offset.weight", (maps, shape[0], *layer.kernel), Fraction(0))
    biases = (_bias(layer.filters),) if layer.bias else ()
    return weights, *biases, offsets, Need("bo", "offset.bias", (maps,), Fraction(0), drawn=(0,))


@needs.register
def _(layer: tree.FullyConnected, shape: Size) -> tuple[Need, ...]:
    weights = _weights((layer.units, shape[0] if layer.each else math.prod(shape)))
    return (weights, _bias(layer.units)) if layer.bias else (weights,)


@needs.register
def _(layer: tree.Attention, shape: Size) -> tuple[Need, ...]:
    channels = shape[0]
    first = Need("Wqkv", "qkv.weight", (3 * channels, channels))
    biases = (Need("bqkv", "qkv.bias", (3 * channels,), Fraction(0)),) if layer.bias else ()
    last = Need("Wout", "out.weight", (channels, channels))
    return first, *biases, last, Need("bout", "out.bias", (channels,), Fraction(0))


@needs.register
def _(layer: tree.LSTM, shape: Size) -> tuple[Need, ...]:
    rows = 4 * layer.units
    inner = Need("Wx", "weight_ih_l0", (rows, shape[0])), Need("Wh", "weight_hh_l0", (rows, layer.units))
    names = (("bx", "bias_ih_l0"), ("bh", "bias_hh_l0")) if layer.bias else ()
    return *inner, *(Need(name, key, (rows,), Fraction(0)) for name, key in names)


@needs.register
def _(layer: tree.RBF, shape: Size) -> tuple[Need, ...]:
    return (_weights((layer.units, math.prod(shape)), "P", "prototypes", trained=False, drawn=(-1, 1)),)


@needs.register
def _(layer: tree.Embed, shape: Size) -> tuple[Need, ...]:
    return (_weights(layer.table, "T", trained=not layer.static),)


@needs.register
def _(layer: tree.PRelu, shape: Size) -> tuple[Need, ...]:
    return (_weights((shape[0] if layer.each else 1,), "a", start=Fraction(1, 4)),)


@needs.register
def _(layer: tree.LayerScale, shape: Size) -> tuple[Need, ...]:
    return (_weights(shape[:1], "gamma", start=Fraction(repr(layer.init))),)


@needs.register
def _(layer: tree.Subsample, shape: Size) -> tuple[Need, ...]:
    return _weights(shape[:1], "a", start=Fraction(1, math.prod(layer.kernel))), _bias(shape[0])


@needs.register(tree.LayerNorm)
@needs.register(tree.GroupNorm)
@needs.register(tree.InstanceNorm)
def _(layer: tree.LayerNorm | tree.GroupNorm | tree.InstanceNorm, shape: Size) -> tuple[Need, ...]:
    return _affine(shape[0]) if layer.affine else ()


@needs.register
def _(layer: tree.RMSNorm, shape: Size) -> tuple[Need, ...]:
    return _affine(shape[0])[:1] if layer.affine else ()


@needs.register
def _(layer: tree.BatchNorm, shape: Size) -> tuple[Need, ...]:
    statistics = (
        Need("mean", "running_mean", shape[:1], trained=False, optional=True),
        Need("var", "running_var", shape[:1], trained=False, optional=True, drawn=(1, 2, 4)),
    )
    return (*_affine(shape[0]), *statistics) if layer.affine else statistics


def _affine(channels: int) -> tuple[Need, Need]:
    scale = _weights((channels,), "gamma", start=Fraction(1), drawn=(1, 2))
    return scale, _bias(channels, "beta")


@needs.register
def _(layer: tree.Dropout, shape: Size) -> tuple[Need, ...]:
    return (Need("mask", "mask", shape, trained=False, optional=True),)


@needs.register
def _(layer: tree.DropPath, shape: Size) -> tuple[Need, ...]:
    return (Need("mask", "mask", (1,), trained=False, optional=True),)


@needs.register
def _(layer: tree.RoI, shape: Size) -> tuple[Need, ...]:
    return (Need("box", "box", (4,), trained=False, drawn=tuple(range(min(shape[1:]))), ordered=True),)


@singledispatch
def reach(layer: Layer | Join, shape: Size) -> int:
    """How many entries of the input and of the weights one entry of the output depends on at most.

    Layers whose products `rules.macs` counts, and those that read one entry, need no rule here.
    """
    return 1


@reach.register(tree.Pool)
@reach.register(tree.Subsample)
def _(layer: tree.Pool | tree.Subsample, shape: Size) -> int:
    return math.prod(layer.kernel)


@reach.register(tree.BatchNorm)
@reach.register(tree.InstanceNorm)
@reach.register(tree.GlobalAvgPool)
@reach.register(tree.Adaptive)
def _(layer: Layer, shape: Size) -> int:
    return math.prod(shape[1:])


@reach.register(tree.LayerNorm)
@reach.register(tree.RMSNorm)
@reach.register(tree.LRN)
@reach.register(tree.Softmax)
@reach.register(tree.ChannelMean)
@reach.register(tree.ChannelMax)
def _(layer: Layer, shape: Size) -> int:
    return shape[0]


@reach.register
def _(layer: tree.GroupNorm, shape: Size) -> int:
    return math.prod(shape) // layer.groups


@reach.register
def _(layer: tree.Glu, shape: Size) -> int:
    return 2


@reach.register(tree.LSTM)
@reach.register(tree.Moving)
@reach.register(tree.Attention)
@reach.register(tree.Deform)
@reach.register(tree.RBF)
def _(layer: Layer, shape: Size) -> int:
    return math.prod(shape) + sum(math.prod(need.shape) for need in needs(layer, shape))


def _output(layer: Layer, shape: Size) -> Size:
    return tuple(int(n or 0) for n in rules.output(layer, shape).value)
