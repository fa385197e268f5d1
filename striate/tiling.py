"""A network over an image of any size: by tiles where memory is short, and reflected to a size that it takes.

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
from typing import NamedTuple

import torch
from torch import Tensor

from striate.errors import InputError

Net = Callable[[Tensor], Tensor]
Size = tuple[int, int]  # height, width

MOST_ADDED = 1024  # pixels along an axis, to reach a size that a network takes
AT_ONCE = 2**16  # pixels of the tiles that go through together


class Span(NamedTuple):
    """Where a tile's outputs are along one axis of the image: from `start` to `end`, and from where they count."""

    start: int
    kept: int
    end: int


def fitting_size(size: Size, takes: Callable[[Size], bool]) -> Size:
    """The smallest size of at least `size`, along each axis, that a network takes.

    >>> fitting_size((500, 33), lambda size: all(side % 16 == 0 for side in size))
    (512, 48)

    Args:
        size: (height, width).
        takes: whether the network takes an input of this size; asked with squares, as one axis knows nothing of the
            other.

    Raises:
        InputError: there is none within 1,024 more pixels.
    """

    def fitting(side: int) -> int:
        for longer in range(side, side + MOST_ADDED):
            if takes((longer, longer)):
                return longer
        raise InputError(f"the network takes no size from {side} to {side + MOST_ADDED - 1} pixels; give other images")

    return fitting(size[0]), fitting(size[1])


def at_any_size(net: Net, image: Tensor, takes: Callable[[Size], bool], *, cut: int = 0) -> Tensor:
    """The network's outputs for a whole image, reflected beyond its borders to a size that the network takes.

    Args:
        net: gives (N, K, h - 2 `cut`, w - 2 `cut`) for (N, C, h, w).
        image: (N, C, H, W).
        takes: as for `fitting_size`.
        cut: pixels that the network, without padding, loses at each border.

    Returns:
        (N, K, H, W).
    """
    height, width = image.shape[-2:]
    return tiled(net, image, tile=fitting_size((height + 2 * cut, width + 2 * cut), takes), cut=cut)


def tiled(
    net: Net,
    image: Tensor,
    *,
    tile: Size,
    margin: int = 0,
    multiple: int = 1,
    cut: int = 0,
    scale: int = 1,
    blend: bool = False,
) -> Tensor:
    """The network's outputs for an image, tile by tile: memory is needed for one tile, the image and the outputs.

    Args:
        net: gives (N, K, h - 2 `cut`, w - 2 `cut`) for a tile (N, C, h, w), `scale` times as large; small tiles come
            several at a time.
        image: (N, C, H, W).
        tile: (height, width) of what the network is given, also where the image is smaller; a size that it takes.
        margin: outputs at a tile's inner borders that its neighbour gives instead; half the receptive field, rounded
            down, makes them the whole image's. Neighbours overlap by twice as much.
        multiple: tiles start at multiples of this: of the network's total stride.
        cut: pixels that the network, without padding, loses at each border.
        scale: how many times larger its outputs are.
        blend: whether neighbours fade into each other over their overlap, instead of meeting in its middle.

    Returns:
        (N, K, `scale` H, `scale` W).

    Raises:
        InputError: tiles too small for their margin, or outputs of another size.
    """
    useful = tile[0] - 2 * cut, tile[1] - 2 * cut
    rows, columns = (_spans(n, u, margin, multiple) for n, u in zip(image.shape[-2:], useful, strict=True))
    fades = [_fades(spans, side, margin) for spans, side in zip((rows, columns), useful, strict=True)]
    result: Tensor | None = None
    for ((down, row), (right, column)), outputs in _each(net, image, rows, columns, tile, cut):
        if outputs.shape[-2:] != tuple(scale * side for side in useful):
            wanted = scale * useful[0], scale * useful[1]
            raise InputError(_other_size(tile, wanted, tuple(outputs.shape[-2:])))
        if result is None:
            result = outputs.new_zeros(*outputs.shape[:2], *(scale * side for side in image.shape[-2:]))
        top, left = (row.start, column.start) if blend else (row.kept, column.kept)
        place = result[..., scale * top : scale * row.end, scale * left : scale * column.end]
        inner = outputs[..., scale * (top - row.start) : scale * (row.end - row.start), :]
        inner = inner[..., scale * (left - column.start) : scale * (column.end - column.start)]
        if blend:
            fade = torch.outer(fades[0][down][: row.end - row.start], fades[1][right][: column.end - column.start])
            place.add_(inner * fade.repeat_interleave(scale, 0).repeat_interleave(scale, 1).to(inner))
        else:
            place.copy_(inner)  # the next tile replaces its last ones, from the middle of their overlap
    assert result is not None, "an image has at least one pixel"
    return result


def _each(
    net: Net, image: Tensor, rows: Sequence[Span], columns: Sequence[Span], tile: Size, cut: int
) -> Iterator[tuple[tuple[tuple[int, Span], tuple[int, Span]], Tensor]]:
    """Each tile's place and the outputs for it; small ones go through together."""
    few = max(1, AT_ONCE // (tile[0] * tile[1] * len(image)))
    places = list(product(enumerate(rows), enumerate(columns)))
    for first in range(0, len(places), few):
        some = places[first : first + few]
        tiles = [at(image, (row.start - cut, column.start - cut), tile) for (_, row), (_, column) in some]
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
        image: (…, H, W).
        corner, size: In blocks of `finer` entries a side; blocks are reflected as they are.
        finer: how many rows and columns a block has.
    """
    sides = zip(corner, size, image.shape[-2:], strict=True)
    places = (_reflected(torch.arange(start, start + count), length // finer) for start, count, length in sides)
    (rows, columns) = ((finer * some[:, None] + torch.arange(finer)).flatten() for some in places)
    return image[..., rows[:, None].to(image.device), columns.to(image.device)]


def _reflected(places: Tensor, length: int) -> Tensor:
    """Places on an endless axis as places from 0 to length - 1, reflected at the first and the last."""
    if length == 1:
        return torch.zeros_like(places)
    around = places.remainder(2 * (length - 1))
    return torch.minimum(around, 2 * (length - 1) - around)


def _other_size(tile: Size, wanted: Size, got: tuple[int, ...]) -> str:
    sizes = " for ".join(f"{height}x{width}" for height, width in (got, tile))
    return f"the network gives outputs of {sizes}, and {wanted[0]}x{wanted[1]} are needed to put tiles together"
