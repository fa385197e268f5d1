"""Local response normalisation of values without maps, which PyTorch's own refuses (Krizhevsky et al. 2012).

>>> import torch
>>> layer = FlatLocalResponseNorm(2, alpha=2.0, beta=1.0, k=1.0)  # PyTorch divides alpha by the window
>>> layer(torch.tensor([[1.0, 2.0, 3.0]])).round(decimals=4)  # 1/(1 + 1), 2/(1 + 1 + 4), 3/(1 + 4 + 9)
tensor([[0.5000, 0.3333, 0.2143]])
"""

from torch import Tensor, nn


class FlatLocalResponseNorm(nn.LocalResponseNorm):
    """As `nn.LocalResponseNorm`, across the values of each example."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C) in and out."""
        return super().forward(x[..., None])[..., 0]
