"""What a feature is: a fixed recipe, without anything learned, from images to rows of numbers, and its picture.

>>> import torch
>>> mean = Feature("mean", "the mean pixel", lambda images: images.flatten(1).mean(1, True), print)
>>> mean.rows(torch.ones(2, 1, 8, 8))
tensor([[1.],
        [1.]])
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from striate.errors import InputError

if TYPE_CHECKING:  # the names of features are read without importing torch
    from matplotlib.axes import Axes
    from torch import Tensor

PACKAGES = {"skimage": "scikit-image", "cv2": "OpenCV"}


@dataclass(frozen=True)
class Feature:
    """A hand-crafted feature.

    Attributes:
        name: The word for it.
        says: What it is, in a few words.
        rows: From images (N, C, H, W), float32 in 0..1, to rows (N, D), float32.
        draw: Draws one image (C, H, W) as the feature sees it.
        needs: The module that computes it, where Striate does not install that itself; else empty.
    """

    name: str
    says: str
    rows: Callable[[Tensor], Tensor]
    draw: Callable[[Axes, Tensor], object]
    needs: str = ""

    def check(self) -> None:
        """Raises InputError when the package that makes the feature is not installed."""
        if self.needs and find_spec(self.needs) is None:
            package = PACKAGES[self.needs]
            raise InputError(f'{self.name} needs {package}, which is not installed; pip install "striate[baseline]"')


def grey(images: Tensor) -> Tensor:
    """One channel: the luminance (ITU-R BT.601) of three, the mean of any other number.

    >>> import torch
    >>> grey(torch.ones(2, 3, 8, 8)).shape
    torch.Size([2, 1, 8, 8])
    """
    import torch

    channels = images.shape[-3]
    weights = torch.tensor([0.299, 0.587, 0.114]) if channels == 3 else torch.full((channels,), 1 / channels)
    return (images * weights[:, None, None]).sum(-3, keepdim=True)
