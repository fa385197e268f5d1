"""Average pooling with what PyTorch's lacks: dilation, padding of any width, windows wider than a volume, "same".

>>> import torch
>>> x = torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])
>>> AvgPool((2,), (1,), ((0, 1),), (2,))(x).tolist()  # (1 + 3)/2, (2 + 4)/2, (3 + 0)/2
[[[2.0, 3.0, 1.5]]]
>>> AvgPool((3,), (2,), None, (1,), counted=False)(x).tolist()  # (1 + 2 + 3)/3, (3 + 4)/2
[[[2.0, 3.5]]]
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from striate.layers.padding import same
from striate.notation.rules.window import reach


class AvgPool(nn.Module):
    """The mean of each window, in any number of dimensions; what is beyond the padding does not count.

    A mean over a box is a mean along each axis in turn, so each axis is done by itself.

    Args:
        kernel, stride, dilation: One number per axis.
        pads: Zeros before and after each axis; None for TensorFlow's "same": so many that ceil(n/stride) come out.
        ceil: Whether a last window may reach past the end, if it begins before the padding there.
        counted: Whether padding counts.
    """

    def __init__(
        self,
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        pads: tuple[tuple[int, int], ...] | None,
        dilation: tuple[int, ...],
        ceil: bool = False,
        counted: bool = True,
    ) -> None:
        super().__init__()
        self.axes = tuple(zip(kernel, stride, pads or [None] * len(kernel), dilation, strict=True))
        self.ceil, self.counted = ceil, counted

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) in, the means out."""
        for axis, (size, stride, pads, dilation) in enumerate(self.axes, start=2):
            before, after = same(x.shape[axis], size, stride, dilation) if pads is None else pads
            numbers = (size, stride, before, after, dilation, self.ceil and pads is not None, self.counted)
            x = _mean_along(x.movedim(axis, -1), *numbers).movedim(-1, axis)
        return x


def _mean_along(
    x: Tensor, size: int, stride: int, before: int, after: int, dilation: int, ceil: bool, counted: bool
) -> Tensor:
    """The means of the windows on the last axis."""
    n = x.shape[-1]
    room = n + before + after - reach(size, dilation)
    last = -(-room // stride) * stride if ceil else room // stride * stride  # where the last window begins
    last = last if last < n + before else room // stride * stride
    x = F.pad(x, (before, after + max(last - room, 0)))
    places = torch.arange(x.shape[-1], device=x.device)
    counts = places < n + before + after if counted else (places >= before) & (places < n + before)
    entries = [slice(i * dilation, i * dilation + last + 1, stride) for i in range(size)]
    number = torch.stack([counts[entry] for entry in entries]).sum(dim=0)
    return torch.stack([x[..., entry] for entry in entries]).sum(dim=0) / number
