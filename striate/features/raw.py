"""The pixels themselves: what a classifier can do without any feature.

>>> import torch
>>> rows(torch.zeros(5, 3, 8, 8)).shape
torch.Size([5, 192])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from .base import grey

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def rows(images: Tensor) -> Tensor:
    """(N, C·H·W)."""
    return images.flatten(1)


def draw(axes: Axes, image: Tensor) -> None:
    """The pixels, each as its value; colours as their luminance."""
    axes.imshow(grey(image)[0].numpy(), cmap="viridis", interpolation="none")
