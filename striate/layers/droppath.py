"""Stochastic depth: the body of a residual is left out for some examples while training.

With a key it chooses as `Dropout` does, by a hash of the example's number.

>>> import torch
>>> layer = DropPath(0.5)
>>> layer.key = 7
>>> layer(torch.ones(6, 1)).flatten().tolist()
[2.0, 2.0, 0.0, 2.0, 0.0, 2.0]
"""

import torch
from torch import Tensor

from striate.layers.dropout import Dropout, mixed


class DropPath(Dropout):
    """Sets all of an example to zero with probability p while training (Huang et al. 2016, equation 2)."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, …) in and out."""
        if not self.training:
            return x
        if self.key is None:
            stays = torch.rand(len(x), device=x.device) >= self.p
        else:
            stays = mixed((torch.arange(len(x), device=x.device) + self.first) ^ self.key) >= int(self.p * 2**32)
        return x * stays.view(-1, *[1] * (x.ndim - 1)) / (1 - self.p)
