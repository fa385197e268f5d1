"""A network over an image or a volume of any size: by tiles where memory is short, reflected to a size that it takes.

Ronneberger et al. 2015, figure 2, the overlap-tile strategy: tiles overlap, of each the middle is kept, and what is
missing beyond the image's borders is its reflection. The result is the whole image's, number by number, for tiles that
start at multiples of the network's stride and whose margin covers half the receptive field.

>>> net = torch.nn.Conv2d(1, 2, 3, padding=1)
>>> image = torch.randn(1, 1, 20, 30)
>>> with torch.no_grad():
...     torch.allclose(tiled(net, image, tile=(8, 10), margin=1), net(image), atol=1e-6)
True
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor

from striate.errors import InputError

Net = Callable[[Tensor], Tensor]
Size = tuple[int, ...]  # (height, width) of images, (depth, height, width) of volumes

MOST_ADDED = 1024  # pixels along an axis, to reach a size that a network takes
AT_ONCE = 2**16  # pixels of the tiles that go through together


class Span(NamedTuple):
    """Where a tile's outputs are along one axis of the image: from `start` to `end`, and from where they count."""

    start: int
    kept: int
    end: int


Place = tuple[tuple[int, Span], ...]  # of a tile: along each axis its number, and where it is


def fitting_size(size: Size, takes: Callable[[Size], bool]) -> Size:
    """The smallest size of at least `size`, along each axis, that a network takes.

    >>> fitting_size((500, 33), lambda size: all(side % 16 == 0 for side in size))
    (512, 48)

    Args:
        size: along each axis.
        takes: whether the network takes an input of this size; asked with squares or cubes, as one axis knows nothing
            of the others.

    Raises:
        InputError: there is none within 1,024 more pixels.
    """

    def fitting(side: int) -> int:
        for longer in range(side, side + MOST_ADDED):
            if takes((longer,) * len(size)):
                return longer
        raise InputError(f"the network takes no size from {side} to {side + MOST_ADDED - 1} pixels; give other images")

    return tuple(fitting(side) for side in size)


def at_any_size(net: Net, image: Tensor, takes: Callable[[Size], bool], *, cut: int = 0) -> Tensor:
    """The network's outputs for a whole image, reflected beyond its borders to a size that the network takes.

    Args:
        net: gives (N, K, h - 2 `cut`, w - 2 `cut`) for (N, C, h, w); with one more axis for volumes.
        image: (N, C, H, W), or (N, C, D, H, W).
        takes: as for `fitting_size`.
        cut: pixels that the network, without padding, loses at each border.

    Returns:
        (N, K, H, W), or (N, K, D, H, W).
    """
    return tiled(net, image, tile=fitting_size(tuple(side + 2 * cut for side in image.shape[2:]), takes), cut=cut)


def tiled(
    net: Net,
    image: Tensor,
    *,
    tile: Size,
    margin: int = 0,
    multiple: int | Size = 1,
    cut: int = 0,
    scale: int = 1,
    blend: bool = False,
) -> Tensor:
    """The network's outputs for an image, tile by tile: memory is needed for one tile, the image and the outputs.

    Args:
        net: gives (N, K, h - 2 `cut`, w - 2 `cut`) for a tile (N, C, h, w), `scale` times as large; small tiles come
            several at a time. With one more axis for volumes.
        image: (N, C, H, W), or (N, C, D, H, W).
        tile: (height, width) of what the network is given, also where the image is smaller; a size that it takes.
            (depth, height, width) of volumes.
        margin: outputs at a tile's inner borders that its neighbour gives instead; half the receptive field, rounded
            down, makes them the whole image's. Neighbours overlap by twice as much.
        multiple: tiles start at multiples of this: of the network's total stride, one number or one for each axis.
        cut: pixels that the network, without padding, loses at each border.
        scale: how many times larger its outputs are.
        blend: whether neighbours fade into each other over their overlap, instead of meeting in its middle.

    Returns:
        (N, K, `scale` H, `scale` W), or (N, K, `scale` D, `scale` H, `scale` W).

    Raises:
        InputError: tiles too small for their margin, or outputs of another size.
    """
    useful = tuple(side - 2 * cut for side in tile)
    steps = along(multiple, len(useful))
    spans = [_spans(n, u, margin, m) for n, u, m in zip(image.shape[2:], useful, steps, strict=True)]
    fades = [_fades(some, side, margin) for some, side in zip(spans, useful, strict=True)]
    result: Tensor | None = None
    for place, outputs in _each(net, image, spans, tile, cut):
        if outputs.shape[2:] != (wanted := tuple(scale * side for side in useful)):
            raise InputError(_other_size(tile, wanted, tuple(outputs.shape[2:])))
        if result is None:
            result = outputs.new_zeros(*outputs.shape[:2], *(scale * side for side in image.shape[2:]))
        first = [span.start if blend else span.kept for _, span in place]
        ends = [span.end for _, span in place]
        there = result[_slices([(scale * a, scale * b) for a, b in zip(first, ends, strict=True)])]
        starts = [span.start for _, span in place]
        inside = [(scale * (a - s), scale * (b - s)) for a, b, s in zip(first, ends, starts, strict=True)]
        inner = outputs[_slices(inside)]
        if blend:
            there.add_(inner * _fade(place, fades, scale).to(inner))
        else:
            there.copy_(inner)  # the next tile replaces its last ones, from the middle of their overlap
    assert result is not None, "an image has at least one pixel"
    return result


def along(multiple: int | Size, axes: int) -> Size:
    """One number for each axis.

    >>> along(2, 3), along((1, 4, 4), 3)
    ((2, 2, 2), (1, 4, 4))
    """
    return (multiple,) * axes if isinstance(multiple, int) else multiple


def _slices(ranges: Sequence[tuple[int, int]]) -> tuple[Any, ...]:
    return (..., *(slice(first, last) for first, last in ranges))


def _fade(place: Place, fades: Sequence[Sequence[Tensor]], scale: int) -> Tensor:
    """How much a tile counts at each of its entries that are in the image."""
    whole = torch.ones((), dtype=torch.float64)
    for (number, span), along in zip(place, fades, strict=True):
        whole = whole[..., None] * along[number][: span.end - span.start].repeat_interleave(scale)
    return whole


def _each(
    net: Net, image: Tensor, spans: Sequence[Sequence[Span]], tile: Size, cut: int
) -> Iterator[tuple[Place, Tensor]]:
    """Each tile's place and the outputs for it; small ones go through together."""
    few = max(1, AT_ONCE // (prod(tile) * len(image)))
    places = list(product(*(list(enumerate(some)) for some in spans)))
    for first in range(0, len(places), few):
        some = places[first : first + few]
        tiles = [at(image, tuple(span.start - cut for _, span in place), tile) for place in some]
        yield from zip(some, torch.split(net(torch.cat(tiles)), len(image)), strict=True)


def middle(values: Tensor, size: Sequence[int]) -> Tensor:
    """The middle (…, *size) of values with as many last axes: of a mask, what a network without padding is asked for.

    >>> middle(torch.arange(16).reshape(4, 4), (2, 2)).tolist()
    [[5, 6], [9, 10]]
    """
    for axis, want in zip(range(-len(size), 0), size, strict=True):
        values = values.narrow(axis, (values.shape[axis] - want) // 2, want)
    return values


def _spans(length: int, side: int, margin: int, multiple: int) -> list[Span]:
    """The tiles along an axis of `length`, each with `side` outputs."""
    step = (side - 2 * margin) // multiple * multiple
    if side >= length:
        return [Span(0, 0, length)]
    if step < 1:
        raise InputError(f"tiles with {side} outputs are too small for a margin of {margin} and a stride of {multiple}")
    last = -(-(length - side) // multiple) * multiple  # its outputs reach the end, or beyond
    starts = [*range(0, last, step), last]
    return [Span(start, start + margin if start else 0, min(start + side, length)) for start in starts]


def _fades(spans: list[Span], side: int, margin: int) -> list[Tensor]:
    """How much each tile's outputs count along an axis: ramps over the overlaps, whose sum over the tiles is 1."""
    places = torch.arange(side)
    ramp = torch.full((side,), 2.0 * margin + 1)
    ramps = []
    for number, _ in enumerate(spans):
        before = ramp if number == 0 else places + 1
        after = ramp if number == len(spans) - 1 else side - places
        ramps.append(torch.minimum(torch.minimum(before, after), ramp).double())
    total = torch.zeros(max(span.start for span in spans) + side, dtype=torch.float64)
    for span, one in zip(spans, ramps, strict=True):
        total[span.start : span.start + side] += one
    return [one / total[span.start : span.start + side] for span, one in zip(spans, ramps, strict=True)]


def at(image: Tensor, corner: Size, size: Size, finer: int = 1) -> Tensor:
    """The image's (…, *size) from a corner that may be outside of it: beyond the borders it is reflected.

    >>> at(torch.arange(6).expand(2, 6), (0, -1), (1, 3), finer=2)[0].tolist()  # blocks of two, as its coarse image
    [2, 3, 0, 1, 2, 3]

    Args:
        image: (…, H, W), or (…, D, H, W).
        corner, size: In blocks of `finer` entries a side; blocks are reflected as they are.
        finer: how many rows and columns a block has.
    """
    for axis, start, count in zip(range(-len(size), 0), corner, size, strict=True):
        places = _reflected(torch.arange(start, start + count), image.shape[axis] // finer)
        entries = (finer * places[:, None] + torch.arange(finer)).flatten()
        image = image.index_select(axis, entries.to(image.device))
    return image


def _reflected(places: Tensor, length: int) -> Tensor:
    """Places on an endless axis as places from 0 to length - 1, reflected at the first and the last."""
    if length == 1:
        return torch.zeros_like(places)
    around = places.remainder(2 * (length - 1))
    return torch.minimum(around, 2 * (length - 1) - around)


def _other_size(tile: Size, wanted: Size, got: Size) -> str:
    given, read, needed = ("x".join(map(str, size)) for size in (got, tile, wanted))
    return f"the network gives outputs of {given} for {read}, and {needed} are needed to put tiles together"
