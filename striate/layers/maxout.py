"""Maxout: the largest of several linear pieces (Goodfellow et al. 2013, equation 1).

>>> import torch
>>> Maxout(2)(torch.tensor([[1.0, 5.0, -3.0, -2.0]]))
tensor([[ 5., -2.]])
"""

from torch import Tensor, nn


class Maxout(nn.Module):
    """y_i = max over j of x_(pieces*i + j): each `pieces` neighbouring channels become one."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, …) in, (N, C / pieces, …) out."""
        n, channels, *spatial = x.shape
        return x.reshape(n, channels // self.pieces, self.pieces, *spatial).amax(dim=2)
