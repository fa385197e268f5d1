"""Pixel shuffle in any number of dimensions: groups of channels become a finer map (Shi et al. 2016, equation 4).

>>> import torch
>>> Shuffle(2)(torch.tensor([[[1.0, 2.0], [5.0, 6.0]]])).tolist()  # two signals of 2 become one of 4
[[[1.0, 5.0, 2.0, 6.0]]]
>>> Unshuffle(2)(torch.tensor([[[1.0, 5.0, 2.0, 6.0]]])).tolist()  # and back
[[[1.0, 2.0], [5.0, 6.0]]]
"""

from torch import Tensor, nn


class _OfBlocks(nn.Module):
    """A layer that exchanges channels and the places within blocks of `factor` entries along each axis."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor


class Shuffle(_OfBlocks):
    """Channel `k·r^D + i` gives the entries of channel k whose place within its block of r^D is i, in row-major order.

    As `nn.PixelShuffle`, which knows two dimensions only.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, C·r^D, *spatial) in, (N, C, *spatial·r) out."""
        n, channels, *spatial = x.shape
        dims, r = len(spatial), self.factor
        x = x.reshape(n, channels // r**dims, *[r] * dims, *spatial)
        order = [axis for d in range(dims) for axis in (2 + dims + d, 2 + d)]  # each axis, then its place in the block
        return x.permute(0, 1, *order).reshape(n, channels // r**dims, *[size * r for size in spatial])


class Unshuffle(_OfBlocks):
    """The inverse: the entries of channel k at place i within blocks of r^D become channel `k·r^D + i`.

    As `nn.PixelUnshuffle`, which knows two dimensions only.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) in, (N, C·r^D, *spatial/r) out."""
        n, channels, *spatial = x.shape
        dims, r = len(spatial), self.factor
        x = x.reshape(n, channels, *[part for size in spatial for part in (size // r, r)])
        order = [*range(3, 3 + 2 * dims, 2), *range(2, 2 + 2 * dims, 2)]  # the places in the block, then the blocks
        return x.permute(0, 1, *order).reshape(n, channels * r**dims, *[size // r for size in spatial])
