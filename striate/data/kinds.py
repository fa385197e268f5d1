"""What a field of an example is: how it moves when the images of the example are moved.

>>> Image().moves, Label(10).moves, Mask(3).moves, Points().moves
(True, False, True, True)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from striate.ignored import IGNORED

if TYPE_CHECKING:
    from torch import Tensor


LEFT = 0.25  # of a box's area, below which it is not told of
Size = tuple[int, int]  # height, width


class Moved:
    """What an epoch does to each example, drawn before its first batch: one draw moves all its fields alike."""

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """Images (N, C, …) in and out; `rows` (N,) are the positions of the examples in the training set."""
        return images

    def mask(self, masks: Tensor, rows: Tensor, ignored: int) -> Tensor:
        """Masks (N, …) of whole numbers in and out; what comes from beyond an edge is `ignored`."""
        return masks

    def points(self, points: Tensor, rows: Tensor, size: Size) -> Tensor:
        """Places (N, P, 2) of images of this size in and out: (x, y) from the first pixel's middle."""
        return points

    def mirrored_now(self, rows: Tensor) -> Tensor | None:
        """Which images (N,) are mirrored, so that left and right change places; None where none ever is."""
        return None

    def classes(self, labels: Tensor, rows: Tensor, count: int) -> Tensor:
        """Classes (N,) of `count` in; out as they are, or a share (N, count) of each class."""
        return labels

    def tokens(self, numbers: Tensor, rows: Tensor) -> Tensor:
        """Sentences (N, length) of numbers of words in and out."""
        return numbers

    def cut(self, values: Tensor, row: int, finer: int = 1) -> Tensor:
        """A part of one field, (…, height, width), of the example at `row`; by default the whole.

        `finer` is how many times as many rows and columns the field has as the images.
        """
        return values


@dataclass(frozen=True)
class Kind:
    """A kind of field."""

    moves: ClassVar[bool] = False

    @property
    def finer(self) -> int:
        """How many times as many rows and columns it has as the images that the network reads."""
        return 1

    def moved(self, values: Tensor, by: Moved, rows: Tensor) -> Tensor:
        """The values of the examples at `rows`, moved as their images are; most kinds do not move."""
        return values


@dataclass(frozen=True)
class Image(Kind):
    """An image, a signal or a volume: (C, *spatial), uint8 or float32.

    Attributes:
        scale: How many times as many entries it has, along each axis, as the images that the network reads.
    """

    scale: int = 1
    moves: ClassVar[bool] = True

    @property
    def finer(self) -> int:
        """The scale."""
        return self.scale

    def moved(self, values: Tensor, by: Moved, rows: Tensor) -> Tensor:
        """Moved."""
        return by.image(values, rows)


@dataclass(frozen=True)
class Mask(Kind):
    """A class for each entry of an image: (*spatial), whole numbers.

    Attributes:
        classes: How many there are.
        ignored: The value of entries that count for nothing.
    """

    classes: int
    ignored: int = IGNORED
    moves: ClassVar[bool] = True

    def moved(self, values: Tensor, by: Moved, rows: Tensor) -> Tensor:
        """Moved, entry by entry."""
        return by.mask(values, rows, self.ignored)


@dataclass(frozen=True)
class Label(Kind):
    """One class: a whole number from 0 to `classes` - 1."""

    classes: int

    def moved(self, values: Tensor, by: Moved, rows: Tensor) -> Tensor:
        """As it is, unless images are mixed or labels made softer."""
        return by.classes(values, rows, self.classes)


@dataclass(frozen=True)
class Points(Kind):
    """Places in an image: (P, 2) float32, column x and row y of each, (0, 0) in the middle of the first pixel.

    Attributes:
        size: (height, width) of the image.
        pairs: Which points are a left and a right one of the same kind, and change names in a mirror.
    """

    size: Size = (1, 1)
    pairs: tuple[tuple[int, int], ...] = ()
    moves: ClassVar[bool] = True

    def moved(self, values: Tensor, by: Moved, rows: Tensor) -> Tensor:
        """Moved, and in a mirror renamed."""
        points, mirrored = by.points(values, rows, self.size), by.mirrored_now(rows)
        if mirrored is None or not self.pairs:
            return points
        order = list(range(points.shape[1]))
        for left, right in self.pairs:
            order[left], order[right] = right, left
        return points.where(~mirrored.to(points.device).view(-1, 1, 1), points[:, order])


@dataclass(frozen=True)
class Boxes(Kind):
    """Boxes in an image: (B, 4) float32, left, top, right and bottom edge: 0 is the left edge of the first pixel.

    Of a box that is moved beyond an edge, what is left within the image; nothing where that is less than a quarter.

    Attributes:
        size: (height, width) of the image.
    """

    size: Size = (1, 1)
    moves: ClassVar[bool] = True

    def moved(self, values: Tensor, by: Moved, rows: Tensor) -> Tensor:
        """The boxes around the moved corners, cut at the image's edges."""
        import torch

        height, width = self.size
        corners = values[:, :, [0, 1, 2, 1, 0, 3, 2, 3]] - 0.5  # places count from the first pixel's middle
        places = by.points(corners.view(len(values), -1, 2), rows, self.size).view(len(values), -1, 4, 2) + 0.5
        first, last, most = places.amin(2), places.amax(2), values.new_tensor([width, height])
        inside = [place.clamp_min(0).minimum(most) for place in (first, last)]
        left = (inside[1] - inside[0]).prod(2) >= LEFT * (last - first).prod(2)
        return torch.cat([inside[0], inside[1].where(left[:, :, None], inside[0])], 2)


@dataclass(frozen=True)
class Labels(Kind):
    """Several classes at once: (classes,), 1 where a class is there and 0 where not."""

    classes: int


@dataclass(frozen=True)
class Number(Kind):
    """A row of numbers (size,), or a single one."""

    size: int = 1


@dataclass(frozen=True)
class Tokens(Kind):
    """A sentence: (length,) numbers of words.

    Attributes:
        words: How many words there are.
    """

    words: int

    def moved(self, values: Tensor, by: Moved, rows: Tensor) -> Tensor:
        """With words left out."""
        return by.tokens(values, rows)


@dataclass(frozen=True)
class Features(Kind):
    """What another network saw of a picture, in one view or several: (views, C, h, w)."""


@dataclass(frozen=True)
class Texts(Kind):
    """Sentences about an example: (K, B) uint8, UTF-8 each, with zeros after it."""


Kinds = Mapping[str, Kind]


def moved(kinds: Kinds, name: str, values: Tensor, by: Moved | None, rows: Tensor) -> Tensor:
    """The values of a field, moved as its kind is; those of no known kind, and where nothing moves, as they are."""
    return kinds[name].moved(values, by, rows) if by is not None and name in kinds else values
