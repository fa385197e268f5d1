"""Channel shuffle: the channels of several groups take turns (Zhang et al. 2017, figure 1).

>>> import torch
>>> Interleave(2)(torch.tensor([[1.0, 2.0, 3.0, 4.0]]))
tensor([[1., 3., 2., 4.]])
"""

from torch import Tensor, nn


class Interleave(nn.Module):
    """Channel `i·C/groups + j` becomes channel `j·groups + i`, as in `nn.ChannelShuffle`; vectors too."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, …) in and out."""
        n, channels, *spatial = x.shape
        grouped = x.reshape(n, self.groups, channels // self.groups, *spatial)
        return grouped.transpose(1, 2).reshape(x.shape)
