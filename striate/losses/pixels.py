"""Losses for a class per pixel: cross-entropy, soft Dice, and weights that give rare classes their say.

Pixels with the ignored label count for nothing; where all are ignored the losses and their gradients are 0. A network
with a single map (K = 1) is read as the sigmoid of class 1 against class 0.

>>> import torch
>>> outputs = torch.tensor([[[[9.0, -9.0]], [[-9.0, 9.0]]]])  # (N, K, H, W): two pixels, sure of class 0, then 1
>>> parts = pixel_losses(outputs, torch.tensor([[[0, 255]]]))
>>> {name: round(float(part), 3) for name, part in parts.items()}
{'cross_entropy': 0.0, 'dice': 0.0}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from striate.ignored import IGNORED

LOSSES = ("cross-entropy", "dice", "cross-entropy+dice", "balanced-cross-entropy", "balanced-cross-entropy+dice")

if TYPE_CHECKING:  # the names of losses are read without importing torch
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


def pixel_losses(
    outputs: Tensor, targets: Tensor, *, ignored: int = IGNORED, weights: Tensor | None = None
) -> dict[str, Tensor]:
    """Cross-entropy and Dice loss under their names; what is descended is their sum.

    Args:
        outputs: (N, K, *spatial) logits; K = 1 is a sigmoid.
        targets: (N, *spatial) int64, 0 to K - 1 (0 or 1 for K = 1), or `ignored`.
        ignored: the label of pixels that count for nothing.
        weights: (K,) (2 for K = 1), how much a pixel of each class counts in the cross-entropy.
    """
    return {
        "cross_entropy": pixel_cross_entropy(outputs, targets, ignored=ignored, weights=weights),
        "dice": dice_loss(outputs, targets, ignored=ignored),
    }


def pixel_cross_entropy(
    outputs: Tensor, targets: Tensor, *, ignored: int = IGNORED, weights: Tensor | None = None
) -> Tensor:
    """-log softmax(outputs) at the target, a mean over the pixels that count, weighted by their class's weight.

    Arguments as for `pixel_losses`.
    """
    from torch.nn.functional import cross_entropy

    logits = _two_or_more(outputs)
    weights = None if weights is None else weights.to(logits)
    total = cross_entropy(logits, targets, weight=weights, ignore_index=ignored, reduction="sum")
    counted = targets != ignored
    count = counted.sum() if weights is None else (weights[targets.where(counted, 0)] * counted).sum()
    return total / count.to(total).clamp_min(_least(total))


def dice_loss(outputs: Tensor, targets: Tensor, *, ignored: int = IGNORED) -> Tensor:
    """1 - D, a mean over the classes that occur in the batch's targets.

    Milletari, Navab & Ahmadi, V-Net, 2016, section 3: for the probabilities p of a class and its true pixels g, each 0
    or 1, D = 2 Σ p g / (Σ p² + Σ g²), summed here over all pixels of the batch. It weighs a class, not its pixels.

    Arguments as for `pixel_losses`.
    """
    import torch

    logits = _two_or_more(outputs)
    counted = (targets != ignored).unsqueeze(1)  # (N, 1, *spatial)
    classes = torch.arange(logits.shape[1], device=targets.device).reshape(-1, *[1] * (targets.ndim - 1))
    true = (targets.unsqueeze(1) == classes) & counted  # (N, K, *spatial)
    probabilities = logits.softmax(1) * counted
    over = (0, *range(2, logits.ndim))
    sizes = true.sum(over)
    overlap = (probabilities * true).sum(over)
    apart = 1 - 2 * overlap / (probabilities.square().sum(over) + sizes).clamp_min(_least(logits))
    present = sizes > 0
    return (apart * present).sum() / present.sum().clamp_min(1)


def median_frequency(counts: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Weights (K,) under which rare classes count as much as common ones: median frequency balancing.

    Eigen & Fergus, Predicting Depth, Surface Normals and Semantic Labels, 2015, section 6.3.2: the weight of a class is
    median(f) / f, where f is its share of the pixels of those images in which it occurs. A class without a pixel has 1.

    >>> import numpy as np
    >>> median_frequency(np.array([[90, 10], [50, 0]])).round(3).tolist()  # f = 140/150 and 10/100
    [0.554, 5.167]

    Args:
        counts: (images, K), the pixels of each class in each image.
    """
    import numpy as np

    pixels, occurs = counts.sum(axis=0), counts > 0
    around = (counts.sum(axis=1, keepdims=True) * occurs).sum(axis=0)
    present = pixels > 0
    if not present.any():
        return np.ones(counts.shape[1])
    frequency = pixels / np.maximum(around, 1)
    return np.where(present, np.median(frequency[present]) / np.where(present, frequency, 1), 1.0)


def _two_or_more(outputs: Tensor) -> Tensor:
    """The logits of at least two classes, of at least 32 bits: sums over a batch's pixels overflow 16."""
    import torch

    logits = outputs if outputs.dtype.itemsize >= 4 else outputs.float()
    if logits.shape[1] > 1:
        return logits
    return torch.cat([torch.zeros_like(logits), logits], 1)  # the softmax of (0, x) is the sigmoid of x


def _least(like: Tensor) -> float:
    """The smallest number to divide by."""
    import torch

    return float(torch.finfo(like.dtype).tiny)
