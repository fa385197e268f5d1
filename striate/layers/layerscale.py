"""One trainable factor per channel, small at first: a deep residual network begins as nearly the identity.

>>> import torch
>>> LayerScale(2, init=0.5)(torch.tensor([[2.0, 4.0]])).tolist()
[[1.0, 2.0]]
"""

import torch
from torch import Tensor, nn


class LayerScale(nn.Module):
    """y_c = weight_c · x_c (Touvron et al. 2021, equation 4)."""

    def __init__(self, channels: int, init: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), init))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, …) in and out."""
        return x * self.weight.view(-1, *[1] * (x.ndim - 2))
