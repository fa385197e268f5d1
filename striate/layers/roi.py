"""Regions of interest: a box of any size becomes a map of one size, by pooling or by aligning.

RoI pooling rounds to whole entries and takes the largest of each bin (Girshick 2015, section 2.1); RoI align rounds
nothing and takes the mean of points read bilinearly (He et al. 2017, section 3).

>>> import torch
>>> features, boxes = torch.arange(16.0).reshape(1, 1, 4, 4), torch.tensor([[0.0, 0.0, 0.0, 3.0, 3.0]])
>>> RoIPool((2, 2))(features, boxes).tolist()
[[[[5.0, 7.0], [13.0, 15.0]]]]
>>> RoIAlign((1, 1))(features, torch.tensor([[0.0, 0.0, 0.0, 4.0, 4.0]])).tolist()
[[[[7.5]]]]
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.layers.deform import interpolated

RULE = "Boxes are (K, 5): number of the image from 0, left, top, right, bottom"


class RoIPool(nn.Module):
    """The largest entry of each of `size` bins of each box.

    Args:
        size: Rows and columns that come out.
        scale: Entries of the features per unit of the boxes, such as 1/16.
    """

    def __init__(self, size: tuple[int, int], scale: float = 1.0) -> None:
        super().__init__()
        self.size, self.scale = size, scale

    def forward(self, features: Tensor, boxes: Tensor) -> Tensor:
        """Features (N, C, H, W) and boxes (K, 5): image, left, top, right, bottom, ends included; (K, C, *size) out.

        A bin outside the features gives 0.
        """
        images = features.unbind()
        entries = (boxes[:, 1:] * self.scale + 0.5).floor().int().tolist()  # a half goes up, as in the paper's code
        pooled = [self._box(images[int(box[0])], entry) for box, entry in zip(boxes, entries, strict=True)]
        return torch.stack(pooled) if pooled else features.new_zeros(0, features.shape[1], *self.size)

    def _box(self, maps: Tensor, box: list[int]) -> Tensor:
        left, top, right, bottom = box
        rows = _bins(top, bottom, self.size[0], maps.shape[1])
        columns = _bins(left, right, self.size[1], maps.shape[2])
        return _largest(_largest(maps, 1, rows), 2, columns)


def _bins(first: int, last: int, count: int, n: int) -> list[tuple[int, int]]:
    """Where each of `count` bins of the entries first … last begins and ends; neighbours share a split entry."""
    length = max(last - first + 1, 1)
    spans = [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]
    return [(min(max(first + begin, 0), n), min(max(first + end, 0), n)) for begin, end in spans]


def _largest(maps: Tensor, axis: int, bins: list[tuple[int, int]]) -> Tensor:
    """The largest entry of each bin along an axis of (C, H, W); 0 where a bin is empty."""
    begin, end = bins[0][0], bins[-1][1]
    region = maps.narrow(axis, begin, end - begin)  # once, because the gradient of each part is as large as its whole
    parts = [region.narrow(axis, first - begin, last - first) for first, last in bins]
    empty = maps.new_zeros(maps.shape[:axis] + maps.shape[axis + 1 :])
    return torch.stack([part.amax(axis) if part.shape[axis] else empty for part in parts], dim=axis)


class RoIAlign(nn.Module):
    """The mean of `points` x `points` values in each of `size` bins of each box, read between the entries.

    Entry i of a map is at i + 0.5, so a box over the whole map goes from 0 to its width. A point up to one entry
    outside reads the nearest entry; one farther off reads 0.

    Args:
        size: Rows and columns that come out.
        scale: Entries of the features per unit of the boxes, such as 1/16.
        points: Along each axis of a bin; the paper takes 2.
        aligned: Without, entry i is at i, and a box is at least one entry wide: as Detectron did at first.
    """

    def __init__(self, size: tuple[int, int], scale: float = 1.0, points: int = 2, aligned: bool = True) -> None:
        super().__init__()
        self.size, self.scale, self.points, self.aligned = size, scale, points, aligned

    def forward(self, features: Tensor, boxes: Tensor) -> Tensor:
        """Features (N, C, H, W) and boxes (K, 5): image, left, top, right, bottom; (K, C, *size) out."""
        exact = torch.promote_types(features.dtype, torch.float32)  # half numbers can't tell places above 256 apart
        left, top, right, bottom = (boxes[:, 1:].to(exact) * self.scale - 0.5 * self.aligned).unbind(dim=1)
        if not self.aligned:
            right, bottom = torch.maximum(right, left + 1), torch.maximum(bottom, top + 1)
        high, wide = self.size
        rows = self._points(top, bottom, high)[:, :, None].expand(-1, -1, wide * self.points)
        columns = self._points(left, right, wide)[:, None, :].expand(-1, high * self.points, -1)
        height, width = features.shape[2:]
        near = (rows >= -1) & (rows <= height) & (columns >= -1) & (columns <= width)
        places = (rows.clamp(0, height - 1), columns.clamp(0, width - 1))
        read = interpolated(features, places, boxes[:, 0].long()) * near[:, None]
        bins: Tensor = read.reshape(*read.shape[:2], high, self.points, wide, self.points).mean(dim=(3, 5))
        return bins.to(features.dtype)

    def _points(self, first: Tensor, last: Tensor, count: int) -> Tensor:
        """(K, count * points): where the values of an axis are read."""
        inside = (torch.arange(count * self.points, dtype=first.dtype, device=first.device) + 0.5) / (
            count * self.points
        )
        return first[:, None] + (last - first)[:, None] * inside


class Levels(nn.Module):
    """Each box cut from the map of a pyramid that suits its size (Lin et al. 2017, equation 1).

    A box of 224 x 224 pixels belongs to the map of stride 16, one of half its sides to that of stride 8; where there is
    no such map, to the nearest.

    Args:
        cutters: One for each map, with its scale.
    """

    def __init__(self, cutters: Sequence[RoIPool | RoIAlign]) -> None:
        super().__init__()
        self.cutters = tuple(cutters)  # they have no weights

    def forward(self, *inputs: Tensor) -> Tensor:
        """The maps (N, C, H, W), then the boxes (K, 5): image, left, top, right, bottom; (K, C, *size) out."""
        *maps, boxes = inputs
        high, wide = self.cutters[0].size
        cut = maps[0].new_zeros(len(boxes), maps[0].shape[1], high, wide)
        for number, (cutter, features) in enumerate(zip(self.cutters, maps, strict=True)):
            chosen = self.level(boxes) == number
            cut = cut.index_put((chosen.nonzero().flatten(),), cutter(features, boxes[chosen]))
        return cut

    def level(self, boxes: Tensor) -> Tensor:
        """The number of the map that suits each box."""
        sides = ((boxes[:, 3] - boxes[:, 1]) * (boxes[:, 4] - boxes[:, 2])).clamp_min(0).sqrt()
        wanted = (4 + torch.log2(sides / 224 + 1e-6)).floor()
        strides = boxes.new_tensor([-math.log2(cutter.scale) for cutter in self.cutters])
        return (wanted[:, None] - strides).abs().argmin(dim=1)


def checked(boxes: object, images: Tensor, reader: str) -> Tensor:
    """The boxes, if they are (K, 5) in these images.

    Args:
        boxes: What was given for them.
        images: (N, C, H, W).
        reader: The first layer that reads them, for the message.

    Raises:
        InputError: There are none, or one is not in these images.
    """
    if boxes is None:
        raise InputError(f"{reader} needs boxes beside the images; call model(images, boxes). {RULE}")
    if not isinstance(boxes, Tensor):
        raise InputError(f"{RULE}, as a tensor: torch.tensor(boxes). Received: {type(boxes).__name__}")
    if boxes.ndim != 2 or boxes.shape[1] != 5:
        raise InputError(f"{RULE}. Received: shape {tuple(boxes.shape)}")
    if images.ndim != 4:
        raise InputError(f"Images are (N, C, H, W); one alone is images[None]. Received: shape {tuple(images.shape)}")
    if not torch.compiler.is_compiling():
        _check(boxes, len(images))
    return boxes


def _check(boxes: Tensor, count: int) -> None:
    """Refuse the first of (K, 5) that is no box in `count` images."""
    image, left, top, right, bottom = boxes.unbind(dim=1)
    rules = (
        (boxes.isfinite().all(dim=1), "has a value that is not finite"),
        (image == image.floor(), "has an image number that is not whole"),
        ((image >= 0) & (image < count), f"is in none of the {count} images"),
        ((right >= left) & (bottom >= top), "ends before it begins"),
    )
    for kept, wrong in rules:
        if not kept.all():
            first = int((~kept).nonzero()[0])
            raise InputError(f"box {first} {wrong}: {boxes[first].tolist()}. {RULE}")
