"""Average pooling with what PyTorch's lacks: dilation, unequal padding, and windows wider than a volume.

>>> import torch
>>> pool = AvgPool(kernel=(2,), stride=(1,), before=(0,), after=(1,), dilation=(2,))
>>> pool(torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])).tolist()  # (1 + 3)/2, (2 + 4)/2, (3 + 0)/2
[[[2.0, 3.0, 1.5]]]
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from striate.notation.rules.window import reach


class AvgPool(nn.Module):
    """The mean of each window, in any number of dimensions; padding counts as zeros, what is beyond it not at all.

    A mean over a box is a mean along each axis in turn, so each axis is done by itself.

    Args:
        kernel, stride, dilation: One number per axis.
        before, after: Zeros on each axis.
        ceil: Whether a last window may reach past the end, if it begins before the padding there.
    """

    def __init__(
        self,
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        before: tuple[int, ...],
        after: tuple[int, ...],
        dilation: tuple[int, ...],
        ceil: bool = False,
    ) -> None:
        super().__init__()
        self.axes = tuple(zip(kernel, stride, before, after, dilation, strict=True))
        self.ceil = ceil

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) in, the means out."""
        for axis, (size, stride, before, after, dilation) in enumerate(self.axes, start=2):
            x = _mean_along(x.movedim(axis, -1), size, stride, before, after, dilation, self.ceil).movedim(-1, axis)
        return x


def _mean_along(x: Tensor, size: int, stride: int, before: int, after: int, dilation: int, ceil: bool) -> Tensor:
    """The means of the windows on the last axis."""
    n = x.shape[-1]
    room = n + before + after - reach(size, dilation)
    last = -(-room // stride) * stride if ceil else room // stride * stride  # where the last window begins
    last = last if last < n + before else room // stride * stride
    x = F.pad(x, (before, after + max(last - room, 0)))
    inside = torch.arange(x.shape[-1], device=x.device) < n + before + after
    entries = [slice(i * dilation, i * dilation + last + 1, stride) for i in range(size)]
    counts = torch.stack([inside[entry] for entry in entries]).sum(dim=0)
    return torch.stack([x[..., entry] for entry in entries]).sum(dim=0) / counts
