"""Deformable convolution: each kernel entry looks where a second convolution sends it (Dai et al. 2017).

`modulated` also weighs what each entry finds (Zhu et al. 2018).

>>> import torch
>>> x, layer = torch.randn(1, 3, 5, 5), DeformConv(3, 4, kernel=(3, 3))
>>> plain = torch.nn.functional.conv2d(x, layer.weight, layer.bias)
>>> torch.allclose(layer(x), plain, atol=1e-5)  # no offset yet: it begins as a plain convolution
True
"""

import itertools
import math

import torch
from torch import Tensor, nn

Pair = tuple[int, int]


class DeformConv(nn.Module):
    """y(p) = Σ over kernel entries k of w_k · x(p + k + Δp_k) · m_k, with x read bilinearly and 0 outside.

    The offsets Δp come from a convolution of the same kernel, stride and dilation whose weights begin at zero. Without
    `modulated` every m is 1; with it m is a sigmoid of one more map an entry, and begins at 0.5 as in the paper.

    Args:
        channels, filters: Maps in and out.
        kernel, stride, dilation: One number an axis; two axes.
        modulated: Whether entries are weighed.
        bias: Whether each filter has one.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: Pair,
        stride: Pair = (1, 1),
        dilation: Pair = (1, 1),
        modulated: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.kernel, self.stride, self.dilation, self.modulated = kernel, stride, dilation, modulated
        self.weight = nn.Parameter(torch.empty(filters, channels, *kernel))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        self.bias = nn.Parameter(torch.zeros(filters)) if bias else None
        maps = math.prod(kernel) * (3 if modulated else 2)
        self.offset = nn.Conv2d(channels, maps, kernel, stride=stride, dilation=dilation)
        nn.init.zeros_(self.offset.weight)
        nn.init.zeros_(self.offset.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) in, padded already; (N, filters, H', W') out.

        The offset maps are (Δy, Δx) of the first kernel entry, of the second, …; behind them one weight an entry.
        """
        count = math.prod(self.kernel)
        given = self.offset(x)
        n, _, height, width = given.shape
        offsets = given[:, : 2 * count].reshape(n, count, 2, height, width)
        rows, columns = self._grid(height, width, x)
        seen = bilinear(x, rows + offsets[:, :, 0], columns + offsets[:, :, 1])  # (N, C, K, H', W')
        if self.modulated:
            seen = seen * given[:, None, 2 * count :].sigmoid()
        y = torch.einsum("nckhw,fck->nfhw", seen, self.weight.flatten(2))
        return y if self.bias is None else y + self.bias.view(-1, 1, 1)

    def _grid(self, height: int, width: int, x: Tensor) -> tuple[Tensor, Tensor]:
        """Where a plain convolution reads: rows (K, H', 1) and columns (K, 1, W')."""
        entries = itertools.product(*(range(0, k * d, d) for k, d in zip(self.kernel, self.dilation, strict=True)))
        inside = torch.tensor(list(entries), dtype=x.dtype, device=x.device)
        rows = torch.arange(height, dtype=x.dtype, device=x.device) * self.stride[0]
        columns = torch.arange(width, dtype=x.dtype, device=x.device) * self.stride[1]
        return inside[:, 0, None, None] + rows[:, None], inside[:, 1, None, None] + columns


def bilinear(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Reads maps between their entries; outside of them they are 0.

    Args:
        x: (N, C, H, W).
        rows, columns: (N, *places), in entries; they may be fractions.

    Returns:
        (N, C, *places).
    """
    top, left = rows.floor(), columns.floor()
    down, right = rows - top, columns - left
    corners = [
        (top, left, (1 - down) * (1 - right)),
        (top, left + 1, (1 - down) * right),
        (top + 1, left, down * (1 - right)),
        (top + 1, left + 1, down * right),
    ]
    read = [_entries(x, row, column) * share[:, None] for row, column, share in corners]
    return read[0] + read[1] + read[2] + read[3]


def _entries(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The entries at whole places (N, *places), 0 outside: (N, C, *places)."""
    n, channels, height, width = x.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    index = rows.clamp(0, height - 1).long() * width + columns.clamp(0, width - 1).long()
    index = index.flatten(1)[:, None].expand(-1, channels, -1)
    found = x.flatten(2).gather(2, index).reshape(n, channels, *rows.shape[1:])
    return found * inside[:, None]
