"""A head on the side of a chain (Szegedy et al. 2014, section 5).

>>> import torch
>>> Aux(nn.ReLU())(torch.tensor([-1.0]))
tensor([-1.])
"""

from torch import Tensor, nn


class Aux(nn.Module):
    """A head on the side. By itself it passes its input on; its chain asks for `head(x)` while training."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        """The input itself."""
        return x
