"""An image of any size on a canvas of one size: as large as fits, in the middle, with grey around it.

>>> on = placing((100, 200), (64, 64))
>>> on, on.there(np.array([[0.0, 0, 200, 100]])).tolist()
(Placing(scale=0.32, left=0, top=16), [[0.0, 16.0, 64.0, 48.0]])
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..image import decode

GREY = 114  # around the image, of 255


@dataclass(frozen=True)
class Placing:
    """Where an image is on a canvas.

    Attributes:
        scale: Pixels of the canvas for each of the image.
        left, top: Of the image's corner.
    """

    scale: float
    left: int
    top: int

    def there(self, boxes: NDArray[np.floating]) -> NDArray[np.float32]:
        """Boxes (B, 4) of the image, on the canvas."""
        return (boxes * self.scale + self._corner).astype(np.float32)

    def back(self, boxes: NDArray[np.floating]) -> NDArray[np.float32]:
        """Boxes (B, 4) of the canvas, in the image."""
        return ((boxes - self._corner) / self.scale).astype(np.float32)

    def points_there(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Points (…, 2) of the image, from its first pixel's middle, on the canvas, from the middle of its first."""
        return ((points + 0.5) * self.scale + self._corner[:2] - 0.5).astype(np.float32)

    def points_back(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Points (…, 2) of the canvas, in the image."""
        return ((points + 0.5 - self._corner[:2]) / self.scale - 0.5).astype(np.float32)

    @property
    def _corner(self) -> NDArray[np.float64]:
        return np.array([self.left, self.top, self.left, self.top], np.float64)


def placing(size: tuple[int, int], canvas: tuple[int, int]) -> Placing:
    """Where an image of (height, width) is on a canvas."""
    scale = min(canvas[0] / size[0], canvas[1] / size[1])
    height, width = scaled(size, scale)
    return Placing(scale, (canvas[1] - width) // 2, (canvas[0] - height) // 2)


def scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """The size of an image that is made larger or smaller: at least a pixel."""
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def read_part_onto(
    item: tuple[Path, tuple[int, int, int, int]], *, channels: int, canvas: tuple[int, int]
) -> NDArray[np.uint8]:
    """What is within a box (left, top, right, bottom) of the image in a file, on a canvas.

    Raises:
        ImageError: It can't be read.
    """
    path, (left, top, right, bottom) = item
    return onto(decode(path, channels=channels)[:, top:bottom, left:right], canvas)


def read_onto(path: Path, *, channels: int, canvas: tuple[int, int]) -> NDArray[np.uint8]:
    """The image in a file on a canvas: (C, height, width), 0 to 255.

    Raises:
        ImageError: It can't be read.
    """
    return onto(decode(path, channels=channels), canvas)


def onto(image: NDArray[np.uint8], canvas: tuple[int, int]) -> NDArray[np.uint8]:
    """An image (C, height, width) on a canvas (C, *canvas)."""
    return np.stack([_laid(plane, canvas, GREY, Image.Resampling.BILINEAR) for plane in image])


def objects_onto(objects: NDArray[np.int32], canvas: tuple[int, int]) -> NDArray[np.int32]:
    """Objects (height, width) of an image on a canvas, as coarse as they get; around the image there are none."""
    return _laid(objects, canvas, 0, Image.Resampling.NEAREST)


def _laid(plane: NDArray[Any], canvas: tuple[int, int], around: int, how: Image.Resampling) -> NDArray[Any]:
    """One channel of an image on a canvas, with a value around it."""
    on = placing(plane.shape, canvas)
    height, width = scaled(plane.shape, on.scale)
    made = np.full(canvas, around, plane.dtype)
    small = Image.fromarray(plane).resize((width, height), how)
    made[on.top : on.top + height, on.left : on.left + width] = np.asarray(small)
    return made
