"""Max unpooling: what a max pool kept goes back to where it was found (Zeiler & Fergus 2014, section 2.1).

>>> import torch
>>> pool, x = torch.nn.MaxPool1d(2), torch.tensor([[[1.0, 4.0, 3.0, 2.0]]])
>>> Unpool("p1", pool)(torch.tensor([[[7.0, 8.0]]]), x).tolist()
[[[0.0, 7.0, 8.0, 0.0]]]
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from striate.errors import InputError

POOLS = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


def places(pool: Any, x: Tensor, pad: Any = None) -> Tensor:
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
        name: The pool's.
        pool: A pool like it.
        pad: What pads before that one, where it does not pad itself.
    """

    def __init__(self, name: str, pool: nn.Module, pad: nn.Module | None = None) -> None:
        super().__init__()
        self.name, self._pool = name, (pool, pad)  # a tuple: they are no layers of this one

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """(N, C, *pooled), and what the pool saw, (N, C, *size); (N, C, *size) out.

        Raises:
            InputError: The number of entries is not the pool's, or a window of the pool found none.
        """
        indices, size = places(self._pool[0], seen, self._pool[1]), seen.shape[2:]
        if x.shape != indices.shape:
            sizes = tuple(x.shape[1:]), tuple(indices.shape[1:])
            raise InputError(f"unpool {self.name} gets maps {sizes[0]}, and {self.name} found entries for {sizes[1]}")
        known = not torch.compiler.is_compiling() and not indices.is_meta
        if known and ((indices < 0) | (indices >= math.prod(size))).any():
            raise InputError(f"a window of {self.name} sees padding alone and found nothing for unpool {self.name}")
        y = x.new_zeros(*x.shape[:2], math.prod(size))
        return y.scatter_add(2, indices.flatten(2), x.flatten(2)).view(*x.shape[:2], *size)
