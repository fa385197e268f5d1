"""How well masks agree with the true ones: counts that add up over batches, and the figures that follow from them.

Pixels with the ignored label are not counted.

>>> import torch
>>> outputs = torch.tensor([[[[2.0, 2.0, 0.0, 0.0]], [[0.0, 0.0, 1.0, 1.0]]]])  # says 0, 0, 1, 1
>>> counts = pixel_confusion(outputs, torch.tensor([[[0, 1, 1, 255]]]))
>>> counts.tolist()
[[1, 0], [1, 1]]
>>> round(region_scores(counts.numpy()).mean_iou, 3)
0.5
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from striate.ignored import IGNORED

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class RegionScores:
    """Figures of a confusion matrix over pixels, each 0 to 1; not a number where there is nothing to count.

    With n_ij the pixels of class i called j, t_i = Σ_j n_ij and c_i = Σ_j n_ji (Long, Shelhamer & Darrell 2015, §5):

    Attributes:
        iou: n_ii / (t_i + c_i - n_ii) of each class, (K,); not a number for a class in neither truth nor prediction.
        dice: 2 n_ii / (t_i + c_i) of each class, (K,), likewise.
        mean_iou: the mean IoU of the classes that occur in truth or prediction.
        mean_dice: their mean Dice.
        pixel_accuracy: Σ n_ii / Σ t_i.
        frequency_weighted_iou: Σ t_i IoU_i / Σ t_i.
        share: t_i / Σ t_i, (K,).
    """

    iou: NDArray[np.float64]
    dice: NDArray[np.float64]
    mean_iou: float
    mean_dice: float
    pixel_accuracy: float
    frequency_weighted_iou: float
    share: NDArray[np.float64]

    @property
    def pixel_error(self) -> float:
        """The share of pixels that are wrong."""
        return 1 - self.pixel_accuracy

    def figures(self) -> dict[str, float]:
        """The figures over all classes, by name."""
        return {
            "mean_iou": self.mean_iou,
            "mean_dice": self.mean_dice,
            "pixel_accuracy": self.pixel_accuracy,
            "frequency_weighted_iou": self.frequency_weighted_iou,
        }

    def by_class(self, classes: Sequence[str]) -> list[tuple[str, float, float, float]]:
        """Name, IoU, Dice and share of the pixels of each class, in order."""
        return list(zip(classes, self.iou.tolist(), self.dice.tolist(), self.share.tolist(), strict=True))


def pixel_confusion(outputs: Tensor, targets: Tensor, *, ignored: int = IGNORED) -> Tensor:
    """Counts (K, K) int64 of a batch: row = true class, column = predicted class. The batches' matrices add.

    Args:
        outputs: (N, K, *spatial) logits or probabilities, of which the largest counts; for K = 1 a logit of class 1,
            which counts where it is above 0, and the matrix is (2, 2).
        targets: (N, *spatial) whole numbers, 0 to K - 1, or `ignored`.
        ignored: the label of pixels that are not counted.
    """
    num_maps = outputs.shape[1]
    called = outputs.argmax(1) if num_maps > 1 else (outputs[:, 0] > 0).long()
    return label_confusion(called, targets, max(num_maps, 2), ignored=ignored)


def label_confusion(called: Tensor, targets: Tensor, num_classes: int, *, ignored: int = IGNORED) -> Tensor:
    """As `pixel_confusion`, of predicted classes (N, *spatial) instead of the network's outputs."""
    assert called.shape == targets.shape, f"predicted {tuple(called.shape)}, true {tuple(targets.shape)}"
    counted = targets != ignored
    true = targets[counted].long()
    assert not true.numel() or 0 <= int(true.min()) <= int(true.max()) < num_classes, f"labels beyond {num_classes}"
    pairs = num_classes * true + called[counted].long()
    return pairs.bincount(minlength=num_classes**2).reshape(num_classes, num_classes)


def region_scores(confusion: NDArray[np.int64]) -> RegionScores:
    """The figures of a confusion matrix (K, K) over pixels: row = true class, column = predicted class."""
    right, true, called = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    occurs, total = true + called > 0, true.sum()
    iou, dice = _share(right, true + called - right), _share(2 * right, true + called)
    share = _share(true, np.full_like(true, total))
    return RegionScores(
        iou=iou,
        dice=dice,
        mean_iou=float(iou[occurs].mean()) if total else float("nan"),
        mean_dice=float(dice[occurs].mean()) if total else float("nan"),
        pixel_accuracy=float(_share(right.sum(), total)),
        frequency_weighted_iou=float((share[occurs] * iou[occurs]).sum()) if total else float("nan"),
        share=share,
    )


def majority_scores(confusion: NDArray[np.int64]) -> tuple[int, RegionScores]:
    """The most common true class and the figures of always predicting it: the floor for any network.

    >>> most, floor = majority_scores(np.array([[70, 10], [5, 15]]))  # 80 pixels of class 0, 20 of class 1
    >>> most, floor.pixel_accuracy, floor.mean_iou
    (0, 0.8, 0.4)
    """
    true = confusion.sum(axis=1)
    most, constant = int(true.argmax()), np.zeros_like(confusion)
    constant[:, most] = true
    return most, region_scores(constant)


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """part / whole, not a number where the whole is 0."""
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
