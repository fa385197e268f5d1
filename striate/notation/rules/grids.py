"""Which entries are read by an entry of a map on another grid: finer, coarser, shifted.

Entry i of an axis reads from its place i·stride - before on, `size` entries or less, where all three may be fractions:
those read are the whole numbers from the first place to the last. Of n entries that come in and m that go out, a place
is a multiple of 1/m, or of 1/2m, in lowest terms; by so much less than 1 may the first be away from the place itself.

>>> from math import ceil, floor
>>> from striate.notation.tree import AdaptiveAvgPool
>>> ((size, stride, before),) = reads(AdaptiveAvgPool((3,)), (1, 8))  # windows 0 … 2, 2 … 5, 5 … 7
>>> [(ceil(i * stride - before), floor(i * stride - before + size - 1)) for i in range(3)]
[(0, 2), (2, 5), (5, 7)]
"""

from fractions import Fraction
from functools import singledispatch
from typing import TypeAlias

from striate.notation.tree import (
    Adaptive,
    Crop,
    Layer,
    Padding,
    Resampling,
    Shape,
    Unshuffle,
    Upsample,
    UpsampleTo,
)

Reads: TypeAlias = tuple[Fraction, Fraction, Fraction]  # size, stride, before


@singledispatch
def reads(layer: Layer, shape: Shape) -> list[Reads | None]:
    """What an entry reads along each axis; None where the size of a free axis decides.

    Args:
        layer: One of those below.
        shape: What comes in, (C, *spatial).
    """
    raise NotImplementedError(f"no grid for {type(layer).__name__}")


@reads.register
def _(layer: Upsample, shape: Shape) -> list[Reads | None]:
    sizes = (2 if n is None and not layer.corners else n for n in shape[1:])  # its ratio is known on a free axis too
    return [_resampled(layer, n, n * factor) if n else None for n, factor in zip(sizes, layer.factor, strict=True)]


@reads.register
def _(layer: UpsampleTo, shape: Shape) -> list[Reads | None]:
    return [_resampled(layer, n, m) if n else None for n, m in zip(shape[1:], layer.size, strict=True)]


@reads.register
def _(layer: Adaptive, shape: Shape) -> list[Reads | None]:
    """From floor(i·n/m) to ceil((i + 1)·n/m) - 1."""
    return [_covered(Fraction(n, m)) if n else None for n, m in zip(shape[1:], layer.size, strict=True)]


@reads.register
def _(layer: Unshuffle, shape: Shape) -> list[Reads | None]:
    return [(Fraction(layer.factor), Fraction(layer.factor), Fraction(0))] * (len(shape) - 1)


@reads.register
def _(layer: Padding, shape: Shape) -> list[Reads | None]:
    return [(Fraction(1), Fraction(1), Fraction(before)) for before in layer.sizes.sizes]


@reads.register
def _(layer: Crop, shape: Shape) -> list[Reads | None]:
    return [(Fraction(1), Fraction(1), Fraction(-before)) for before in layer.sizes.sizes]


def _covered(ratio: Fraction) -> Reads:
    return ratio + 2 * _within(ratio), ratio, _within(ratio)


def _resampled(layer: Resampling, n: int, m: int) -> Reads:
    """The entry floor(i·n/m), or those next to a place between entries."""
    ratio = Fraction(n, m)
    if not layer.bilinear or n == 1 or (layer.corners and m == 1):
        return 1 + _within(ratio), ratio, _within(ratio)
    if layer.corners:  # i·(n - 1)/(m - 1)
        ratio = Fraction(n - 1, m - 1)
        return 1 + 2 * _within(ratio), ratio, _within(ratio)
    first = (ratio - 1) / 2  # (i + 1/2)·n/m - 1/2
    far = 1 - Fraction(1, max(first.denominator, ratio.denominator))
    return 1 + 2 * far, ratio, far - first


def _within(ratio: Fraction) -> Fraction:
    """The largest multiple of the ratio's unit below 1."""
    return 1 - Fraction(1, ratio.denominator)


def unread(layer: Resampling, n: int, m: int) -> int:
    """How many of n entries are read by none of m: at least as far apart as two entries, places share none.

    >>> unread(UpsampleTo((4,)), 9, 4), unread(UpsampleTo((2,), bilinear=True), 9, 2)
    (5, 5)
    """
    if not layer.bilinear or (layer.corners and m == 1):
        return max(n - m, 0)
    ratio = Fraction(n - 1, m - 1) if layer.corners else Fraction(n, m)
    if ratio < 2:
        return 0
    if layer.corners:
        return n - 2 * m + (m - 1) // ratio.denominator + 1  # so many places are whole and read one entry
    odd = ratio.numerator * ratio.denominator % 2
    return n - 2 * m + (m // ratio.denominator if odd else 0)
