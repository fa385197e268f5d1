"""Where descriptors are taken when an image is described as a whole: enlarged to a common size, on a grid of points.

An interest-point detector finds a different number of points in each image; a classifier needs rows of one length.

>>> middles, window = grid(64, 64)
>>> len(middles), middles[0], window
(9, (16.0, 16.0), 32.0)
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from .base import grey

POINTS = 3  # along each axis; neighbouring windows overlap by half
SIDE = 56  # pixels of the shorter side, at least: the smallest masks must fit


def enlarged(images: Tensor, side: int = SIDE) -> Tensor:
    """Grey images (N, 1, h, w), those whose shorter side is below `side` enlarged to it, bilinear."""
    height, width = images.shape[2:]
    times = side / min(height, width)
    if times <= 1:
        return grey(images)
    size = (round(height * times), round(width * times))
    return F.interpolate(grey(images), size=size, mode="bilinear", align_corners=False)


def grid(height: int, width: int) -> tuple[list[tuple[float, float]], float]:
    """Middles (x, y) of the windows, row by row, and the side of each: half the image's shorter side."""
    steps = [(i + 1) / (POINTS + 1) for i in range(POINTS)]
    return [(width * x, height * y) for y in steps for x in steps], min(height, width) / 2


def in_parts(images: Tensor, size: int = 500) -> tuple[Tensor, ...]:
    """The images, `size` at a time, so that little memory is used."""
    return torch.split(images, size)
