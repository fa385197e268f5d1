"""One matrix for all positions: a fully connected layer along the channels (the inner layers of ConvNeXt's blocks).

>>> import torch
>>> PositionsLinear(3, 5)(torch.zeros(2, 3, 4, 4)).shape
torch.Size([2, 5, 4, 4])
"""

from torch import Tensor, nn


class PositionsLinear(nn.Linear):
    """y[:, p] = W x[:, p] + b at each position p, as a convolution with a kernel of one entry."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) in, (N, units, *spatial) out."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
