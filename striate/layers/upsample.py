"""Maps read on another grid: the nearest entry, or a value between entries (Long et al. 2015 begin with the latter).

>>> import torch
>>> x = torch.tensor([[[0.0, 4.0, 8.0]]])
>>> Upsample((2,))(x).tolist()
[[[0.0, 0.0, 4.0, 4.0, 8.0, 8.0]]]
>>> Upsample(size=(5,), between=True, corners=True)(x).tolist()
[[[0.0, 2.0, 4.0, 6.0, 8.0]]]
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


class Upsample(nn.Module):
    """Entry i of m reads the one of n at floor(i·n/m), in whole numbers; PyTorch's own rounds before it cuts.

    Args:
        factor: How many times as large, per axis.
        size: The size that comes out, where there is no factor.
        between: Whether to read at (i + 1/2)·n/m - 1/2, linearly between the entries there.
        corners: Whether to read between entries at i·(n - 1)/(m - 1) instead.
    """

    def __init__(
        self,
        factor: tuple[int, ...] | None = None,
        size: tuple[int, ...] | None = None,
        between: bool = False,
        corners: bool = False,
    ) -> None:
        super().__init__()
        self.factor, self.size, self.between, self.corners = factor, size, between, corners

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) in, (N, C, *size) out."""
        sizes = x.shape[2:]
        size = self.size or tuple(n * factor for n, factor in zip(sizes, self.factor or (), strict=True))
        if self.between:
            return F.interpolate(x, size, mode=LINEAR[len(size)], align_corners=self.corners)
        if all(m % n == 0 for n, m in zip(sizes, size, strict=True)):
            return F.interpolate(x, size, mode="nearest-exact")  # the same where the factor is whole
        for axis, (n, m) in enumerate(zip(sizes, size, strict=True), start=2):
            x = x.index_select(axis, torch.arange(m, device=x.device) * n // m)
        return x
