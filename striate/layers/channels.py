"""One number from the channels at each position: what the spatial gate of CBAM sees (Woo et al. 2018, section 3).

>>> import torch
>>> x = torch.tensor([[[1.0, 5.0], [3.0, 1.0]]])  # two channels, two positions
>>> ChannelMean()(x).tolist(), ChannelMax()(x).tolist()
([[[2.0, 3.0]]], [[[3.0, 5.0]]])
"""

from torch import Tensor, nn


class ChannelMean(nn.Module):
    """The mean of the channels."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, …) in, (N, 1, …) out."""
        return x.mean(dim=1, keepdim=True)


class ChannelMax(nn.Module):
    """The largest of the channels."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, …) in, (N, 1, …) out."""
        return x.amax(dim=1, keepdim=True)
