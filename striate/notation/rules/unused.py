"""The entries of its input that a layer never reads: the lectures' case of a stride that does not divide.

A convolution or a pool stops where its next window would reach over the edge, steps over entries where its stride is
larger than its kernel, and between the taps of a dilated kernel. A smaller map leaves out entries too.

>>> from striate.notation import read
>>> pool = read("input 3x15x16 -> maxpool 2").layers[0]
>>> unused(pool, (3, 15, 16))
Figure(value=(1, 0), formula='15 + 0 - ((7 - 1)*2 + 2) = 1')
"""

from collections.abc import Callable
from fractions import Fraction
from functools import singledispatch
from math import gcd

from striate.notation.rules.figure import Figure
from striate.notation.rules.window import Window, windows
from striate.notation.tree import Crop, Deform, Layer, Resampling, Shape, Sliding, UpsampleTo

REPEATED = 1000  # most entries of padding that are looked up one by one where it repeats the input


@singledispatch
def unused(layer: Layer, shape: Shape) -> Figure[Shape]:
    """Entries along each axis of the input that the layer never reads.

    Padding does not count as input; where it repeats the input (reflect, replicate, circular), an entry that a window
    reads there is used.

    Args:
        layer: Any layer; the result is empty for those that read everything, or places that are learned.
        shape: What comes in, (C, *spatial); None for a free axis.

    Returns:
        A number for each axis, None for a free one, and the formulas where there are any; () for other layers.
    """
    return Figure(())


@unused.register
def _(layer: Crop, shape: Shape) -> Figure[Shape]:
    axes = list(zip(shape[1:], layer.sizes.sizes, layer.sizes.ends, strict=True))
    counts = tuple(None if n is None else before + after for n, before, after in axes)
    texts = [f"{before} + {after} = {before + after}" for n, before, after in axes if n and before + after]
    return Figure(counts, "; ".join(dict.fromkeys(texts)))


@unused.register
def _(layer: UpsampleTo, shape: Shape) -> Figure[Shape]:
    counts = [None if n is None else _left_out(layer, n, m) for n, m in zip(shape[1:], layer.size, strict=True)]
    texts = [f"{n} - {n - count} = {count}" for n, count in zip(shape[1:], counts, strict=True) if n and count]
    return Figure(tuple(counts), "; ".join(dict.fromkeys(texts)))


def _left_out(layer: Resampling, n: int, m: int) -> int:
    """How many of n entries are read by none of m: places at least two entries apart share none that they read."""
    if not layer.bilinear or (layer.corners and m == 1):
        return max(n - m, 0)
    ratio = Fraction(n - 1, m - 1) if layer.corners else Fraction(n, m)
    if ratio < 2:
        return 0
    if layer.corners:
        return n - 2 * m + (m - 1) // ratio.denominator + 1  # so many places are whole and read one entry
    odd = ratio.numerator * ratio.denominator % 2
    return n - 2 * m + (m // ratio.denominator if odd else 0)


@unused.register
def _(layer: Deform, shape: Shape) -> Figure[Shape]:
    return Figure(())


@unused.register
def _(layer: Sliding, shape: Shape) -> Figure[Shape]:
    axes = list(zip(windows(layer), shape[1:], strict=True))
    counts = tuple(None if n is None else _unused(window, n) for window, n in axes)
    texts = [_formula(window, n, count) for (window, n), count in zip(axes, counts, strict=True) if n and count]
    return Figure(counts, "; ".join(dict.fromkeys(texts)))


def _unused(window: Window, n: int) -> int:
    before, after = window.padding(n)
    count = n - _touched(window, n, 0, n)
    if count and window.pad.mode in _SOURCES and before + after:
        if before + after > REPEATED:
            return 0  # not known; nothing is said
        source = _SOURCES[window.pad.mode]
        padding = (*range(-before, 0), *range(n, n + after))
        read = {source(entry, n) for entry in padding if _touched(window, n, entry, entry + 1)}
        count -= sum(not _touched(window, n, entry, entry + 1) for entry in read)
    return count


_SOURCES: dict[
    str, Callable[[int, int], int]
] = {  # the input entry that padding repeats at a place outside the n entries
    "reflect": lambda place, n: abs(place) if place < n else 2 * (n - 1) - place,
    "replicate": lambda place, n: min(max(place, 0), n - 1),
    "circular": lambda place, n: place % n,
}


def _touched(window: Window, n: int, first: int, last: int) -> int:
    """How many of the places `first` to `last` - 1 on an axis of `n` entries are touched by some window.

    Windows begin `stride` places apart and their taps are `dilation` apart: a place is touched if it is a multiple of
    the one plus a multiple of the other. Places with the same remainder after division by one of the two form blocks
    at equal distances, which are counted without visiting each.
    """
    shift = window.padding(n)[0]
    sides = [(window.output(n).value or 0, window.stride), (window.size, window.dilation)]
    common = gcd(window.stride, window.dilation)
    rests = [min(sides[0][0], window.dilation // common), min(sides[1][0], window.stride // common)]
    (count, step), (others, apart) = sides if rests[0] <= rests[1] else sides[::-1]
    every = apart // common
    total = 0
    for rest in range(min(rests)):
        blocks = -(-(count - rest) // every)
        low, high = (-(-(place + shift - rest * step) // apart) for place in (first, last))
        spacing = step // common
        total += _below(high, blocks, spacing, others) - _below(low, blocks, spacing, others)
    return total


def _below(limit: int, blocks: int, every: int, length: int) -> int:
    """How many whole numbers from 0 to `limit` - 1 are in blocks of `length` that begin `every` apart."""
    if limit <= 0:
        return 0
    if length >= every:
        return min(limit, (blocks - 1) * every + length)
    full, rest = divmod(limit, every)
    return full * length + min(rest, length) if full < blocks else blocks * length


def _formula(window: Window, n: int, count: int) -> str:
    size, before = window.output(n).value or 0, window.padding(n)[0]
    if window.stride <= window.size and window.dilation == 1 and window.pad.mode != "circular":
        return f"{n} + {before} - (({size} - 1)*{window.stride} + {window.size}) = {count}"
    return f"{n} - {n - count} = {count}"
