"""Deformable convolution: each kernel entry looks where a second convolution sends it (Dai et al. 2017).

`modulated` also weights what each entry reads (Zhu et al. 2018).

>>> import torch
>>> x, layer = torch.randn(1, 3, 5, 5), DeformConv(3, 4, (3, 3), (1, 1), (1, 1))
>>> plain = torch.nn.functional.conv2d(x, layer.weight, layer.bias)
>>> torch.allclose(layer(x), plain, atol=1e-5)  # no offset yet: it begins as a plain convolution
True
"""

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

ROUNDINGS = 2  # by which a place may be off, as shares of a side
CONVS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


class DeformConv(nn.Module):
    """y(p) = Σ over kernel entries k of w_k · x(p + k + Δp_k) · m_k, with x read between its entries and 0 outside.

    The offsets Δp come from a convolution of the same kernel, stride and dilation whose weights begin at zero. Without
    `modulated` every m is 1; with it m is a sigmoid of one more map per entry, and begins at 0.5 as in the paper.

    Args:
        channels, filters: Maps in and out.
        kernel, stride, dilation: One number per axis; one to three axes.
        modulated: Whether entries are weighted.
        bias: Whether each filter has one.
        groups: Parts of the channels, each seen by as many parts of the filters; the offsets are of all channels.
        taken: Of how many of the channels, from the first, it is a convolution; 0 for all.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        dilation: tuple[int, ...],
        modulated: bool = False,
        bias: bool = True,
        groups: int = 1,
        taken: int = 0,
    ) -> None:
        super().__init__()
        self.kernel, self.stride, self.dilation, self.modulated = kernel, stride, dilation, modulated
        self.groups, self.taken = groups, taken or channels
        self.weight = nn.Parameter(torch.empty(filters, self.taken // groups, *kernel))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        self.bias = nn.Parameter(torch.zeros(filters)) if bias else None
        maps = math.prod(kernel) * (len(kernel) + modulated)
        self.offset = CONVS[len(kernel)](channels, maps, kernel, stride=stride, dilation=dilation)  # type: ignore[arg-type]
        nn.init.zeros_(self.offset.weight)
        nn.init.zeros_(self.offset.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) in, padded already; (N, filters, *out) out.

        The offset maps are the first kernel entry's along each axis, (Δy, Δx) on images, then the second's, …; after
        them one weight per entry.
        """
        dims, count = len(self.kernel), math.prod(self.kernel)
        given = self._given(x)
        n, _, *out = given.shape
        offsets = given[:, : dims * count].reshape(n, count, dims, *out)
        seen = read_at(x[:, : self.taken], (self._grid(out, given) + offsets).unbind(2))  # (N, taken, K, *out)
        if self.modulated:
            seen = seen * given[:, None, dims * count :].sigmoid().to(seen.dtype)
        parts = seen.reshape(n, self.groups, -1, math.prod(out))  # (N, groups, taken / groups * K, places)
        y = (self.weight.reshape(self.groups, -1, parts.shape[2]) @ parts).reshape(n, -1, *out)
        return y if self.bias is None else y + self.bias.view(-1, *[1] * dims)

    def _given(self, x: Tensor) -> Tensor:
        """The offset maps in float32, or what is more exact: half numbers can't tell places above 256 apart."""
        with torch.autocast(x.device.type, enabled=False):
            given: Tensor = self.offset(x.to(self.offset.weight.dtype))
        return given.to(torch.promote_types(given.dtype, torch.float32))

    def _grid(self, out: Sequence[int], like: Tensor) -> Tensor:
        """Where a plain convolution reads: (K, axes, *out), numbers of the kind of another tensor's."""
        entries = itertools.product(*(range(0, k * d, d) for k, d in zip(self.kernel, self.dilation, strict=True)))
        inside = torch.tensor(list(entries), dtype=like.dtype, device=like.device)
        axes = [
            torch.arange(size, dtype=like.dtype, device=like.device) * s
            for size, s in zip(out, self.stride, strict=True)
        ]
        starts = torch.stack(torch.meshgrid(*axes, indexing="ij"))
        return inside.view(*inside.shape, *[1] * len(out)) + starts


def read_at(x: Tensor, places: Sequence[Tensor]) -> Tensor:
    """As `interpolated` for as many rows of places as maps, by PyTorch's own reader on images, which is faster.

    It scales places, which rounds them. They are moved on by as much, so that one on an entry, where the slope changes,
    has the slope after it, as there; offsets begin at 0, so all are on one then. Values are of the kind of the maps,
    and are found in that of the places.
    """
    maps = x.to(places[0].dtype)
    if len(places) != 2:
        return interpolated(maps, places).to(x.dtype)
    rounding = ROUNDINGS * torch.finfo(maps.dtype).eps
    sides = [(2 * (place + n * rounding) + 1) / n - 1 for place, n in zip(places, x.shape[2:], strict=True)]  # -1 to 1
    grid = torch.stack(sides[::-1], -1).flatten(1, -2)[:, None]  # (N, 1, K * out, 2)
    read = F.grid_sample(maps, grid, align_corners=False)
    return read.view(*x.shape[:2], *places[0].shape[1:]).to(x.dtype)


def interpolated(x: Tensor, places: Sequence[Tensor], images: Tensor | None = None) -> Tensor:
    """Reads maps between their entries, linearly along each axis; outside of them they are 0.

    Args:
        x: (N, C, *spatial).
        places: For each axis (K, *places), in entries; they may be fractions.
        images: (K,) whole numbers: whose maps each row of places reads; by default K is N and each reads its own.

    Returns:
        (K, C, *places).
    """
    images = torch.arange(len(x), device=x.device) if images is None else images
    firsts = [place.floor() for place in places]
    parts = [place - first for place, first in zip(places, firsts, strict=True)]
    corners = []
    for corner in itertools.product((0, 1), repeat=len(places)):
        shares = [part if far else 1 - part for far, part in zip(corner, parts, strict=True)]
        share = math.prod(shares[1:], start=shares[0])
        whole = [first + far for first, far in zip(firsts, corner, strict=True)]
        corners.append(_entries(x, whole, images) * share)
    return sum(corners[1:], start=corners[0]).transpose(0, 1)


def _entries(x: Tensor, places: Sequence[Tensor], images: Tensor) -> Tensor:
    """The entries at whole places, one (K, *places) per axis, 0 outside: (C, K, *places)."""
    index = images.view(-1, *[1] * (places[0].ndim - 1)).expand(places[0].shape)
    inside = torch.ones_like(index, dtype=torch.bool)
    for n, place in zip(x.shape[2:], places, strict=True):
        index = index * n + place.clamp(0, n - 1).long()
        inside = inside & (place >= 0) & (place < n)
    entries = x.transpose(0, 1).flatten(1)  # (C, N * H * W): no map is copied for each row of places
    return entries.gather(1, index.flatten().expand(len(entries), -1)).view(len(entries), *index.shape) * inside
