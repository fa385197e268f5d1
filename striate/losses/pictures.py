"""Losses between pictures: the mean square, the mean difference, and Charbonnier's, which is smooth at 0.

>>> import torch
>>> LOSSES["l1"](torch.tensor([0.5, 1.0]), torch.tensor([0.0, 1.0])).item()
0.25
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the names of losses are read without importing torch
    from torch import Tensor

SMOOTH = 1e-3  # of Charbonnier's, in units of the whole range (Lai et al. 2017)


def mean_square(made: Tensor, true: Tensor) -> Tensor:
    """The mean of (made - true)²."""
    return (made - true).square().mean()


def mean_difference(made: Tensor, true: Tensor) -> Tensor:
    """The mean of |made - true|."""
    return (made - true).abs().mean()


def charbonnier(made: Tensor, true: Tensor) -> Tensor:
    """The mean of sqrt((made - true)² + 0.001²)."""
    return ((made - true).square() + SMOOTH**2).sqrt().mean()


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": mean_square,
    "l1": mean_difference,
    "charbonnier": charbonnier,
}
