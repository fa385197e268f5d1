"""The output shape of every layer and of every join.

>>> from striate.notation.tree import FullyConnected
>>> output(FullyConnected(84), (120, 1, 1)).value
(84,)
"""

import math
from functools import singledispatch
from typing import cast

from striate.notation.arguments import NO_AXES, write_arguments
from striate.notation.errors import RuleError
from striate.notation.graph import Join
from striate.notation.rules.figure import Figure, times
from striate.notation.rules.window import Window, reach, slide, windows
from striate.notation.tree import (
    LSTM,
    RBF,
    Attention,
    AvgPool,
    ChannelMax,
    ChannelMean,
    Clip,
    Conv,
    Deform,
    Embed,
    FullyConnected,
    GlobalAvgPool,
    GlobalMaxPool,
    Glu,
    Interleave,
    Layer,
    Local,
    Lws,
    Maps,
    Match,
    Maxout,
    Move,
    Own,
    Pointwise,
    Pool,
    RoI,
    Shape,
    Sliding,
    Subsample,
    Unpool,
    UpConv,
    ZeroPad,
)

MOST_LISTED = 256  # the largest number whose divisors are written out


def layer_text(layer: Layer) -> str:
    """A layer as the notation writes it: `conv 6@5x5`."""
    return " ".join([layer.word, *write_arguments(layer)])


@singledispatch
def output(node: Layer | Join, *shapes: Shape) -> Figure[Shape]:
    """The shape that comes out of a layer or a join.

    Args:
        node: Any layer of the tree, any join of the graph.
        shapes: Of what it reads, (C, *spatial) or (C,); None for a free axis.

    Raises:
        RuleError: The layer does not fit the shape, or the shapes do not fit together.
    """
    raise NotImplementedError(f"no shape rule for {type(node).__name__}")


@output.register
def _(layer: Pointwise, shape: Shape) -> Figure[Shape]:
    return Figure(shape)


def on_axes(layer: Layer, shape: Shape) -> None:
    """Raise an error where no axes come in."""
    if len(shape) < 2:
        raise RuleError(f"{layer.word} has no axes to act on", NO_AXES)


def divided(channels: int, by: int, text: str, where: str) -> None:
    """Raise an error where a number does not divide the channels."""
    if channels % by:
        detail = f"{channels}/{by} = {channels / by:g}; choose a divisor of {channels}"
        raise RuleError(f"{text} does not divide {channels} channels", detail, where)


@output.register
def _(layer: Attention, shape: Shape, *seen: Shape) -> Figure[Shape]:
    on_axes(layer, shape)
    divided(cast(int, shape[0]), layer.heads, layer_text(layer), "heads")
    if len(layer.seen) > 1:
        raise RuleError(f"{layer_text(layer)} looks at several labels", "write one: attention 4 from look", "seen")
    for other in seen:
        if other[0] != shape[0]:
            detail = f"both need as many channels; bring {layer.seen[0]} to them by conv {shape[0]}@1"
            raise RuleError(f"{shown(shape)} looks at {shown(other)}", detail, "seen")
    return Figure(shape)


@output.register
def _(layer: LSTM, shape: Shape) -> Figure[Shape]:
    if len(shape) != 2:
        detail = f"it goes along the one axis of a row, as after embed; {shown(shape)} comes in"
        raise RuleError("lstm is for rows", detail)
    return Figure((layer.units, *shape[1:]))


@output.register
def _(layer: Glu, shape: Shape) -> Figure[Shape]:
    channels = cast(int, shape[0])
    divided(channels, 2, "glu, which takes two halves,", "")
    return Figure((channels // 2, *shape[1:]), f"{channels}/2 = {channels // 2}")


@output.register(ChannelMean)
@output.register(ChannelMax)
def _(layer: ChannelMean | ChannelMax, shape: Shape) -> Figure[Shape]:
    return Figure((1, *shape[1:]))


@output.register(Conv)
@output.register(Deform)
def _(layer: Conv | Deform, shape: Shape) -> Figure[Shape]:
    _grouped(layer, shape)
    return _slid(layer, layer.filters, shape)


def _grouped(layer: Conv | Deform | UpConv, shape: Shape) -> None:
    """Raise an error where the groups do not divide the channels or the filters."""
    channels, what = cast(int, shape[0]), "channels that come in"
    if isinstance(layer, Deform) and layer.taken:
        if layer.taken > channels:
            most = f"write of {channels} or less"
            raise RuleError(f"deform of {layer.taken} gets {channels} channels", most, "taken")
        channels, what = layer.taken, "channels that are read"
    for name, count in ((what, channels), ("filters", layer.filters)):
        if count % layer.groups:
            raise RuleError(
                f"{layer.groups} groups do not divide the {count} {name}",
                f"{count}/{layer.groups} = {count / layer.groups:g}; choose {_divisors(channels, layer.filters)}",
                "groups",
            )


def _divisors(one: int, other: int) -> str:
    """The common divisors of two numbers, in words."""
    most, both = math.gcd(one, other), f"of {one} and {other}"
    if most == 1:
        return f"1, the only common divisor {both}"
    if most > MOST_LISTED:
        return f"a common divisor {both}"
    *found, last = (n for n in range(1, most + 1) if most % n == 0)
    return f"{', '.join(map(str, found))} or {last}, the common divisors {both}"


@output.register
def _(layer: Local, shape: Shape) -> Figure[Shape]:
    return _slid(layer, layer.filters, shape)


@output.register
def _(layer: Lws, shape: Shape) -> Figure[Shape]:
    slid = _slid(layer, layer.filters, shape)
    rows = slid.value[1]
    if rows is None:
        raise RuleError("lws needs to know its input's rows", "each section has its own filters; give them a size")
    if rows % layer.sections:
        count = f"{rows}/{layer.sections} = {rows / layer.sections:g}; choose {_divisors(rows, rows)}"
        raise RuleError(f"{layer.sections} sections do not divide the {rows} rows", count, "sections")
    return slid


@output.register(Pool)
def _(layer: Pool, shape: Shape) -> Figure[Shape]:
    if layer.pad.mode not in ("zeros", "same"):
        detail = "pooling pads by a number or same: pad 1, pad same"
        raise RuleError(f"{layer.word} knows no pad {layer.pad.mode}", detail, "pad")
    slid = _slid(layer, cast(int, shape[0]), shape)
    if not isinstance(layer, AvgPool) or not layer.counts_padding:
        for window, n in zip(windows(layer), shape[1:], strict=True):
            if n is not None and window.sees_padding_alone(n):
                raise _of_padding(layer, window, n)
    return slid


def _of_padding(layer: Pool, window: Window, n: int) -> RuleError:
    """The error for a window that sees no entry of an axis of `n`."""
    headline = f"a window of {layer_text(layer)} sees padding alone"
    what = "there is no mean of none" if isinstance(layer, AvgPool) else "there is no largest of none"
    most = window.reach - 1
    if window.dilation > n and max(window.padding(n)) <= most:
        return RuleError(headline, f"it steps over all {n} entries, and {what}; use dilate {n} or less", "dilation")
    return RuleError(headline, f"the window is {window.reach} wide, and {what}; use pad {most} or less", "pad")


@output.register
def _(layer: Subsample, shape: Shape) -> Figure[Shape]:
    return _slid(layer, cast(int, shape[0]), shape)


@output.register
def _(layer: Maps, shape: Shape) -> Figure[Shape]:
    channels, seen = cast(int, shape[0]), set[int]()
    for place, number in enumerate(layer.numbers):
        if number >= channels:
            detail = f"{channels} maps come in, numbered from 0; write 0 to {channels - 1}"
            raise RuleError(f"there is no map {number}", detail, f"numbers[{place}]")
        if number in seen:
            raise RuleError(f"map {number} is chosen twice", "write each number once", f"numbers[{place}]")
        seen.add(number)
    return Figure((len(layer.numbers), *shape[1:]), f"{len(layer.numbers)} of {channels} maps")


def _slid(layer: Sliding, channels: int, shape: Shape) -> Figure[Shape]:
    if isinstance(layer, Local) and None in shape:
        raise RuleError("local needs to know its input's size", "it has one filter per position; give the input a size")
    spatial = slide(layer, shape[1:], layer_text(layer))
    return Figure((channels, *spatial.value), spatial.formula)


@output.register
def _(layer: Unpool, shape: Shape, seen: Shape) -> Figure[Shape]:
    assert layer.source
    gave = output(layer.source, seen).value
    if not alike(shape, gave):
        detail = f"it takes back the shape that {layer.pool} gave, {shown(gave)}; bring it to that by convolutions"
        raise RuleError(f"{layer_text(layer)} gets {shown(shape)}", detail, "pool")
    return Figure(seen)


@output.register
def _(layer: Match, shape: Shape) -> Figure[Shape]:
    _of_images(layer, shape)
    divided(cast(int, shape[0]), 2, "the number of frames, 2,", "")
    return Figure((layer.num_moves, *shape[1:]), f"{layer.num_moves} moves")


@output.register
def _(layer: Move, shape: Shape) -> Figure[Shape]:
    _of_images(layer, shape)
    maps = cast(int, shape[0]) - layer.num_moves
    if maps < 2:
        detail = f"the last {layer.num_moves} are the weights of as many moves; the maps of two frames come before"
        raise RuleError(f"{layer_text(layer)} gets {shape[0]} maps", detail, "reach")
    divided(maps, 2, "the number of frames, 2,", "")
    return Figure((maps, *shape[1:]), f"{shape[0]} - {layer.num_moves} = {maps} maps")


def _of_images(layer: Layer, shape: Shape) -> None:
    if len(shape) != 3:
        raise RuleError(f"{layer.word} is for images", f"they have two axes; {shown(shape)} comes in")


@output.register
def _(layer: UpConv, shape: Shape) -> Figure[Shape]:
    if layer.pad.mode != "zeros":
        raise RuleError(f"upconv knows no pad {layer.pad.mode}", "it crops by a number: pad 1", "pad")
    _grouped(layer, shape)
    sizes, formulas = [], []
    axes = zip(layer.kernel, layer.stride, layer.dilation, layer.pad.sizes, layer.pad.ends, layer.extras, strict=True)
    for n, (k, s, d, before, after, extra) in zip(shape[1:], axes, strict=True):
        if extra >= (limit := max(s, d)):
            what = "dilation" if d > s else "stride"
            way_out = f"use extra {limit - 1} or less" if limit > 1 else "leave it out, or use stride 2 or more"
            detail = f"beyond it no kernel reaches, and the entries are the bias alone; {way_out}"
            raise RuleError(f"extra {extra} is not below the {what}, {limit}", detail, "extra")
        size_of_one, reach_text = reach(k, d), str(k) if d == 1 else f"({d}*({k} - 1) + 1)"
        size = None if n is None else (n - 1) * s + size_of_one + extra - before - after
        crop = f"2*{before}" if before == after else f"{before} - {after}"
        more = f" + {extra}" if extra else ""
        formula = f"({'?' if n is None else n} - 1)*{s} + {reach_text}{more} - {crop}"
        formulas.append(formula + (f" = {size}" if n else ""))
        if size is not None and size < 1:
            detail = f"output = {formulas[-1]}; use pad {(size + before + after - 1) // 2} or less"
            raise RuleError(f"{layer_text(layer)} leaves nothing", detail, "pad")
        sizes.append(size)
    return Figure((layer.filters, *sizes), formulas[0] if len(set(formulas)) == 1 else "; ".join(formulas))


@output.register(GlobalAvgPool)
@output.register(GlobalMaxPool)
def _(layer: GlobalAvgPool | GlobalMaxPool, shape: Shape) -> Figure[Shape]:
    on_axes(layer, shape)
    return Figure((shape[0], *(1 for _ in shape[1:])))


@output.register
def _(layer: RoI, shape: Shape, *others: Shape) -> Figure[Shape]:
    for other in others:
        if other[0] != shape[0] or len(other) != len(shape):
            detail = "boxes are cut from maps of one number of channels; bring them to it by conv 256@1"
            raise RuleError(f"maps of {shown(shape)} and {shown(other)} for {layer.word}", detail, "levels")
    if len(shape) != 3:
        detail = f"an image has two axes, as in input 3x?x?; {shown(shape)} comes in"
        raise RuleError(f"{layer.word} cuts boxes out of images", detail)
    return Figure((shape[0], *layer.size), f"{'x'.join(map(str, layer.size))} bins of each box")


@output.register(FullyConnected)
@output.register(RBF)
def _(layer: FullyConnected | RBF, shape: Shape) -> Figure[Shape]:
    if isinstance(layer, FullyConnected) and layer.each:
        return Figure((layer.units, *shape[1:]))
    if None in shape:
        raise RuleError(
            f"{layer.word} {layer.units} needs to know how many values come in",
            f"{times(*shape)} is open; give the input a size, or put gap before it",
        )
    return Figure((layer.units,))


@output.register
def _(layer: Embed, shape: Shape) -> Figure[Shape]:
    if len(shape) != 1:
        detail = f"it follows an input of one size, as in input 56; {shown(shape)} comes in"
        raise RuleError("embed reads a row of word numbers", detail)
    return Figure((layer.table[1], *shape))


@output.register
def _(layer: ZeroPad, shape: Shape) -> Figure[Shape]:
    if layer.channels < cast(int, shape[0]):
        detail = f"it only adds channels; write {shape[0]} or more"
        raise RuleError(f"zeropad {layer.channels} for {shape[0]} channels", detail, "channels")
    return Figure((layer.channels, *shape[1:]))


@output.register
def _(layer: Clip, shape: Shape) -> Figure[Shape]:
    if layer.min >= layer.max:
        raise RuleError(
            f"{layer_text(layer)} leaves no range", "write the smaller number first: clip min -1 max 1", "min"
        )
    return Figure(shape)


@output.register
def _(layer: Maxout, shape: Shape) -> Figure[Shape]:
    channels = cast(int, shape[0])
    divided(channels, layer.pieces, layer_text(layer), "pieces")
    return Figure((channels // layer.pieces, *shape[1:]), f"{channels}/{layer.pieces} = {channels // layer.pieces}")


@output.register
def _(layer: Interleave, shape: Shape) -> Figure[Shape]:
    divided(cast(int, shape[0]), layer.groups, layer_text(layer), "groups")
    return Figure(shape)


@output.register
def _(layer: Own, shape: Shape) -> Figure[Shape]:
    try:
        given = layer.rule(shape, *layer.numbers)
    except RuleError:
        raise
    except Exception as error:  # a rule of the user's own may raise anything
        called = f"it is called as rule(shape, *numbers), here rule({', '.join(map(repr, (shape, *layer.numbers)))})"
        detail = f"{called}: {type(error).__name__}: {error}"
        raise RuleError(f"the shape rule of {layer.word} fails", detail) from error
    sizes = isinstance(given, tuple) and all(n is None or (isinstance(n, int) and n > 0) for n in given)
    if not sizes or not given or given[0] is None:
        detail = f"for {shown(shape)} it gives {given!r}; a shape is a tuple of whole numbers from 1, (C, H, W)"
        raise RuleError(f"the shape rule of {layer.word} gives no shape", detail)
    return Figure(given)


def alike(one: Shape, other: Shape) -> bool:
    """Whether two shapes are equal as far as both are known."""
    return len(one) == len(other) and all(a == b or a is None or b is None for a, b in zip(one, other, strict=True))


def shown(shape: Shape) -> str:
    """`16x64x64`, `3x?x?`.

    >>> shown((3, None, None))
    '3x?x?'
    """
    return "x".join("?" if n is None else str(n) for n in shape)
