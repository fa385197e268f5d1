"""A pass in which nothing is cut off: ReLUs and clips let all through, the largest of several numbers is their mean.

>>> with Open():
...     F.max_pool1d(torch.tensor([[[1.0, 3.0]]]), 2), torch.relu(torch.tensor(-1.0))
(tensor([[[2.]]]), tensor(-1.))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from striate.inside.rectifying import RECTIFIERS
from striate.layers.pooling import AvgPool

NAMES = [f"max_pool{axes}d" for axes in (1, 2, 3)]
POOLS = [*(getattr(F, name) for name in NAMES), *(getattr(torch, name) for name in NAMES)]
ADAPTIVE = {getattr(F, f"adaptive_max_pool{axes}d"): getattr(F, f"adaptive_avg_pool{axes}d") for axes in (1, 2, 3)}
CLIPS = (F.relu6, F.hardtanh, F.hardsigmoid, F.hardswish, torch.clamp, Tensor.clamp, Tensor.clamp_)
LARGEST = (torch.amax, Tensor.amax)
LARGEST_AT = (torch.max, Tensor.max)


class Open(TorchFunctionMode):
    """Inside, every entry that could decide a result does."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Iterable[type], args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """The call itself, unless it chooses among entries."""
        kwargs = dict(kwargs or {})
        if func in RECTIFIERS or func in CLIPS:
            return args[0] if args else kwargs["input"]
        if func in POOLS:
            return _pooled(*args, **kwargs)
        if func in ADAPTIVE:
            kwargs.pop("return_indices", None)
            return ADAPTIVE[func](*args, **kwargs)
        if func in LARGEST:
            return torch.mean(*args, **kwargs)
        if func is torch.maximum:
            return torch.add(*args, **kwargs) / 2
        if func in LARGEST_AT:
            return _means(func, *args, **kwargs)
        if func is F.pad and kwargs.get("value") == float("-inf"):
            kwargs["value"] = 0.0
        return func(*args, **kwargs)


def _pooled(
    x: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """The means of a max pool's windows."""
    kernel, stride, padding, dilation = (
        tuple(one) if isinstance(one, tuple | list) else (one,) * (x.dim() - 2)
        for one in (kernel_size, stride or kernel_size, padding, dilation)
    )
    pads = tuple((one, one) for one in padding)
    means: Tensor = AvgPool(kernel, stride, pads, dilation, ceil_mode)(x)
    return means


def _means(func: Callable[..., Any], x: Tensor, *args: Any, **kwargs: Any) -> Any:
    """The mean of all, of two, or along an axis with the indices of the largest."""
    found = func(x, *args, **kwargs)
    if isinstance(found, Tensor):
        return (x + args[0]) / 2 if args else x.mean()
    return type(found)((x.mean(*args, **kwargs), found.indices))
