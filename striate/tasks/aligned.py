"""Frames that a network aligned with the one in the middle, and how near they come to it (Tian et al. 2020).

They are the network's second output, `aligned`: as many frames as it reads, the one in the middle as it is.

>>> frames = torch.tensor([0.25, 0.5, 0.75]).reshape(1, 3, 1, 1)  # three of one pixel
>>> others(frames, 3).flatten().tolist(), apart(frames, 3).tolist(), float(loss(frames, 3))
([0.25, 0.75], [0.25], 0.0625)
"""

from __future__ import annotations

import torch
from torch import Tensor

ALIGNED = "aligned"
WEIGHT = 1.0  # of the loss below beside the one of what is restored


def middle(frames: Tensor, count: int) -> Tensor:
    """(N, C, H, W): the frame in the middle, of (N, count * C, H, W)."""
    channels = frames.shape[1] // count
    return frames.narrow(1, count // 2 * channels, channels)


def others(frames: Tensor, count: int) -> Tensor:
    """(N, (count - 1) * C, H, W): the frames around the one in the middle."""
    channels = frames.shape[1] // count
    first = count // 2 * channels
    return torch.cat([frames[:, :first], frames[:, first + channels :]], 1)


def apart(frames: Tensor, count: int, true: Tensor | None = None) -> Tensor:
    """(N,): how far the frames around are from the one in the middle, the mean difference of their pixels.

    Args:
        frames: (N, count * C, H, W).
        count: How many there are.
        true: (N, C, H, W), the one in the middle where it is not among them.
    """
    true = middle(frames, count) if true is None else true
    return (others(frames, count) - true.repeat(1, count - 1, 1, 1)).abs().flatten(1).mean(1)


def loss(frames: Tensor, count: int) -> Tensor:
    """The mean square of those differences."""
    return (others(frames, count) - middle(frames, count).repeat(1, count - 1, 1, 1)).square().mean()
