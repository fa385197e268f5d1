"""Paddings that PyTorch's own layers do not know.

>>> import torch
>>> SamePad(kernel=(3,), stride=(2,), dilation=(1,))(torch.ones(1, 1, 4)).shape  # one more, and that at the end
torch.Size([1, 1, 5])
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from striate.notation.rules.window import reach


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
        for before, after in self._pads(x.shape[2:]):
            amounts = [before, after, *amounts]
        return F.pad(x, amounts, value=self.value)

    def first(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """The position of the input's first entry on each axis of the output."""
        return tuple(before for before, _ in self._pads(sizes))

    def _pads(self, sizes: Sequence[int]) -> list[tuple[int, int]]:
        axes = zip(sizes, self.kernel, self.stride, self.dilation, strict=True)
        return [same(*numbers) for numbers in axes]


def same(n: int, size: int, stride: int, dilation: int) -> tuple[int, int]:
    """The entries before and after an axis of n for which ceil(n/stride) windows fit; an odd one goes to the end.

    >>> same(4, size=3, stride=2, dilation=1)
    (0, 1)
    """
    total = max((-(-n // stride) - 1) * stride + reach(size, dilation) - n, 0)
    return total // 2, total - total // 2


class Padding(nn.Module):
    """Padding of one number before each axis and another after it, in any mode, and zeros where a stride asks for more.

    Args:
        mode: zeros, reflect, replicate or circular.
        before, after: Entries added on each axis.
        window: Where zeros fill up what the last window lacks ("ceil"): the kernel, stride and dilation on each axis.
            A window that would begin after the input is dropped, so nothing is added for it.
        value: What "zeros" and the filling are; -inf before a max pool.
    """

    def __init__(
        self,
        mode: str,
        before: tuple[int, ...],
        after: tuple[int, ...],
        window: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]] | None = None,
        value: float = 0.0,
    ) -> None:
        super().__init__()
        self.mode, self.before, self.after, self.window, self.value = mode, before, after, window, value

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) in, padded out."""
        filling = [0 for _ in self.before] if self.window is None else self._filling(x.shape[2:])
        pads = [size for pair in zip(reversed(self.before), reversed(self.after), strict=True) for size in pair]
        x = F.pad(x, pads, value=self.value) if self.mode == "zeros" else F.pad(x, pads, self.mode)
        return F.pad(x, [size for more in reversed(filling) for size in (0, more)], value=self.value)

    def first(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """The position of the input's first entry on each axis of the output."""
        return self.before

    def _filling(self, sizes: Sequence[int]) -> list[int]:
        assert self.window
        axes = zip(sizes, self.before, self.after, *self.window, strict=True)
        return [_filling(n, before, after, reach(k, d), s) for n, before, after, k, s, d in axes]


def _filling(n: int, before: int, after: int, size: int, stride: int) -> int:
    """Entries that the last window, rounded up, lacks at the end."""
    room = n + before + after - size
    start = -(-room // stride) * stride
    return start - room if start < n + before else 0


class ZeroChannels(nn.Module):
    """Maps of zeros after the others, up to `channels` of them (He et al. 2015, shortcut A)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, …) in, (N, channels, …) out."""
        return F.pad(x, [0, 0] * (x.ndim - 2) + [0, self.channels - x.shape[1]])
