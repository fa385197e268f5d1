"""Occlusion: how far a score falls when a part of the input is hidden (Zeiler & Fergus 2014, section 4.2).

>>> model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
>>> occlusion(model, torch.ones(1, 1, 4, 4), 0, window=2, stride=2).drops.shape
torch.Size([1, 2, 2])
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.inside.aims import Aim, settled
from striate.inside.heat import Heat
from striate.inside.watching import batch_of

AT_ONCE = 64  # hidden variants that go through together


@dataclass(frozen=True, eq=False)
class Occlusion(Heat):
    """As a heat map, with the score's fall for each window.

    Attributes:
        drops: (N, *windows); `map` holds at each entry the mean over the windows that hide it.
    """

    drops: Tensor = torch.zeros(0)

    def facts(self) -> dict[str, Any]:
        """It for programs."""
        return {**super().facts(), "drops": self.drops.tolist()}


def occlusion(
    model: nn.Module, x: Tensor, aim: Aim = None, *, window: int = 0, stride: int = 0, value: float | Tensor = 0.0
) -> Occlusion:
    """The score of the input less that with a window hidden, for windows at every stride over all channels.

    Args:
        model, x, aim: As for `saliency`; no gradient is needed.
        window: Its side; by default a quarter of the shortest side. The last ones are cut at the edge.
        stride: By default half the window.
        value: What hides: a number, or one for each channel (C,).

    Raises:
        InputError: There is no such class or unit, or the window does not fit.
    """
    x = batch_of(x)
    size = x.shape[2:]
    if not size:
        raise InputError(f"only an input with places, (N, C, *spatial), can be hidden in parts. Got {tuple(x.shape)}")
    window = window or max(1, min(size) // 4)
    stride = stride or max(1, window // 2)
    if window < 1 or stride < 1 or window > min(size):
        raise InputError(f"a window has a side of 1 to {min(size)}, a stride of at least 1. Got {window}, {stride}")
    counts = [-(-(side - window) // stride) + 1 for side in size]
    boxes = [
        tuple(slice(at * stride, at * stride + window) for at in places)
        for places in itertools.product(*map(range, counts))
    ]
    hidden = torch.as_tensor(value).to(x)
    hidden = hidden.view(-1, *(1,) * len(size)) if hidden.dim() else hidden
    sight = settled(model, x, aim)
    with torch.no_grad():
        scores = sight.scores(x)
        drops = torch.stack([scores[row] - _scores(sight, x[row], row, boxes, hidden) for row in range(len(x))])
    explained, note = sight.explained, f"windows of {window}, every {stride}"
    heat, drops = _spread(drops, boxes, size), drops.view(len(x), *counts)
    return Occlusion("occlusion", x, heat, scores, explained, "", note, "fall of the score", drops)


def _scores(sight: Any, one: Tensor, row: int, boxes: list[tuple[slice, ...]], hidden: Tensor) -> Tensor:
    """The scores (B,) of an example (C, *spatial) with each box hidden."""
    scores = []
    for start in range(0, len(boxes), AT_ONCE):
        some = boxes[start : start + AT_ONCE]
        variants = one.expand(len(some), *one.shape).clone()
        for variant, box in zip(variants, some, strict=True):
            variant[(slice(None), *box)] = hidden
        scores.append(sight.scores(variants, row))
    return torch.cat(scores)


def _spread(drops: Tensor, boxes: list[tuple[slice, ...]], size: torch.Size) -> Tensor:
    """(N, B) as (N, *spatial): at each entry the mean over the boxes that hold it, 0 where none does."""
    total, count = drops.new_zeros(len(drops), *size), drops.new_zeros(size)
    for number, box in enumerate(boxes):
        total[(slice(None), *box)] += drops[:, number].view(-1, *(1,) * len(size))
        count[box] += 1
    return total / count.clamp_min(1)
