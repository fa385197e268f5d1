"""The locally connected layer: a convolution that shares no weights, one kernel per filter and position.

>>> import torch
>>> Local(channels=3, filters=2, kernel=(3, 3), stride=(2, 2), positions=(4, 5)).weight.shape
torch.Size([2, 20, 27])
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn


class Local(nn.Module):
    """y[f, p] = Σ over the window at p of weight[f, p]·x + bias[f, p], in one, two or three dimensions.

    Args:
        channels: Maps that come in.
        filters: Maps that go out.
        kernel, stride: One number per axis.
        positions: The size of the output on each axis.
        bias: Whether each filter and position has its own.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        positions: tuple[int, ...],
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.channels, self.kernel, self.stride, self.positions = channels, kernel, stride, positions
        count = math.prod(positions)
        self.weight = nn.Parameter(torch.empty(filters, count, channels * math.prod(kernel)))
        self.bias = nn.Parameter(torch.zeros(filters * count)) if bias else None  # one axis: biases do not decay
        for weight in self.kernels():
            nn.init.kaiming_uniform_(weight, a=math.sqrt(5))  # as PyTorch's convolutions begin

    def kernels(self) -> Iterator[Tensor]:
        """Each position's weights as those of a convolution, (F, C, *kernel); views, to be filled in place."""
        for position in range(self.weight.shape[1]):
            yield self.weight.detach()[:, position].view(-1, self.channels, *self.kernel)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) in, padded already; (N, F, *positions) out."""
        dims = len(self.kernel)
        for axis, (size, step) in enumerate(zip(self.kernel, self.stride, strict=True)):
            x = x.unfold(2 + axis, size, step)  # (N, C, *positions, *kernel)
        x = x.flatten(2, 1 + dims).movedim(1, 2).flatten(2)  # (N, P, C*K)
        y = torch.einsum("npk,fpk->nfp", x, self.weight)
        y = y if self.bias is None else y + self.bias.view(-1, y.shape[2])
        return y.view(*y.shape[:2], *self.positions)
