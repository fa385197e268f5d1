"""Layers that change a map's grid or choose its maps → steps: pools, padding, shuffles, upsampling.

>>> from striate.native.builder import value_of
>>> from striate.native.target import named
>>> y = upsample(Builder(named("avx2")), tree.Upsample((3, 2)), value_of((4, 5, 6)), "upsample1")
>>> y.rows, y.columns
(15, 12)
"""

from __future__ import annotations

from striate.native.builder import Builder, like, out, paddings, pair, title_of
from striate.native.steps.join import ZeroPad
from striate.native.steps.maps import Maps
from striate.native.steps.padding import Padding
from striate.native.steps.pool import AvgPool, GlobalAvgPool, MaxPool, Window
from striate.native.steps.regrid import Axis, Resample, Shuffle
from striate.native.values import Value
from striate.notation import tree
from striate.notation.tree import Layer


def _window(layer: tree.Pool, x: Value) -> Window:
    before, after = paddings(layer, x)
    numbers = (pair(layer.kernel), pair(layer.stride), pair(layer.dilation), before, after)
    return Window(*(n for both in numbers for n in both))


def max_pool(b: Builder, layer: tree.MaxPool, x: Value, name: str) -> Value:
    """The largest of each window."""
    y = out(layer, x)
    return b.add(MaxPool(title_of(layer, x, y, name), x, y, _window(layer, x)))


def avg_pool(b: Builder, layer: tree.AvgPool, x: Value, name: str) -> Value:
    """The mean of each window."""
    y = out(layer, x)
    return b.add(AvgPool(title_of(layer, x, y, name), x, y, _window(layer, x), layer.counts_padding))


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
    y = Value(layer.channels, x.rows, x.columns)
    return b.add(ZeroPad(title_of(layer, x, y, name), (x,), y))


def padding(b: Builder, layer: tree.Padding, x: Value, name: str) -> Value:
    """Zeros or the map's own entries around it."""
    sizes = layer.sizes.sizes
    y = out(layer, x, len(sizes))
    return b.add(Padding(title_of(layer, x, y, name), x, y, layer.sizes.mode, pair(sizes, 0)))


def crop(b: Builder, layer: tree.Crop, x: Value, name: str) -> Value:
    """Padding by less than nothing."""
    sizes = layer.sizes.sizes
    y = out(layer, x, len(sizes))
    top, left = pair(sizes, 0)
    return b.add(Padding(title_of(layer, x, y, name), x, y, "zeros", (-top, -left)))


def maps(b: Builder, layer: tree.Maps, x: Value, name: str) -> Value:
    """Some of the maps."""
    y = Value(len(layer.numbers), x.rows, x.columns)
    return b.add(Maps(title_of(layer, x, y, name), x, y, layer.numbers))


def interleave(b: Builder, layer: tree.Interleave, x: Value, name: str) -> Value:
    """The maps in another order."""
    y, each = like(x), x.channels // layer.groups
    numbers = tuple(i * each + j for j in range(each) for i in range(layer.groups))
    return b.add(Maps(title_of(layer, x, y, name), x, y, numbers))


def shuffle(b: Builder, layer: tree.Shuffle, x: Value, name: str) -> Value:
    """Maps become blocks of a finer grid."""
    dims = b.dims
    block = pair((layer.factor,) * dims)
    y = out(layer, x, dims)
    return b.add(Shuffle(title_of(layer, x, y, name), x, y, block))


def unshuffle(b: Builder, layer: tree.Unshuffle, x: Value, name: str) -> Value:
    """And back."""
    dims = b.dims
    block = pair((layer.factor,) * dims)
    y = out(layer, x, dims)
    return b.add(Shuffle(title_of(layer, x, y, name), x, y, block, finer=False))


def upsample(b: Builder, layer: tree.Resampling, x: Value, name: str) -> Value:
    """Each entry read on x's grid."""
    sizes = layer.size if isinstance(layer, tree.UpsampleTo) else layer.factor  # type: ignore[attr-defined]
    y = out(layer, x, len(sizes))
    axes = [Axis(n, m, layer.bilinear, layer.corners) for n, m in ((x.rows, y.rows), (x.columns, y.columns))]
    return b.add(Resample(title_of(layer, x, y, name), x, y, axes[0], axes[1]))
