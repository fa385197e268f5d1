"""The shape of layers that change a map's grid: finer, coarser, wider or narrower.

>>> from striate.notation.rules.shape import output
>>> output(Upsample((2, 3)), (8, 7, 5))
Figure(value=(8, 14, 15), formula='7*2 = 14; 5*3 = 15')
"""

from collections.abc import Iterable
from typing import cast

from striate.notation.arguments import NO_AXES
from striate.notation.errors import RuleError
from striate.notation.rules.figure import Figure
from striate.notation.rules.shape import layer_text, output, shown
from striate.notation.rules.window import check_repeats
from striate.notation.tree import Adaptive, Crop, Padding, Resampling, Shape, Shuffle, Unshuffle, Upsample, UpsampleTo


@output.register
def _(layer: Shuffle, shape: Shape) -> Figure[Shape]:
    channels, pieces = cast(int, shape[0]), layer.factor ** (len(shape) - 1)
    if len(shape) < 2:
        raise RuleError("shuffle has no axes to act on", NO_AXES)
    if channels % pieces:
        raise RuleError(
            f"shuffle {layer.factor} does not divide {channels} channels",
            f"it needs a multiple of {layer.factor}^{len(shape) - 1} = {pieces}, such as {_multiple(channels, pieces)}",
            "factor",
        )
    spatial = tuple(None if n is None else n * layer.factor for n in shape[1:])
    return Figure((channels // pieces, *spatial), f"{channels}/{pieces} = {channels // pieces} channels")


def _multiple(least: int, of: int) -> int:
    """The first multiple that is not smaller."""
    return -(-least // of) * of


@output.register
def _(layer: Unshuffle, shape: Shape) -> Figure[Shape]:
    channels, factor, pieces = cast(int, shape[0]), layer.factor, layer.factor ** (len(shape) - 1)
    if len(shape) < 2:
        raise RuleError("unshuffle has no axes to act on", NO_AXES)
    for n in shape[1:]:
        if n is not None and n % factor:
            detail = (
                f"{n}/{factor} = {n / factor:g}; bring it to {_multiple(n, factor)} before, or use a divisor of {n}"
            )
            raise RuleError(f"unshuffle {factor} does not divide an axis of {n} entries", detail, "factor")
    spatial = tuple(None if n is None else n // factor for n in shape[1:])
    return Figure((channels * pieces, *spatial), f"{channels}*{pieces} = {channels * pieces} channels")


@output.register
def _(layer: Upsample, shape: Shape) -> Figure[Shape]:
    _check_corners(layer)
    sizes = tuple(None if n is None else n * factor for n, factor in zip(shape[1:], layer.factor, strict=True))
    axes = zip(shape[1:], layer.factor, sizes, strict=True)
    return Figure((shape[0], *sizes), _once(f"{_q(n)}*{factor} = {_q(size)}" for n, factor, size in axes))


@output.register
def _(layer: UpsampleTo, shape: Shape) -> Figure[Shape]:
    _check_corners(layer)
    return Figure((shape[0], *layer.size), f"{shown(layer.size)} from any size")


def _check_corners(layer: Resampling) -> None:
    if layer.corners and not layer.bilinear:
        detail = f"it says where to read between entries; write {layer.word} … bilinear corners"
        raise RuleError("corners needs bilinear", detail, "corners")


@output.register(Adaptive)
def _(layer: Adaptive, shape: Shape) -> Figure[Shape]:
    axes = zip(shape[1:], layer.size, strict=True)
    windows = _once(f"floor(i*{_q(n)}/{m}) up to ceil((i + 1)*{_q(n)}/{m})" for n, m in axes)
    return Figure((shape[0], *layer.size), f"window i: {windows}")


@output.register
def _(layer: Padding, shape: Shape) -> Figure[Shape]:
    if layer.sizes.mode == "same":
        raise RuleError("pad same needs a window", "write how many entries: pad 1, pad (1,0), pad reflect 1", "sizes")
    check_repeats(layer.sizes, shape[1:], "sizes")
    return _moved(layer, shape, 1)


@output.register
def _(layer: Crop, shape: Shape) -> Figure[Shape]:
    if layer.sizes.mode != "zeros":
        raise RuleError(f"crop knows no {layer.sizes.mode}", "it takes entries away: crop 2, crop (1,0)x2", "sizes")
    return _moved(layer, shape, -1)


def _moved(layer: Padding | Crop, shape: Shape, sign: int) -> Figure[Shape]:
    """The shape after entries are added (`sign` 1) or taken away (-1) at both ends of each axis."""
    sizes, formulas, mark = [], [], "+" if sign > 0 else "-"
    for n, before, after in zip(shape[1:], layer.sizes.sizes, layer.sizes.ends, strict=True):
        size = None if n is None else n + sign * (before + after)
        both = f"2*{before}" if before == after else f"{before} {mark} {after}"
        formulas.append(f"{_q(n)} {mark} {both} = {_q(size)}")
        if size is not None and size < 1:
            detail = f"output = {formulas[-1]}; take away at most {(n or 1) - 1} entries of this axis"
            raise RuleError(f"{layer_text(layer)} leaves nothing", detail, "sizes")
        sizes.append(size)
    return Figure((shape[0], *sizes), _once(formulas))


def _once(formulas: Iterable[str]) -> str:
    """The formulas of the axes; one for all where they are equal."""
    return "; ".join(dict.fromkeys(formulas))


def _q(n: int | None) -> str:
    return "?" if n is None else str(n)
