"""SIFT: a histogram of gradient directions in each of 4×4 parts around a point, relative to the point's scale.

D. G. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60, 2004; computed by OpenCV. To classify,
a descriptor is taken at each point of a grid, upright ("dense SIFT"); the picture shows the points SIFT itself finds.

>>> rows(torch.rand(2, 1, 28, 28)).shape  # 9 points of 4×4 parts of 8 directions
torch.Size([2, 1152])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .grid import enlarged, grid
from .points import draw_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WINDOW = 6.0  # a descriptor's window is 4 parts of 3 scales, 12 scales; OpenCV's size of a point is 2 scales
DRAWN_SIDE = 112


def rows(images: Tensor) -> Tensor:
    """(N, 9·128): square roots of the descriptors' shares (RootSIFT, Arandjelović and Zisserman 2012)."""
    import cv2

    pixels = _bytes(enlarged(images))
    middles, window = grid(*pixels.shape[1:])
    sift: Any = cv2.SIFT_create()  # type: ignore[attr-defined,unused-ignore]
    points = [cv2.KeyPoint(x, y, window / WINDOW, 0.0) for x, y in middles]
    found = np.stack([sift.compute(image, points)[1] for image in pixels])  # (N, 9, 128)
    shares = found / np.maximum(found.sum(2, keepdims=True), 1e-7)
    return torch.from_numpy(np.sqrt(shares).reshape(len(found), -1).astype(np.float32))


def draw(axes: Axes, image: Tensor) -> None:
    """The points that SIFT finds, each with its scale and orientation."""
    import cv2

    pixels = _bytes(enlarged(image[None], DRAWN_SIDE))[0]
    sift: Any = cv2.SIFT_create(contrastThreshold=0.02)  # type: ignore[attr-defined,unused-ignore]
    found = sift.detect(pixels, None)
    points = [(point.pt[0], point.pt[1], point.size / 2, np.deg2rad(point.angle)) for point in found]
    draw_points(axes, pixels, points)


def _bytes(images: Tensor) -> NDArray[np.uint8]:
    return (images[:, 0] * 255).round().clamp(0, 255).byte().numpy()
