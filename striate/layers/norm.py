"""Normalisation of the channels at each position, which PyTorch has for the last axis only.

>>> import torch
>>> LayerNorm(2)(torch.tensor([[[1.0, 0.0], [3.0, 4.0]]])).round(decimals=2)  # two channels, two positions
tensor([[[-1., -1.],
         [ 1.,  1.]]], grad_fn=<RoundBackward1>)
"""

from torch import Tensor, nn


class LayerNorm(nn.LayerNorm):
    """y = (x - mean) / sqrt(variance + eps) · weight + bias across the channels (Ba et al. 2016, equation 3)."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) in and out, or (N, C)."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class RMSNorm(nn.RMSNorm):
    """y = x / sqrt(mean of x² + eps) · weight across the channels (Zhang & Sennrich 2019, equation 4)."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) in and out, or (N, C)."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
