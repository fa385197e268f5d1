"""Paddings that PyTorch's own layers do not know.

>>> import torch
>>> SamePad(kernel=(3,), stride=(2,), dilation=(1,))(torch.ones(1, 1, 4)).shape  # one more, and that at the end
torch.Size([1, 1, 5])
"""

from torch import Tensor, nn
from torch.nn import functional as F


class SamePad(nn.Module):
    """TensorFlow's "same": zeros (or `value`) around the input so that a window of this stride gives ceil(n/stride).

    An odd entry goes to the end of the axis.
    """

    def __init__(
        self, kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...], value: float = 0.0
    ) -> None:
        super().__init__()
        self.kernel, self.stride, self.dilation, self.value = kernel, stride, dilation, value

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) in, padded out."""
        amounts: list[int] = []  # F.pad counts from the last axis
        for n, k, s, d in zip(x.shape[2:], self.kernel, self.stride, self.dilation, strict=True):
            total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
            amounts = [total // 2, total - total // 2, *amounts]
        return F.pad(x, amounts, value=self.value)


class ZeroChannels(nn.Module):
    """Maps of zeros behind the others, up to `channels` of them (He et al. 2015, shortcut A)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, …) in, (N, channels, …) out."""
        return F.pad(x, [0, 0] * (x.ndim - 2) + [0, self.channels - x.shape[1]])
