"""Histograms of oriented gradients: in each small cell, how much edge there is in each direction.

N. Dalal and B. Triggs, "Histograms of oriented gradients for human detection", CVPR 2005; computed by scikit-image.
Nine unsigned orientations, blocks of 2×2 cells that overlap by half, each block normalised (L2-Hys).

>>> rows(torch.rand(5, 1, 28, 28)).shape  # 6×6 blocks of 2×2 cells of 9 orientations
torch.Size([5, 1296])
>>> cell_side(28, 28), cell_side(8, 8)
(4, 2)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from matplotlib.collections import LineCollection
from numpy.typing import NDArray
from torch import Tensor

from striate.errors import InputError

from .base import grey

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ORIENTATIONS = 9  # over half a turn
BLOCK = 2  # cells per side
CELLS = 7  # cells along the shorter side of an image


def cell_side(height: int, width: int) -> int:
    """A cell's side in pixels: about a seventh of the image, so that the number of cells does not grow with it."""
    return max(2, round(min(height, width) / CELLS))


def rows(images: Tensor) -> Tensor:
    """(N, D) for images (N, C, H, W).

    Raises:
        InputError: The images are smaller than a block.
    """
    side = cell_side(*images.shape[2:])
    if min(images.shape[2:]) < BLOCK * side:
        height, width = images.shape[2:]
        raise InputError(
            f"hog needs images of {BLOCK * side}x{BLOCK * side} pixels or more. Received: {height}x{width}"
        )
    return torch.from_numpy(np.stack([_hog(image, side, BLOCK) for image in grey(images)[:, 0].numpy()]))


def cells(image: Tensor) -> NDArray[np.float32]:
    """The histogram of each cell (rows, columns, 9) of one image (C, H, W), by how much gradient the cell holds."""
    side, pixels = cell_side(*image.shape[1:]), grey(image)[0].numpy()
    height, width = pixels.shape[0] // side, pixels.shape[1] // side
    shares = _hog(pixels, side, 1, norm="L1").reshape(height, width, ORIENTATIONS)
    magnitude = np.hypot(*np.gradient(pixels))[: height * side, : width * side]
    held = magnitude.reshape(height, side, width, side).sum((1, 3))
    return np.asarray(shares * held[:, :, None], dtype=np.float32)


def draw(axes: Axes, image: Tensor) -> None:
    """In each cell a stroke for each orientation, along the edge, as bright as the histogram's bin is full."""
    side, found = cell_side(*image.shape[1:]), cells(image)
    angle = (np.arange(ORIENTATIONS) + 0.5) * np.pi / ORIENTATIONS + np.pi / 2  # an edge runs across its gradient
    along = 0.48 * side * np.stack([np.cos(angle), np.sin(angle)], 1)  # (9, 2): x, y
    down, right = np.mgrid[: found.shape[0], : found.shape[1]]
    centres = (np.stack([right, down], 2)[:, :, None] + 0.5) * side - 0.5  # (rows, columns, 1, 2)
    strokes = np.stack([centres - along, centres + along], 3).reshape(-1, 2, 2)
    colours = np.ones((len(strokes), 4))
    colours[:, 3] = found.reshape(-1) / max(float(found.max()), 1e-12)
    axes.imshow(np.zeros(image.shape[1:]), cmap="gray", interpolation="none")
    axes.add_collection(LineCollection(list(strokes), colors=colours, linewidths=1.2))


def _hog(image: NDArray[np.float32], side: int, block: int, norm: str = "L2-Hys") -> NDArray[np.float32]:
    from skimage.feature import hog

    row = hog(image, ORIENTATIONS, (side, side), (block, block), block_norm=norm)
    return np.asarray(row, dtype=np.float32)
