"""Max unpooling: what a max pool kept goes back to where it was found (Zeiler & Fergus 2014, section 2.1).

>>> import torch
>>> pool, x = torch.nn.MaxPool1d(2), torch.tensor([[[1.0, 4.0, 3.0, 2.0]]])
>>> Unpool("p1")(torch.tensor([[[7.0, 8.0]]]), places(pool, x), (4,)).tolist()
[[[0.0, 7.0, 8.0, 0.0]]]
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from striate.errors import InputError
from striate.layers.join import WithAux
from striate.layers.padding import Padding, SamePad

POOLS = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


def places(pool: Any, x: Tensor, pad: SamePad | Padding | None = None) -> Tensor:
    """Where a max pool finds each of its entries in (N, C, *spatial), counted along the flattened axes.

    Args:
        pool: PyTorch's module.
        x: What comes in, before `pad`.
        pad: The module that pads before a pool that does not pad itself; its entries are not counted.
    """
    padded = x if pad is None else pad(x)
    options = (pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode)
    found: Tensor = POOLS[x.ndim - 2](padded, *options, return_indices=True)[1]
    if pad is None:
        return found
    index = torch.zeros_like(found)
    axes = zip(torch.unravel_index(found, padded.shape[2:]), pad.first(x.shape[2:]), x.shape[2:], strict=True)
    for place, before, n in axes:
        index = index * n + (place - before).clamp(0, n - 1)
    return index


class Unpool(nn.Module):
    """Puts each entry back in its place, 0 elsewhere; entries of overlapping windows that share a place are added.

    Args:
        pool: The name of the pool in the chain.
    """

    def __init__(self, pool: str) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, x: Tensor, indices: Tensor, size: Sequence[int]) -> Tensor:
        """(N, C, *pooled), the places of each, and the spatial size that the pool saw in; (N, C, *size) out.

        Raises:
            InputError: The number of entries is not the pool's, or a window of the pool found none.
        """
        if x.shape != indices.shape:
            sizes = tuple(x.shape[1:]), tuple(indices.shape[1:])
            raise InputError(f"unpool {self.pool} gets maps {sizes[0]}, and {self.pool} found entries for {sizes[1]}")
        if not torch.compiler.is_compiling() and ((indices < 0) | (indices >= math.prod(size))).any():
            raise InputError(f"a window of {self.pool} sees padding alone and found nothing for unpool {self.pool}")
        y = x.new_zeros(*x.shape[:2], math.prod(size))
        return y.scatter_add(2, indices.flatten(2), x.flatten(2)).view(*x.shape[:2], *size)


class WithUnpool(WithAux):
    """A chain that remembers where its max pools found their entries, for the unpools after them."""

    def through(self, name: str, layer: nn.Module, x: Tensor, kept: dict[str, Any]) -> Tensor:
        """One layer of the chain."""
        if isinstance(layer, Unpool):
            y: Tensor = layer(x, *kept[layer.pool])
            return y
        pad = layer if isinstance(layer, SamePad | Padding) else None
        pool = name.removesuffix("_pad") if pad else name
        if pool not in kept and any(isinstance(other, Unpool) and other.pool == pool for other in self.children()):
            kept[pool] = places(self.get_submodule(pool), x, pad), x.shape[2:]
        return super().through(name, layer, x, kept)
