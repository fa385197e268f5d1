"""Objects in images much larger than a network's input: it looks at tiles that overlap, and at the whole.

A tile shows small objects at the size of those that were learned (Akyon et al. 2022, "Slicing aided hyper inference").
A box that ends at an inner edge of its tile is left to the neighbour, which shows the whole object where it is no
larger than a quarter of a tile; the whole image shows the larger ones.

>>> starts(100, 40), starts(40, 40), starts(30, 40)
([0, 20, 40, 60], [0], [0])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import torch
from torch import Tensor

from striate.boxes import suppressed
from striate.errors import InputError

SHARE = 0.25  # of a tile's side: objects so large are whole in one tile at least
NEAR = 0.02  # of a tile's side: a box that ends nearer to an inner edge is taken for a part of an object
MOST = 4096  # tiles of an image
TOGETHER = 16  # tiles that the network sees at once
Find = Callable[[Tensor], Sequence[Tensor]]


def found_in_tiles(find: Find, image: Tensor, tile: tuple[int, int], threshold: float) -> Tensor:
    """(B, 6): edges in the image's pixels, probability and class of each object, the surest first.

    Args:
        find: Gives the same for images (N, C, h, w) of one size, for each of them.
        image: (C, H, W).
        tile: (height, width), in pixels.
        threshold: The IoU above which two boxes of a class are one object.

    Raises:
        InputError: So small tiles are too many.
    """
    height, width = (min(pair) for pair in zip(tile, image.shape[1:], strict=True))
    corners = list(product(starts(image.shape[1], height), starts(image.shape[2], width)))
    if len(corners) > MOST:
        raise InputError(f"an image has {len(corners):,} tiles of {tile[0]}x{tile[1]} pixels; give larger ones")
    every = list(find(image[None]))
    for number in range(0, len(corners) if len(corners) > 1 else 0, TOGETHER):
        some = corners[number : number + TOGETHER]
        tiles = torch.stack([image[:, top : top + height, left : left + width] for top, left in some])
        every += [_moved(boxes, corner, tiles, image) for boxes, corner in zip(find(tiles), some, strict=True)]
    boxes = torch.cat(every)
    return boxes[suppressed(boxes[:, :4], boxes[:, 4], threshold, boxes[:, 5])]


def starts(length: int, side: int) -> list[int]:
    """Where tiles of a side begin along an axis, evenly, so that they cover it."""
    if side >= length:
        return [0]
    steps = -int(-(length - side) // (side * (1 - SHARE - 2 * NEAR)))
    return sorted({round(step * (length - side) / steps) for step in range(steps + 1)})


def _moved(boxes: Tensor, corner: tuple[int, int], tiles: Tensor, image: Tensor) -> Tensor:
    """A tile's boxes in their places in the image, without those that an inner edge cuts."""
    sides, ends = (torch.tensor([one.shape[-1], one.shape[-2]]) for one in (tiles, image))
    first = torch.tensor([corner[1], corner[0]])
    places = boxes[:, :4] + first.repeat(2)
    cut = (places[:, :2] < first + NEAR * sides) & (first > 0)
    cut |= (places[:, 2:] > first + (1 - NEAR) * sides) & (first + sides < ends)
    return torch.cat([places, boxes[:, 4:]], 1)[~cut.any(1)]
