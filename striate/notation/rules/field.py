"""The receptive field: which entries of the input reach one entry of a map.

Computed forward along the layers, one axis at a time: size `r + d(k-1)·j`, jump `j·s`, start
`c + (d(k-1)/2 - p)·j` (Araujo, Norris & Sim 2019). A transposed convolution is a window on a grid that is `s` times
finer, so sizes can be fractions: the entries inside are counted, which after strides may be a few more than reach it.
Where branches meet, the field is the smallest range that holds all of theirs. A gate with one factor per channel scales
every entry by a value from the whole map, so after it the field no longer moves: its jump is 0.

A map ends where its last window ended: input entries that no window covered, and the padding of maps in between, are
seen by no later layer. `limits` keeps track of that.

>>> from striate.notation.tree import Conv
>>> conv = Conv(6, (5,), (1,), dilation=(1,))
>>> receptive_field(conv, (6, 28), ((1, 32), Field((Axis(),)))).axes[0].size
Fraction(5, 1)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import singledispatch
from typing import TypeAlias

from striate.notation.errors import RuleError
from striate.notation.graph import Added, Concatenated, Join, Scaled
from striate.notation.rules.grids import reads
from striate.notation.rules.window import reach, windows
from striate.notation.tree import (
    RBF,
    Adaptive,
    Crop,
    Embed,
    FullyConnected,
    GlobalAvgPool,
    GlobalMaxPool,
    Layer,
    Padding,
    Resampling,
    RoI,
    Shape,
    Shuffle,
    Sliding,
    Unpool,
    Unshuffle,
    UpConv,
)


@dataclass(frozen=True)
class Axis:
    """One axis of the field of a map's first entry.

    Attributes:
        size: Input entries from the first to the last that reach it, rounded down; None when a free axis decides.
        jump: How far the field moves from one entry of the map to the next, in input entries; 0 after RoI pooling,
            where every entry may see all of its box, and a box may be the whole input.
        start: The middle of the first entry's field, in input entries; 0 is the input's first.
        limits: The first and the last input entry that the maps before let through; None while an axis is free.
        spacing: Distance between neighbouring entries of the map, in input entries, whatever they see; 0 for a box's
            map, None for the single entry of a whole open axis.
    """

    size: Fraction | None = Fraction(1)
    jump: Fraction = Fraction(1)
    start: Fraction = Fraction(0)
    formula: str = ""
    limits: tuple[int, int] | None = None
    spacing: Fraction | None = Fraction(1)

    @property
    def first(self) -> Fraction:
        """The first input entry of the field; below 0 it is in the padding."""
        assert self.size is not None
        return self.start - (self.size - 1) / 2

    def entries(self, position: int) -> tuple[int, int]:
        """The first and the last input entry that reach the map's entry at `position`, within the limits.

        Exact where windows have no gaps; `dilate` over padding may reach a little less. Entries that circular padding
        repeats from the other end are not included.

        >>> axis = Axis().within(8).window(3, Fraction(2), Fraction(1))
        >>> axis.entries(0), axis.entries(1)
        ((0, 1), (1, 3))
        """
        assert self.size is not None
        first = self.first + position * self.jump
        last = first + self.size - 1
        least, most = self.limits or (first, last)
        return math.ceil(max(first, least)), math.floor(min(last, most))

    def within(self, n: int | None) -> Axis:
        """The field on a map of `n` entries: nothing beyond the fields of its first and last entry is seen."""
        if n is None or self.size is None:
            return self
        return replace(self, limits=(self.entries(0)[0], self.entries(n - 1)[1]))

    def still(self, n: int) -> Axis:
        """The field of all `n` entries together, given to each of them."""
        if self.size is None:
            return self
        size = self.size + (n - 1) * self.jump
        return replace(self, size=size, jump=Fraction(0), start=self.first + (size - 1) / 2)

    def window(self, size: int | Fraction, stride: Fraction, before: Fraction) -> Axis:
        """The field after a window of `size` entries that starts `before` entries ahead of the map."""
        if self.size is None:
            return self
        grown = self.size + (size - 1) * self.jump
        start = self.start + ((Fraction(size) - 1) / 2 - before) * self.jump
        whole = "" if grown.denominator == 1 else f", so {int(grown)}"
        formula = f"{self.size} + ({size} - 1)*{self.jump} = {grown}{whole}"
        return Axis(grown, self.jump * stride, start, formula, self.limits, self.spacing and self.spacing * stride)

    def spread(self, size: int, stride: int, crop: int) -> Axis:
        """The field after a transposed convolution: entry i reaches entries i*stride - crop + (0 … size - 1)."""
        finer = replace(self, jump=self.jump / stride, spacing=self.spacing and self.spacing / stride)
        return finer.window(size, Fraction(1), Fraction(size - 1 - crop))

    def whole(self, n: int | None) -> Axis:
        """The field of a layer that sees all `n` entries of the map."""
        if n is None:
            return replace(self, size=None, formula="", limits=None, spacing=None)
        return self.window(n, Fraction(n), Fraction(0))


@dataclass(frozen=True)
class Field:
    """The receptive field along every axis of the input."""

    axes: tuple[Axis, ...]

    def within(self, shape: Shape) -> Field:
        """The field on a map of this shape; after fc there is one entry that sees everything."""
        sizes = shape[1:] or (1,) * len(self.axes)
        return Field(tuple(axis.within(n) for axis, n in zip(self.axes, sizes, strict=True)))


Input: TypeAlias = tuple[Shape, Field]


@singledispatch
def receptive_field(node: Layer | Join, output: Shape, *inputs: Input) -> Field:
    """The field after a layer or a join. Layers that act entry by entry keep it.

    Args:
        node: Any layer of the tree, any join of the graph.
        output: The shape that comes out.
        inputs: Shape and field of each value that it reads.

    Raises:
        RuleError: Boxes can't be cut out of such maps.
    """
    ((_, field),) = inputs
    return field


@receptive_field.register
def _(layer: Sliding, output: Shape, x: Input) -> Field:
    shape, field = x
    return Field(
        tuple(
            axis.window(window.reach, Fraction(window.stride), Fraction(window.padding(n)[0]))
            for axis, window, n in zip(field.within(shape).axes, windows(layer), shape[1:], strict=True)
        )
    )


@receptive_field.register
def _(layer: UpConv, output: Shape, x: Input) -> Field:
    shape, field = x
    reaches = [reach(k, d) for k, d in zip(layer.kernel, layer.dilation, strict=True)]
    sizes = zip(field.within(shape).axes, reaches, layer.stride, layer.pad.sizes, strict=True)
    return Field(tuple(axis.spread(size, s, p) for axis, size, s, p in sizes))


@receptive_field.register
def _(layer: Unpool, output: Shape, x: Input, seen: Input) -> Field:
    assert layer.source
    shape, field = x
    sizes = zip(field.within(shape).axes, windows(layer.source), output[1:], strict=True)
    return Field(tuple(axis.spread(window.reach, window.stride, window.padding(n)[0]) for axis, window, n in sizes))


@receptive_field.register
def _(layer: Shuffle, output: Shape, x: Input) -> Field:
    shape, field = x
    return Field(tuple(axis.spread(layer.factor, layer.factor, 0) for axis in field.within(shape).axes))


@receptive_field.register(Adaptive)
@receptive_field.register(Crop)
@receptive_field.register(Padding)
@receptive_field.register(Resampling)
@receptive_field.register(Unshuffle)
def _(layer: Layer, output: Shape, x: Input) -> Field:
    shape, field = x
    axes = zip(field.within(shape).axes, reads(layer, shape), strict=True)
    return Field(tuple(axis.window(*read) if read else axis.whole(None) for axis, read in axes))


@receptive_field.register(FullyConnected)
@receptive_field.register(RBF)
@receptive_field.register(GlobalAvgPool)
@receptive_field.register(GlobalMaxPool)
def _(layer: Layer, output: Shape, x: Input) -> Field:
    shape, field = x
    if len(shape) == 1:  # flat already: nothing more to see
        return field
    return Field(tuple(axis.whole(n) for axis, n in zip(field.within(shape).axes, shape[1:], strict=True)))


@receptive_field.register
def _(layer: RoI, output: Shape, x: Input) -> Field:
    shape, field = x
    box_jump(layer, field)
    seen = (axis.whole(n) for axis, n in zip(field.within(shape).axes, shape[1:], strict=True))
    return Field(tuple(replace(axis, jump=Fraction(0), spacing=Fraction(0)) for axis in seen))


def box_jump(layer: RoI, field: Field) -> Fraction:
    """Distance in input pixels between neighbouring entries of the maps that boxes are cut from.

    Raises:
        RuleError: It differs between the axes or is unknown, or the maps are already those of a box.
    """
    down, across = (axis.spacing for axis in field.axes)
    if down == 0:
        raise RuleError(f"{layer.word} after another RoI layer", "boxes are cut out of images, once in a network")
    if down is None or across is None:
        detail = "a layer before it sees all of an open axis; put that layer after it, or give the input a size"
        raise RuleError(f"{layer.word} can't tell where its maps are on the image", detail)
    if down != across:
        detail = f"its entries are {down} pixels apart downwards and {across} across; use the same strides on both axes"
        raise RuleError(f"{layer.word} needs maps of one scale", detail)
    return down


@receptive_field.register
def _(layer: Embed, output: Shape, x: Input) -> Field:
    return Field((Axis(),))


@receptive_field.register(Added)
@receptive_field.register(Concatenated)
def _(join: Join, output: Shape, *inputs: Input) -> Field:
    return _merged([field for _, field in inputs], output)


@receptive_field.register
def _(join: Scaled, output: Shape, x: Input, gate: Input) -> Field:
    (_, field), (factors, other) = x, gate
    return _merged([field, _gating(other, factors, output)], output)


def _gating(field: Field, gate: Shape, shape: Shape) -> Field:
    """The field of a gate's factors on the map that they scale: along an axis with a single factor it stays."""
    if len(shape) == 1:
        return field
    sizes = zip(field.axes, gate[1:] or (1,) * len(field.axes), shape[1:], strict=True)
    return Field(tuple(axis.still(1) if factors == 1 != n else axis for axis, factors, n in sizes))


def _merged(fields: Sequence[Field], shape: Shape) -> Field:
    """The union of fields that meet in a map of `shape`: from the earliest first entry to the last."""
    sizes = shape[1:] or (1,) * len(fields[0].axes)
    branches = zip(*(field.within(shape).axes for field in fields), strict=True)
    return Field(tuple(_union(axes, n) for axes, n in zip(branches, sizes, strict=True)))


def _union(axes: tuple[Axis, ...], n: int | None) -> Axis:
    sizes = [axis.size for axis in axes]
    if None in sizes:
        return replace(axes[0], size=None, formula="", limits=None)
    if n is not None and any(axis.jump == 0 for axis in axes):
        axes = tuple(axis.still(n) for axis in axes)
    first = min(axis.first for axis in axes)
    last = max(axis.first + (axis.size or 0) for axis in axes)
    size = last - first
    formula = f"union of {', '.join(str(size) for size in sizes)} = {size}"
    ends = [axis.limits for axis in axes if axis.limits]
    limits = (min(least for least, _ in ends), max(most for _, most in ends)) if ends else None
    return Axis(size, axes[0].jump, first + (size - 1) / 2, formula, limits, axes[0].spacing)
