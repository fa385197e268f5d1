"""How well objects' masks agree with the true ones: AP by objects found, missed and invented, as for cell nuclei.

>>> truth = np.array([[1, 1, 0, 2, 2]])
>>> found = np.array([[5, 5, 0, 0, 9]])  # one whole, one by half
>>> matches(found, truth).at(0.5), matches(found, truth).at(0.6)
((2, 0, 0), (1, 1, 1))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

THRESHOLDS = tuple(float(value) for value in np.linspace(0.5, 0.95, 10))


@dataclass(frozen=True, eq=False)
class Matches:
    """The objects of an image beside the true ones.

    Attributes:
        iou: (found, true), of their pixels.
    """

    iou: NDArray[np.float64]

    def at(self, threshold: float) -> tuple[int, int, int]:
        """How many are found, invented and missed: a pair needs an IoU of the threshold, and as many as can are pairs.

        Above a half each object has one partner at most; at it, the pairs that are most are taken.
        """
        from scipy.optimize import linear_sum_assignment  # it takes long to import, and few tasks match objects

        good = self.iou >= threshold
        rows, columns = linear_sum_assignment(-(good.astype(np.float64) + 1e-6 * self.iou))
        right = int(good[rows, columns].sum())
        return right, self.iou.shape[0] - right, self.iou.shape[1] - right

    def average_precision(self, threshold: float) -> float:
        """Found / (found + invented + missed); 1 where there is nothing and nothing is said (Caicedo et al. 2019)."""
        return float(precisions(np.array(self.at(threshold))))


def precisions(counts: NDArray[np.integer]) -> NDArray[np.float64]:
    """(…): average precision of counts (…, 3) of found, invented and missed objects, as of `Matches`.

    >>> precisions(np.array([[3, 1, 0], [0, 0, 0]])).tolist()
    [0.75, 1.0]
    """
    right, total = counts[..., 0].astype(np.float64), counts.sum(-1)
    shares: NDArray[np.float64] = np.divide(right, total, out=np.ones_like(right), where=total > 0)
    return shares


def matches(found: NDArray[np.integer], truth: NDArray[np.integer]) -> Matches:
    """The overlaps of objects in label images (H, W): a number for each object, 0 for none."""
    assert found.shape == truth.shape, f"found {found.shape}, true {truth.shape}"
    _, ours = np.unique(np.append(found.ravel(), 0), return_inverse=True)
    _, theirs = np.unique(np.append(truth.ravel(), 0), return_inverse=True)
    ours, theirs = ours.ravel()[:-1], theirs.ravel()[:-1]
    rows, columns = int(ours.max(initial=0)) + 1, int(theirs.max(initial=0)) + 1
    shared = np.bincount(columns * ours + theirs, minlength=rows * columns).reshape(rows, columns)
    union = shared.sum(1, keepdims=True) + shared.sum(0, keepdims=True) - shared
    iou = np.divide(shared, union, out=np.zeros(shared.shape), where=union > 0)
    return Matches(iou[1:, 1:])


def mean_average_precision(each: Sequence[Matches], thresholds: Sequence[float] = THRESHOLDS) -> list[float]:
    """At each threshold the mean over the images."""
    return [float(np.mean([one.average_precision(threshold) for one in each])) for threshold in thresholds]


def by_threshold(image: NDArray[np.uint8]) -> NDArray[np.int32]:
    """The objects (H, W) that no network is needed for: what is on the rarer side of a threshold and does not touch.

    The threshold leaves the least spread within both sides (Otsu 1979).

    Args:
        image: (C, H, W), 0 to 255.
    """
    grey = np.rint(image.mean(0)).astype(np.uint8)
    shares = np.bincount(grey.ravel(), minlength=256) / grey.size
    below, levels = shares.cumsum(), np.arange(256)
    sums = (shares * levels).cumsum()
    parted = np.divide(
        (sums[-1] * below - sums) ** 2, below * (1 - below), out=np.zeros(256), where=(below > 0) & (below < 1)
    )
    bright = grey > int(parted.argmax())
    rarer = bright if bright.mean() <= 1 / 2 else ~bright
    numbers, _ = label(rarer)
    return np.asarray(numbers.astype(np.int32))


def rand_f(found: NDArray[np.integer], truth: NDArray[np.integer]) -> float:
    """How well two divisions into objects agree: of all pairs of pixels within an object, those that are in both.

    The F1 of the shares of such pairs of either that are in both, over the pixels that are in a true object: the
    foreground-restricted Rand score of Arganda-Carreras et al. 2015 (ISBI 2012). As in their code, each of these pixels
    that is found in no object is alone; scikit-image takes all of them for one object.

    Args:
        found, truth: (H, W), a number for each object, 0 for none.

    Returns:
        From 0 to 1; not a number where no object is there.

    >>> rand_f(np.array([[1, 1, 2, 2]]), np.array([[1, 1, 1, 1]]))  # 4 of 12 pairs
    0.5
    >>> rand_f(np.array([[1, 1, 0, 0]]), np.array([[1, 1, 2, 2]]))  # the last two are not together
    0.6666666666666666
    """
    there = truth > 0
    if not there.any():
        return float("nan")
    told = there & (found > 0)
    pairs = (np.stack([found[told], truth[told]]), found[told], truth[there])
    counts = [np.unique(one, axis=-1, return_counts=True)[1].astype(np.float64) for one in pairs]
    shared, of_ours, of_theirs = (float((one * (one - 1)).sum()) for one in counts)
    return 2 * shared / (of_ours + of_theirs) if of_ours + of_theirs else 1.0
