"""The true convolution of signal processing: the kernel is flipped before it slides.

What networks call a convolution is a cross-correlation; flipping the kernel on every axis makes it the operation that
is commutative and has the convolution theorem.

>>> import torch
>>> conv = FlippedConv1d(1, 1, 2, bias=False)
>>> _ = conv.weight.data.copy_(torch.tensor([[[1.0, -1.0]]]))
>>> conv(torch.tensor([[[0.0, 1.0, 3.0]]])).tolist()  # 1*1 - 1*0, 1*3 - 1*1
[[[1.0, 2.0]]]
"""

from torch import Tensor, nn


def flipped(weight: Tensor) -> Tensor:
    """(F, C, *kernel) with every spatial axis reversed."""
    return weight.flip(tuple(range(2, weight.ndim)))


class FlippedConv1d(nn.Conv1d):
    """True convolution of signals (N, C, L)."""

    def forward(self, x: Tensor) -> Tensor:
        """As `nn.Conv1d`, with the kernel flipped."""
        y: Tensor = self._conv_forward(x, flipped(self.weight), self.bias)
        return y


class FlippedConv2d(nn.Conv2d):
    """True convolution of images (N, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        """As `nn.Conv2d`, with the kernel flipped."""
        y: Tensor = self._conv_forward(x, flipped(self.weight), self.bias)
        return y


class FlippedConv3d(nn.Conv3d):
    """True convolution of volumes (N, C, D, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        """As `nn.Conv3d`, with the kernel flipped."""
        y: Tensor = self._conv_forward(x, flipped(self.weight), self.bias)
        return y
