"""Normalisation of the channels at each position, which PyTorch has for the last axis only; and of each whole map.

>>> import torch
>>> LayerNorm(2)(torch.tensor([[[1.0, 0.0], [3.0, 4.0]]])).round(decimals=2)  # two channels, two positions
tensor([[[-1., -1.],
         [ 1.,  1.]]], grad_fn=<RoundBackward1>)
"""

from torch import Tensor, nn

from striate.errors import InputError


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


class _OfMaps(nn.Module):
    """Refuses maps of one entry, which minus their mean are 0."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) in and out.

        Raises:
            InputError: The maps have one entry.
        """
        if all(size == 1 for size in x.shape[2:]):
            raise InputError("'in' normalises a single entry of each map, which comes to 0; give it a larger input")
        y: Tensor = super().forward(x)
        return y


class InstanceNorm1d(_OfMaps, nn.InstanceNorm1d):
    """y = (x - mean) / sqrt(variance + eps) · weight + bias over each map (Ulyanov et al. 2016, equation 3)."""


class InstanceNorm2d(_OfMaps, nn.InstanceNorm2d):
    """As in one dimension."""


class InstanceNorm3d(_OfMaps, nn.InstanceNorm3d):
    """As in one dimension."""
