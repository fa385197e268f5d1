"""The squashing function of 1998, 1.7159·tanh(2x/3) (LeCun et al. 1998, equation 6 and appendix A).

Its gain is 1 around the working points: it maps 1 to 1 and -1 to -1, where its curvature is largest.

>>> import torch
>>> ScaledTanh()(torch.tensor([-1.0, 0.0, 1.0])).round(decimals=4)
tensor([-1.,  0.,  1.])
"""

from torch import Tensor, nn

AMPLITUDE, SLOPE = 1.7159, 2 / 3


class ScaledTanh(nn.Module):
    """y = A·tanh(S·x)."""

    def forward(self, x: Tensor) -> Tensor:
        """Any shape in and out."""
        return AMPLITUDE * (SLOPE * x).tanh()
