"""Layers that change a map's grid or choose its maps → steps: pools, padding, shuffles, upsampling.

>>> from striate.native.builder import value_of
>>> from striate.native.target import named
>>> y = upsample(Builder(named("avx2")), tree.Upsample((3, 2)), value_of((4, 5, 6)), "upsample1")
>>> y.rows, y.columns
(15, 12)
"""

from __future__ import annotations

from striate.native.builder import Builder, Triple, like, out, paddings, pair, title_of, triple
from striate.native.depth import by_axes, lines, view
from striate.native.steps.adaptive import AdaptivePool, spans
from striate.native.steps.join import ZeroPad
from striate.native.steps.maps import Maps
from striate.native.steps.padding import Padding
from striate.native.steps.pool import AvgPool, GlobalAvgPool, MaxPool, Window
from striate.native.steps.regrid import Axis, Resample, Shuffle
from striate.native.values import Value
from striate.notation import tree
from striate.notation.rules.window import windows
from striate.notation.tree import Layer


def windows_of(layer: tree.Pool | tree.Subsample, x: Value) -> tuple[Window, Window]:
    """The windows within frames, and those along the depth over frames that are a row each."""
    slides = [(window.size, window.stride, window.dilation) for window in windows(layer)]
    numbers = [*(triple(axes) for axes in zip(*slides, strict=True)), *paddings(layer, x)]
    along = [(axes[0], rest) for axes, rest in zip(numbers, (1, 1, 1, 0, 0), strict=True)]
    return Window(*(n for axes in numbers for n in axes[1:])), Window(*(n for axes in along for n in axes))


def max_pool(b: Builder, layer: tree.MaxPool, x: Value, name: str) -> Value:
    """The largest of each window."""
    y, (within, along) = out(layer, x), windows_of(layer, x)
    title = title_of(layer, x, y, name)
    return by_axes(b, x, y, lambda x, y: MaxPool(title, x, y, within), lambda x, y: MaxPool(title, x, y, along))


def avg_pool(b: Builder, layer: tree.AvgPool, x: Value, name: str) -> Value:
    """The mean of each window."""
    y, (within, along), counts = out(layer, x), windows_of(layer, x), layer.counts_padding
    title = title_of(layer, x, y, name)
    return by_axes(
        b, x, y, lambda x, y: AvgPool(title, x, y, within, counts), lambda x, y: AvgPool(title, x, y, along, counts)
    )


def adaptive_pool(b: Builder, layer: tree.Adaptive, x: Value, name: str) -> Value:
    """The largest or the mean of as many windows as are wanted."""
    y, largest = out(layer, x, len(layer.size)), isinstance(layer, tree.AdaptiveMaxPool)
    title = title_of(layer, x, y, name)
    depth, rows, columns = (spans(n, m) for n, m in zip(x.sizes, y.sizes, strict=True))
    return by_axes(
        b,
        x,
        y,
        lambda x, y: AdaptivePool(title, x, y, largest, rows, columns),
        lambda x, y: AdaptivePool(title, x, y, largest, depth),
    )


def gap(b: Builder, layer: Layer, x: Value, name: str) -> Value:
    """The mean of each map."""
    y = Value(x.channels)
    return b.add(GlobalAvgPool(title_of(layer, x, y, name), (x,), y))


def gmp(b: Builder, layer: Layer, x: Value, name: str) -> Value:
    """The largest of each map: a pool whose window is the map."""
    y = Value(x.channels)
    return b.add(MaxPool(title_of(layer, x, y, name), x, y, MaxPool.whole(x)))


def zero_pad(b: Builder, layer: tree.ZeroPad, x: Value, name: str) -> Value:
    """Maps of zeros after the others."""
    y = like(x, layer.channels)
    return b.add(ZeroPad(title_of(layer, x, y, name), (x,), y))


def padding(b: Builder, layer: tree.Padding, x: Value, name: str) -> Value:
    """Zeros or the map's own entries around it."""
    title, (before, after) = title_of(layer, x, out(layer, x, len(layer.sizes.sizes)), name), _sides(layer.sizes)
    return padded(b, title, x, layer.sizes.mode, before, after)


def crop(b: Builder, layer: tree.Crop, x: Value, name: str) -> Value:
    """Padding by less than nothing."""
    title, (before, after) = title_of(layer, x, out(layer, x, len(layer.sizes.sizes)), name), _sides(layer.sizes, -1)
    return padded(b, title, x, "zeros", before, after)


def _sides(pad: tree.Pad, sign: int = 1) -> tuple[Triple, Triple]:
    """How much comes before and after each axis."""
    before, after = (triple(tuple(sign * n for n in sizes), 0) for sizes in (pad.sizes, pad.ends))
    return before, after


def padded(b: Builder, title: str, x: Value, mode: str, before: Triple, after: Triple) -> Value:
    """The value with zeros or its own entries around it; with less than none it is cropped."""
    depth, rows, columns = (sum(axis) for axis in zip(x.sizes, before, after, strict=True))
    within, along = before[1:], (before[0], 0)
    y = Value(x.channels, depth * rows, columns, depth)
    return by_axes(
        b, x, y, lambda x, y: Padding(title, x, y, mode, within), lambda x, y: Padding(title, x, y, mode, along)
    )


def maps(b: Builder, layer: tree.Maps, x: Value, name: str) -> Value:
    """Some of the maps."""
    y = like(x, len(layer.numbers))
    return b.add(Maps(title_of(layer, x, y, name), x, y, layer.numbers))


def interleave(b: Builder, layer: tree.Interleave, x: Value, name: str) -> Value:
    """The maps in another order."""
    y, each = like(x), x.channels // layer.groups
    numbers = tuple(i * each + j for j in range(each) for i in range(layer.groups))
    return b.add(Maps(title_of(layer, x, y, name), x, y, numbers))


def shuffle(b: Builder, layer: tree.Shuffle, x: Value, name: str) -> Value:
    """Maps become blocks of a finer grid."""
    y, block, factor = out(layer, x, b.dims), pair((layer.factor,) * b.dims), layer.factor
    title = title_of(layer, x, y, name)
    if b.dims < 3:
        return b.add(Shuffle(title, x, y, block))
    finer = Value(y.channels * factor, x.depth * y.sizes[1], y.columns, x.depth)
    stacked = lines(b, b.add(Shuffle(title, x, finer, block)))
    deeper = Value(y.channels, y.depth, stacked.columns)
    return view(b, b.add(Shuffle(title, stacked, deeper, (factor, 1))), y)


def unshuffle(b: Builder, layer: tree.Unshuffle, x: Value, name: str) -> Value:
    """And back."""
    y, block, factor = out(layer, x, b.dims), pair((layer.factor,) * b.dims), layer.factor
    title = title_of(layer, x, y, name)
    if b.dims == 3:
        stacked = lines(b, x)
        fewer = Value(x.channels * factor, y.depth, stacked.columns)
        split = Value(fewer.channels, y.depth * x.sizes[1], x.columns, y.depth)
        x = view(b, b.add(Shuffle(title, stacked, fewer, (factor, 1), finer=False)), split)
    return b.add(Shuffle(title, x, y, block, finer=False))


def upsample(b: Builder, layer: tree.Resampling, x: Value, name: str) -> Value:
    """Each entry read on x's grid."""
    sizes = layer.size if isinstance(layer, tree.UpsampleTo) else layer.factor  # type: ignore[attr-defined]
    y = out(layer, x, len(sizes))
    return resampled(b, title_of(layer, x, y, name), x, y, layer.bilinear, layer.corners)


def resampled(b: Builder, title: str, x: Value, y: Value, between: bool = False, corners: bool = False) -> Value:
    """x read on y's grid."""
    depth, rows, columns = (Axis(n, m, between, corners) for n, m in zip(x.sizes, y.sizes, strict=True))
    return by_axes(
        b, x, y, lambda x, y: Resample(title, x, y, rows, columns), lambda x, y: Resample(title, x, y, depth)
    )
