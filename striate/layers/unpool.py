"""Max unpooling: what a max pool kept goes back to where it was found (Zeiler & Fergus 2014, section 2.1).

>>> import torch
>>> pool, x = torch.nn.MaxPool1d(2), torch.tensor([[[1.0, 4.0, 3.0, 2.0]]])
>>> Unpool("p1", (4,))(torch.tensor([[[7.0, 8.0]]]), places(pool, x)).tolist()
[[[0.0, 7.0, 8.0, 0.0]]]
"""

import math
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from striate.layers.join import WithAux

POOLS = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


def places(pool: Any, x: Tensor) -> Tensor:
    """Where a max pool finds each of its entries in (N, C, *spatial), counted along the flattened axes."""
    found: tuple[Tensor, Tensor] = POOLS[x.ndim - 2](
        x, pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode, return_indices=True
    )
    return found[1]


class Unpool(nn.Module):
    """Puts each entry back to its place and 0 elsewhere; entries of overlapping windows with one place are added.

    Args:
        pool: The name of the pool in the chain.
        size: The spatial sizes that the pool saw.
    """

    def __init__(self, pool: str, size: tuple[int, ...]) -> None:
        super().__init__()
        self.pool, self.size = pool, size

    def forward(self, x: Tensor, indices: Tensor) -> Tensor:
        """(N, C, *pooled) and the places of each in; (N, C, *size) out."""
        y = x.new_zeros(*x.shape[:2], math.prod(self.size))
        return y.scatter_add(2, indices.flatten(2), x.flatten(2)).view(*x.shape[:2], *self.size)


class WithUnpool(WithAux):
    """A chain that remembers where its max pools found their entries, for the unpools behind them."""

    def through(self, name: str, layer: nn.Module, x: Tensor, kept: dict[str, Tensor]) -> Tensor:
        """One layer of the chain."""
        if isinstance(layer, Unpool):
            y: Tensor = layer(x, kept[layer.pool])
            return y
        if any(isinstance(other, Unpool) and other.pool == name for other in self.children()):
            kept[name] = places(layer, x)
        return super().through(name, layer, x, kept)
