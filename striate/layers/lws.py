"""Limited weight sharing: a convolution whose weights are shared only within a section of the first axis.

Along frequency a pattern means one thing low and another one high, so each section of the bands has its own filters
(Abdel-Hamid et al. 2014, section IV).

>>> layer = LimitedSharing(channels=3, filters=4, kernel=(5, 3), stride=(1, 1), sections=2)
>>> layer.weight.shape, layer(torch.zeros(1, 3, 12, 9)).shape
(torch.Size([4, 2, 45]), torch.Size([1, 4, 8, 7]))
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CONVOLUTIONS = (F.conv1d, F.conv2d, F.conv3d)


class LimitedSharing(nn.Module):
    """y[f, p] = Σ over the window at p of weight[f, s(p)]·x + bias[f, s(p)], where s(p) is the section of p.

    Args:
        channels: Maps that come in.
        filters: Maps that go out.
        kernel, stride: One number per axis.
        sections: Into how many equal parts the first axis of the output is divided.
        bias: Whether each filter and section has its own.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        sections: int,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.channels, self.filters, self.kernel, self.stride, self.sections = (
            channels,
            filters,
            kernel,
            stride,
            sections,
        )
        self.weight = nn.Parameter(torch.empty(filters, sections, channels * math.prod(kernel)))
        self.bias = nn.Parameter(torch.zeros(filters * sections)) if bias else None  # one axis: biases do not decay
        for weight in self.kernels():
            nn.init.kaiming_uniform_(weight, a=math.sqrt(5))  # as PyTorch's convolutions begin

    def kernels(self) -> Iterator[Tensor]:
        """Each section's weights as those of a convolution, (F, C, *kernel); views, to be filled in place."""
        for section in range(self.sections):
            yield self.weight.detach()[:, section].view(-1, self.channels, *self.kernel)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) in, padded already; (N, F, *positions) out. A convolution with a group for each section."""
        rows = (x.shape[2] - self.kernel[0]) // self.stride[0] + 1
        each = rows // self.sections  # rows of the output in a section
        height = (each - 1) * self.stride[0] + self.kernel[0]  # rows of the input that they read
        x = x.unfold(2, height, each * self.stride[0])[:, :, : self.sections]  # (N, C, S, *others, height)
        x = x.movedim(-1, 3).transpose(1, 2).flatten(1, 2)  # (N, S*C, height, *others)
        weight = self.weight.transpose(0, 1).reshape(-1, self.channels, *self.kernel)
        bias = None if self.bias is None else self.bias.view(self.filters, -1).t().reshape(-1)
        y: Tensor = CONVOLUTIONS[len(self.kernel) - 1](x, weight, bias, self.stride, groups=self.sections)
        return y.view(len(y), self.sections, self.filters, *y.shape[2:]).transpose(1, 2).flatten(2, 3)
