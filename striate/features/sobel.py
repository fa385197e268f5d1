"""The Sobel operator: how strong the gradient is at each pixel, and where it points.

I. Sobel and G. Feldman, "A 3×3 isotropic gradient operator for image processing", 1968. Two masks, a smoothing [1 2 1]
across and a difference [-1 0 1] along; the border repeats its pixels.

>>> step = torch.zeros(1, 1, 4, 4)
>>> step[..., 2:] = 1
>>> magnitude, orientation = gradient(step)
>>> magnitude[0, 0].tolist(), float(orientation[0, 0, 1])
([0.0, 4.0, 4.0, 0.0], 0.0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from .base import grey

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACROSS = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
DOWN = ACROSS.T
POOL = 2  # side in pixels of what one entry of the row stands for: it tolerates small shifts


def gradient(images: Tensor) -> tuple[Tensor, Tensor]:
    """Magnitude and orientation of the luminance's gradient.

    Args:
        images: (N, C, H, W).

    Returns:
        Magnitude (N, H, W), 0 or more, and orientation (N, H, W) in radians, -π..π, 0 to the right, π/2 down.
    """
    x, y = _derivatives(images)
    return torch.hypot(x, y), torch.atan2(y, x)


def rows(images: Tensor) -> Tensor:
    """(N, 3·⌈H/2⌉·⌈W/2⌉): magnitude, and both components, which give the orientation without a jump at π."""
    x, y = _derivatives(images)
    maps = torch.stack([torch.hypot(x, y), x, y], 1)
    return F.avg_pool2d(maps, POOL, ceil_mode=True).flatten(1)


def draw(axes: Axes, image: Tensor) -> None:
    """The magnitude: bright where the image changes."""
    axes.imshow(gradient(image[None])[0][0].numpy(), cmap="magma", interpolation="none")


def _derivatives(images: Tensor) -> tuple[Tensor, Tensor]:
    padded = F.pad(grey(images), (1, 1, 1, 1), mode="replicate")
    maps = F.conv2d(padded, torch.stack([ACROSS, DOWN])[:, None])  # (N, 2, H, W)
    return maps[:, 0], maps[:, 1]
