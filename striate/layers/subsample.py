"""The pooling of 1998: a sum over each window with a trainable coefficient and bias per map (LeCun et al. 1998, II.B).

>>> import torch
>>> layer = Subsample(1, kernel=(2,), stride=(2,))
>>> layer(torch.tensor([[[1.0, 3.0, 5.0, 5.0]]])).tolist()  # it begins as the mean
[[[2.0, 5.0]]]
"""

import math

import torch
from torch import Tensor, nn


class Subsample(nn.Module):
    """y_c = weight_c · (Σ over the window of x_c) + bias_c, in one, two or three dimensions.

    Args:
        channels: Maps that come in and go out.
        kernel, stride: One number per axis.
    """

    def __init__(self, channels: int, kernel: tuple[int, ...], stride: tuple[int, ...]) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.weight = nn.Parameter(torch.full((channels,), 1 / math.prod(kernel)))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) in, one value per window out."""
        for axis, (size, step) in enumerate(zip(self.kernel, self.stride, strict=True), start=2):
            x = x.unfold(axis, size, step).sum(dim=-1)
        shape = (-1, *[1] * len(self.kernel))
        return x * self.weight.view(shape) + self.bias.view(shape)
