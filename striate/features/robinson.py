"""The Robinson compass masks: one mask turned into eight directions; the strongest answer wins.

G. S. Robinson, "Edge detection by compass gradient masks", Computer Graphics and Image Processing 6, 1977. The border
repeats its pixels. The row for a classifier is a network's layer with filters made by hand: conv -> relu -> avgpool.

>>> MASKS[1].tolist()
[[0.0, 1.0, 2.0], [-1.0, 0.0, 1.0], [-2.0, -1.0, 0.0]]
>>> step = torch.zeros(1, 1, 4, 4)
>>> step[..., :2, :] = 1  # bright in the north
>>> strength, direction = compass(step)
>>> float(strength[0, 1, 1]), NAMES[int(direction[0, 1, 1])]
(4.0, 'north')
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from .base import grey

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")
RING = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))  # the border of 3×3, clockwise
EAST = (-1.0, 0.0, 1.0, 2.0, 1.0, 0.0, -1.0, -2.0)  # along the ring
POOL = 2  # side in pixels of what one entry of the row stands for


def _turned(steps: int) -> Tensor:
    """The east mask turned counter-clockwise by `steps` times 45 degrees."""
    mask = torch.zeros(3, 3)
    for place, (row, column) in enumerate(RING):
        mask[row, column] = EAST[(place + steps) % 8]
    return mask


MASKS = torch.stack([_turned(steps) for steps in range(8)])  # (8, 3, 3), in the order of NAMES


def responses(images: Tensor) -> Tensor:
    """The eight answers (N, 8, H, W), in the order of `NAMES`, to images (N, C, H, W)."""
    padded = F.pad(grey(images), (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, MASKS[:, None])


def compass(images: Tensor) -> tuple[Tensor, Tensor]:
    """The strongest of the eight answers at each pixel (N, H, W), and which it is (N, H, W), a position in `NAMES`."""
    strongest = responses(images).max(1)
    return strongest.values, strongest.indices


def rows(images: Tensor) -> Tensor:
    """(N, 8·⌈H/2⌉·⌈W/2⌉): what is positive of the eight answers."""
    return F.avg_pool2d(responses(images).relu(), POOL, ceil_mode=True).flatten(1)


def draw(axes: Axes, image: Tensor) -> None:
    """The strongest answer's strength."""
    axes.imshow(compass(image[None])[0][0].numpy(), cmap="magma", interpolation="none")
