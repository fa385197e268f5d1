"""Which entries of its input one entry of a layer's output reads, along one axis: one rule per kind of layer.

Both the receptive fields of the table and the entries that reach one place fold over these rules (`field.py`,
`seen.py`). A new layer registers its rule here:

>>> from striate.notation.tree import Conv, UpConv
>>> (conv,) = reads(Conv(6, (5,), (2,), dilation=(1,)), 0, (6, 14), (1, 32))
>>> conv.of(0), conv.of(1), conv.period, conv.advance
(range(0, 5), range(2, 7), 1, 2)
>>> (up,) = reads(UpConv(6, (3,), (2,), dilation=(1,)), 0, (6, 9), (1, 4))
>>> up.of(2), up.of(3), up.of(4), up.period, up.advance
(range(0, 2), range(1, 2), range(1, 3), 2, 1)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial, singledispatch
from math import ceil, floor, gcd

from striate.notation.graph import Added, Concatenated, Join, Scaled
from striate.notation.rules.window import Window, window_along
from striate.notation.tree import (
    LSTM,
    RBF,
    Adaptive,
    Attention,
    ChannelMax,
    ChannelMean,
    Crop,
    Embed,
    FullyConnected,
    GlobalAvgPool,
    GlobalMaxPool,
    GroupNorm,
    InstanceNorm,
    Interleave,
    Layer,
    Maps,
    Moving,
    Own,
    Padding,
    Pointwise,
    Resampling,
    RoI,
    Shape,
    Shuffle,
    Sliding,
    Unpool,
    Unshuffle,
    UpConv,
    Upsample,
    UpsampleTo,
    ZeroPad,
)


@dataclass(frozen=True)
class Reads:
    """What the entries of an output read along one axis of an input.

    Attributes:
        period: Moving the output by so many entries …
        advance: … moves what is read by so many entries; 0 where all read the same, None where a free axis decides.
        of: From a position of the output to those of the input that it reads, without regard to the ends of the map:
            those outside are padding. Empty where it reads nothing. None where a free axis decides.
        reach: Entries from the first to the last that an output reads, at most.
        text: How that comes about, for a formula: `ceil(3/2)`.
        spacing: Entries of the input from one of the output to the next, where that is not advance / period.
    """

    period: int
    advance: int | None
    of: Callable[[int], range] | None
    reach: int = 1
    text: str = "1"
    spacing: Fraction | None = None


SAME = Reads(1, 1, lambda position: range(position, position + 1))  # its own place: nothing moves
FIRST = Reads(1, 0, lambda position: range(1))  # every entry reads the only one


def sliding(window: Window, n: int | None) -> Reads:
    """A window that slides over an axis of n entries."""
    before, stride, dilation, reach = window.padding(n)[0], window.stride, window.dilation, window.reach

    def of(position: int) -> range:
        start = position * stride - before
        return range(start, start + reach, dilation)

    return Reads(1, stride, of, reach, str(reach))


def spread(size: int, stride: int, dilation: int, crop: int) -> Reads:
    """A transposed window: entry i of the input reaches the outputs i*stride - crop + dilation*(0 … size - 1).

    With a size below the stride, or a dilation that shares a divisor with it, some outputs read nothing.

    >>> [list(spread(2, 3, 1, 0).of(position)) for position in range(4)]
    [[0], [0], [], [1]]
    """
    common = gcd(stride, dilation)
    every, apart = stride // common, dilation // common
    inverse = pow(apart, -1, every)

    def of(position: int) -> range:
        place, off = divmod(position + crop, common)
        taps = range(place * inverse % every, 0 if off else size, every)
        if not taps:
            return range(0)
        first, last = ((position + crop - tap * dilation) // stride for tap in (taps[-1], taps[0]))
        return range(first, last + 1, apart)

    most = -(-size // every)
    reach = (most - 1) * apart + 1
    return Reads(stride, 1, of, reach, str(reach) if apart > 1 < most else f"ceil({size}/{every})")


def whole(n: int | None) -> Reads:
    """All n entries, by the only one of the output: another would read the n after them."""
    if n is None:
        return Reads(1, None, None)
    return Reads(1, n, lambda position: range(position * n, position * n + n), n, str(n))


def everywhere(n: int | None) -> Reads:
    """All n entries, by each of the output."""
    return Reads(1, 0, None) if n is None else Reads(1, 0, lambda position: range(n), n, str(n))


def entries(shape: Shape, axis: int) -> int | None:
    """How many entries a map has along an axis of the input; 1 for a flat one, None where it is free.

    >>> entries((3, 20, None), 0), entries((3, 20, None), 1), entries((10,), 1)
    (20, None, 1)
    """
    return shape[axis + 1] if axis + 1 < len(shape) else 1


def reads_along(node: Layer | Join, axis: int, output: Shape, *shapes: Shape) -> tuple[Reads | None, ...]:
    """The rule of a layer or a join along an axis, 0 the first after the channels; flat values keep what they see.

    Args:
        node: Any layer of the tree, any join of the graph.
        axis: One of those of the network's input.
        output: The shape that comes out.
        shapes: Of each value that it reads.

    Returns:
        One for each value that it reads; None for one whose numbers do not come through.
    """
    if max(map(len, (output, *shapes))) <= axis + 1:
        return (SAME,) * len(shapes)
    return reads(node, axis, output, *shapes)


@singledispatch
def reads(node: Layer | Join, axis: int, output: Shape, *shapes: Shape) -> tuple[Reads | None, ...]:
    """As `reads_along`, on an axis that the maps have."""
    raise NotImplementedError(f"no rule says which entries {type(node).__name__} reads")


@reads.register(Pointwise)
@reads.register(ZeroPad)
@reads.register(Maps)
@reads.register(Interleave)
@reads.register(Embed)
@reads.register(ChannelMean)
@reads.register(ChannelMax)
@reads.register(Added)
@reads.register(Concatenated)
def _(node: Layer | Join, axis: int, output: Shape, *shapes: Shape) -> tuple[Reads | None, ...]:
    return (SAME,) * len(shapes)


@reads.register
def _(layer: Sliding, axis: int, output: Shape, shape: Shape) -> tuple[Reads | None, ...]:
    return (sliding(window_along(layer, axis), entries(shape, axis)),)


@reads.register
def _(layer: Moving, axis: int, output: Shape, shape: Shape) -> tuple[Reads | None, ...]:
    """A window around each entry; between pixels six are read."""
    reach = layer.reach if layer.whole else layer.reach + 2
    return (Reads(1, 1, lambda i: range(i - reach, i + reach + 1), 2 * reach + 1, str(2 * reach + 1)),)


@reads.register
def _(layer: UpConv, axis: int, output: Shape, shape: Shape) -> tuple[Reads | None, ...]:
    return (spread(layer.kernel[axis], layer.stride[axis], layer.dilation[axis], layer.pad.sizes[axis]),)


@reads.register
def _(layer: Unpool, axis: int, output: Shape, shape: Shape, seen: Shape) -> tuple[Reads | None, ...]:
    """What the pool saw says where its numbers go, and does not come through itself."""
    assert layer.source
    window = window_along(layer.source, axis)
    before, _ = window.padding(entries(output, axis))
    return spread(window.size, window.stride, window.dilation, before), None


@reads.register
def _(layer: Shuffle, axis: int, output: Shape, shape: Shape) -> tuple[Reads | None, ...]:
    return (spread(layer.factor, layer.factor, 1, 0),)


@reads.register
def _(layer: Unshuffle, axis: int, output: Shape, shape: Shape) -> tuple[Reads | None, ...]:
    factor = layer.factor
    return (Reads(1, factor, lambda i: range(i * factor, (i + 1) * factor), factor, str(factor)),)


@reads.register(Padding)
@reads.register(Crop)
def _(layer: Padding | Crop, axis: int, output: Shape, shape: Shape) -> tuple[Reads | None, ...]:
    before = layer.sizes.sizes[axis] if isinstance(layer, Padding) else -layer.sizes.sizes[axis]
    return (Reads(1, 1, lambda i: range(i - before, i - before + 1)),)


@reads.register
def _(layer: Adaptive, axis: int, output: Shape, shape: Shape) -> tuple[Reads | None, ...]:
    """From floor(i·n/m) to ceil((i + 1)·n/m) - 1."""
    n, m = entries(shape, axis), layer.size[axis]
    return (between(n, m, lambda i, ratio: range(floor(i * ratio), ceil((i + 1) * ratio))),)


@reads.register(Upsample)
@reads.register(UpsampleTo)
def _(layer: Resampling, axis: int, output: Shape, shape: Shape) -> tuple[Reads | None, ...]:
    """The entry floor(i·n/m); or those around the place (i + 1/2)·n/m - 1/2, with corners i·(n - 1)/(m - 1)."""
    n, m = entries(shape, axis), entries(output, axis)
    if isinstance(layer, Upsample) and n is None and not layer.corners:
        n, m = 1, layer.factor[axis]
    if not layer.bilinear:
        return (between(n, m, lambda i, ratio: range(floor(i * ratio), floor(i * ratio) + 1)),)
    if not layer.corners:
        return (between(n, m, lambda i, ratio: _around((i + Fraction(1, 2)) * ratio - Fraction(1, 2))),)
    if n is None or m is None or m == 1:
        return (between(n, m, lambda i, ratio: range(1)),)
    return (replace(between(n - 1, m - 1, lambda i, ratio: _around(i * ratio)), spacing=Fraction(n, m)),)


def _around(place: Fraction) -> range:
    """The entries next to a place between them."""
    return range(floor(place), ceil(place) + 1)


def between(n: int | None, m: int | None, of: Callable[..., range]) -> Reads:
    """What m entries read that are laid over n: `of` has their place and the ratio n/m."""
    if n is None or m is None:
        return Reads(1, None, None)
    if n == 0:  # corners of a single entry
        return Reads(1, 0, lambda position: range(1))
    ratio = Fraction(n, m)
    read = partial(of, ratio=ratio)
    reach = max(len(read(position)) for position in range(ratio.denominator))
    return Reads(ratio.denominator, ratio.numerator, read, reach, str(reach))


@reads.register(FullyConnected)
@reads.register(RBF)
@reads.register(GlobalAvgPool)
@reads.register(GlobalMaxPool)
def _(layer: Layer, axis: int, output: Shape, shape: Shape) -> tuple[Reads | None, ...]:
    each = isinstance(layer, FullyConnected) and layer.each
    return (SAME if each else whole(entries(shape, axis)),)


@reads.register
def _(layer: Attention, axis: int, output: Shape, shape: Shape, *seen: Shape) -> tuple[Reads | None, ...]:
    """Every position; beside another value, its own and all of that one."""
    own = SAME if seen else everywhere(entries(shape, axis))
    return own, *(everywhere(entries(other, axis)) for other in seen)


@reads.register
def _(layer: LSTM, axis: int, output: Shape, shape: Shape) -> tuple[Reads | None, ...]:
    """All up to its own, as by a window that is as long as the row."""
    n = entries(shape, axis)
    return (Reads(1, 1, None) if n is None else Reads(1, 1, lambda i: range(i - n + 1, i + 1), n, str(n)),)


@reads.register(GroupNorm)
@reads.register(InstanceNorm)
def _(layer: Layer, axis: int, output: Shape, shape: Shape) -> tuple[Reads | None, ...]:
    return (everywhere(entries(shape, axis)),)


@reads.register
def _(layer: Own, axis: int, output: Shape, shape: Shape) -> tuple[Reads | None, ...]:
    """Nobody knows."""
    return (Reads(1, 0, None),)


@reads.register
def _(layer: RoI, axis: int, output: Shape, *shapes: Shape) -> tuple[Reads | None, ...]:
    """A box may be the whole image, so each bin may read all of the map."""
    return tuple(everywhere(entries(shape, axis)) for shape in shapes)


@reads.register
def _(join: Scaled, axis: int, output: Shape, shape: Shape, gate: Shape) -> tuple[Reads | None, ...]:
    """A gate with one factor for the axis reaches all entries by it."""
    single = entries(gate, axis) == 1 != entries(shape, axis)
    return SAME, FIRST if single else SAME
