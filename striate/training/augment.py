"""More data from the same images: each is moved a little, differently in every epoch.

>>> images = torch.arange(9.0).reshape(1, 1, 3, 3)
>>> moved = shifted(images, most=1, background=(0.0,))
>>> moved.shape, bool((moved == 4).any())  # the middle stays inside
(torch.Size([1, 1, 3, 3]), True)
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

SHARE = 28  # a drawing is moved by up to one entry for each 28 of its shorter side, one pixel for MNIST


def shift_for(height: int, width: int) -> int:
    """Entries by which images of this size are moved at most; 0 for small ones, which would lose too much.

    >>> shift_for(32, 32), shift_for(8, 8)
    (1, 0)
    """
    return min(height, width) // SHARE


def shifted(images: Tensor, most: int, background: Sequence[float]) -> Tensor:
    """Each image moved by its own whole number of entries, up and down and sideways.

    Args:
        images: (N, C, H, W).
        most: Largest move along an axis, in entries.
        background: What comes in at the edge, a value a channel.

    Returns:
        (N, C, H, W); random numbers are torch's own, so that a seed repeats them.
    """
    count, _, height, width = images.shape
    edge = images.new_tensor(background).view(1, -1, 1, 1)
    padded = F.pad(images - edge, [most] * 4) + edge
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)  # (N, C, 2·most + 1, 2·most + 1, H, W), a view
    down, right = torch.randint(2 * most + 1, (2, count), device=images.device)
    return windows[torch.arange(count, device=images.device), :, down, right]
