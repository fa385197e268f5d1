"""A network that slides over images larger than what it reads: its fully connected layers become convolutions.

"A convolutional network can be replicated over a large input field at a small fraction of the cost of applying it at
every place" (LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998, VII).
The first layer after flattening becomes a convolution with the window of the map that it reads, later ones 1x1, and a
global pool one over the window's map. Where this is not the same as cutting each window out, as with zeros padded
inside the network, each window is cut out.

>>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 5)).eval()
>>> slider = fully_convolutional(model, (1, 8, 8))
>>> slider.stride, slider.joined, slider(torch.zeros(1, 1, 8, 12)).shape
((2, 2), True, torch.Size([1, 5, 1, 3]))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from striate.errors import InputError
from striate.inside.watching import called, looking, output_named

SAME = 1e-5  # of the largest score: by which sliding and cutting out may differ
PARTS = 8  # of a window's side that make a step where the network has no grid of its own
AT_ONCE = 256  # windows that are computed together
FLATTEN = (torch.flatten, Tensor.flatten, Tensor.reshape, torch.reshape, Tensor.view)
POOLS: dict[Callable[..., Any], Callable[..., Any]] = {
    F.adaptive_avg_pool2d: F.avg_pool2d,
    F.adaptive_max_pool2d: F.max_pool2d,
    torch.mean: F.avg_pool2d,
    Tensor.mean: F.avg_pool2d,
}


@dataclass(frozen=True)
class _Head:
    """What becomes of a network's maps at its end.

    Attributes:
        maps: The sizes of one window's maps, where they are flattened or pooled to one entry.
        every: Of so many windows in a column and in a row one is computed.
    """

    maps: tuple[tuple[int, ...], ...] = ()
    every: tuple[int, int] = (1, 1)


@dataclass(frozen=True, eq=False)
class Slider:
    """A network at every place of an image's grid.

    Attributes:
        model: Reads (N, C, H, W) of one window.
        window: (H, W).
        stride: The grid's steps, in rows and columns of the image.
        joined: Whether all windows are computed together, else each is cut out.
    """

    model: nn.Module
    window: tuple[int, int]
    stride: tuple[int, int]
    joined: bool
    _head: _Head = _Head()

    def __call__(self, x: Tensor, wanted: Tensor | None = None) -> Tensor:
        """What the network gives for each window.

        Args:
            x: (1, C, H, W), at least a window.
            wanted: (rows, columns) of bools: the windows that matter; others may be left at zero.

        Returns:
            (1, K, rows, columns); row r and column c are of the window that begins at (r, c) times the stride.

        Raises:
            InputError: The image is smaller than a window.
        """
        if len(x) != 1 or any(have < need for have, need in zip(x.shape[2:], self.window, strict=True)):
            raise InputError(f"one image of at least {self.window} is slid over. Received: {tuple(x.shape)}")
        with torch.no_grad(), looking(self.model):
            return _wide(self.model, x, self._head) if self.joined else self._cut(x, wanted)

    def _cut(self, x: Tensor, wanted: Tensor | None) -> Tensor:
        """Window by window."""
        windows = x[0].unfold(1, self.window[0], self.stride[0]).unfold(2, self.window[1], self.stride[1])
        if wanted is None:
            wanted = torch.ones(windows.shape[1:3], dtype=torch.bool)
        rows, columns = wanted.nonzero(as_tuple=True)
        first = output_named(called(self.model, windows[:, :1, :1].flatten(0, 2)[None]), "").flatten(1)
        scores = first.new_zeros(*wanted.shape, first.shape[1])
        for start in range(0, len(rows), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            cut = windows[:, rows[some], columns[some]].transpose(0, 1)
            scores[rows[some], columns[some]] = output_named(called(self.model, cut), "").flatten(1)
        return scores.permute(2, 0, 1)[None]


def fully_convolutional(model: nn.Module, shape: Sequence[int]) -> Slider:
    """A network of one image as one that slides.

    Args:
        model: Any module that gives scores (N, K) for (N, C, H, W).
        shape: (C, H, W) of the window.

    Raises:
        InputError: The module can't read such a window, or does not give scores.
    """
    window = (shape[1], shape[2])
    with torch.no_grad(), looking(model):
        noted = _Noted()
        with noted:
            scores = output_named(called(model, torch.zeros(1, *shape)), "")
        if scores.flatten(1).shape[1] != scores.numel() or scores.numel() != max(scores.shape[1:]):
            raise InputError(f"a network that slides gives scores of classes. Received: {tuple(scores.shape)}")
        steps = [-(-side // PARTS) for side in window]
        cut = Slider(model, window, (steps[0], steps[1]), False)
        grid = [_stride(model, shape, _Head(tuple(noted.maps)), axis) for axis in (1, 2)]
        if not all(grid):
            return cut
        every = [max(1, step // own) for step, own in zip(steps, grid, strict=True)]
        stride = (every[0] * grid[0], every[1] * grid[1])
        joined = Slider(model, window, stride, True, _Head(tuple(noted.maps), (every[0], every[1])))
        size = [side + step for side, step in zip(window, stride, strict=True)]
        x = torch.randn(1, shape[0], *size, generator=torch.Generator().manual_seed(0))
        return joined if _alike(joined(x), replace(joined, joined=False)(x)) else cut


def _alike(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and bool((one - other).abs().max() <= SAME * other.abs().max().clamp_min(1))


def _stride(model: nn.Module, shape: Sequence[int], head: _Head, axis: int) -> int:
    """How many more rows (axis 1) or columns (axis 2) of an image make one more window; 0 where it does not slide."""

    def windows(more: int) -> int:
        size = [side + (place == axis) * more for place, side in enumerate(shape)]
        try:
            made = _wide(model, torch.zeros(1, *size), head)
        except (_NotSlidingError, RuntimeError, ValueError, IndexError):
            return 0
        return made.shape[axis + 1] if made.dim() == 4 else 0

    powers = [2**n for n in range(shape[axis].bit_length())]
    enough = next((more for more in powers if windows(more) == 2), 0)
    low, high = enough // 2, enough
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if windows(middle) == 2 else (middle, high)
    return high


def _wide(model: nn.Module, x: Tensor, head: _Head) -> Tensor:
    """The network's scores for all windows together."""
    with _Widened(head):
        return output_named(model(x), "")


class _NotSlidingError(Exception):
    """The network does something with a window that has no sliding form."""


class _Noted(TorchFunctionMode):
    """Writes down the maps (H, W) that are flattened or pooled to one entry."""

    def __init__(self) -> None:
        super().__init__()
        self.maps: list[tuple[int, ...]] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Iterable[type], args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """The call itself."""
        made = func(*args, **(kwargs or {}))
        if _is_whole(func, args, made):
            self.maps.append(tuple(args[0].shape[2:]))
        return made


class _Widened(TorchFunctionMode):
    """Inside, what one window's maps were flattened, joined or pooled by slides over larger maps.

    Args:
        head: As noted with one window.
    """

    def __init__(self, head: _Head) -> None:
        super().__init__()
        self._maps, self._every = iter(head.maps), head.every
        self._window: tuple[int, ...] = (1, 1)

    def __torch_function__(
        self, func: Callable[..., Any], types: Iterable[type], args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """The call itself, or its sliding form."""
        if func is F.linear and args[0].dim() == 4:
            return self._linear(*args, **(kwargs or {}))
        made = func(*args, **(kwargs or {}))
        if not _is_whole(func, args, made):
            return made
        window = next(self._maps, None)
        if window is None:
            raise _NotSlidingError
        if func not in POOLS:
            self._window = window
            return args[0]
        if tuple(made.shape[2:]) == window != (1, 1):
            return args[0]
        if made[0, 0].numel() != 1:
            raise _NotSlidingError
        return POOLS[func](args[0], window, self._step())

    def _linear(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """A convolution with the window's map, or 1x1 where its entries are joined already."""
        window = self._window
        self._window = (1, 1)
        return F.conv2d(x, weight.reshape(len(weight), -1, *window), bias, self._step())

    def _step(self) -> tuple[int, int]:
        """Of the first layer over all of a window; after it, windows are next to each other."""
        step, self._every = self._every, (1, 1)
        return step


def _is_whole(func: Callable[..., Any], args: Sequence[Any], made: Any) -> bool:
    """Whether a call takes all of the maps together."""
    if not args or not isinstance(args[0], Tensor) or args[0].dim() != 4 or not isinstance(made, Tensor):
        return False
    if func in FLATTEN:
        return made.dim() == 2
    return func in POOLS and (made.dim() == 4 or tuple(made.shape) == tuple(args[0].shape[:2]))
