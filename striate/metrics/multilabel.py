"""How well several labels at once are ranked and decided: average precision, precision, recall and F1 of each.

>>> targets = np.array([[1, 0], [0, 0], [1, 1]])
>>> scores = np.array([[2.0, -1.0], [0.5, 0.0], [-1.0, 1.0]])
>>> found = multilabel_scores(targets, scores)
>>> round(found.mean_average_precision, 4), found.chance, round(found.macro_f1, 4)
(0.9167, 0.5, 0.5833)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MultilabelScores:
    """Figures of K labels, each array of shape (K,) and each number 0 to 1.

    Attributes:
        positives: Images with the label.
        average_precision: Of each label; not a number where it has no image.
        precision: Of the images called so, the fraction that are; 0 where none is called so.
        recall: Of the images with the label, the fraction called so; 0 where it has none.
        f1: Their harmonic mean; 0 where there is nothing to divide by.
        share: The share of the images with the label: the average precision of a ranking by chance.
        label_accuracy: Of all decisions, one for each label of each image, the fraction that are right.
    """

    positives: NDArray[np.int64]
    average_precision: Floats
    precision: Floats
    recall: Floats
    f1: Floats
    share: Floats
    label_accuracy: float

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which labels some image has."""
        return self.positives > 0

    @property
    def mean_average_precision(self) -> float:
        """The mean over the labels that some image has; not a number where none has any."""
        return _mean(self.average_precision[self.present])

    @property
    def chance(self) -> float:
        """That of scores which say nothing: the mean share of the same labels."""
        return _mean(self.share[self.present])

    @property
    def macro_f1(self) -> float:
        """The mean of F1 over all labels, as scikit-learn's `average="macro"`."""
        return float(self.f1.mean())

    @property
    def constant_accuracy(self) -> float:
        """The label accuracy of deciding alike for all images, for each label what most images have."""
        return float(np.maximum(self.share, 1 - self.share).mean())

    def by_label(self, labels: Sequence[str]) -> list[dict[str, Any]]:
        """The figures of each label by name, in order; the average precision is None where it is not a number."""
        columns = (self.positives, self.average_precision, self.precision, self.recall, self.f1)
        return [
            {
                "label": name,
                "positives": int(positives),
                "average_precision": float(ap) if positives else None,
                "precision": float(precision),
                "recall": float(recall),
                "f1": float(f1),
            }
            for name, positives, ap, precision, recall, f1 in zip(labels, *columns, strict=True)
        ]


def multilabel_scores(targets: NDArray[Any], scores: Floats) -> MultilabelScores:
    """The figures of a network's answers.

    Args:
        targets: (N, K), 1 where an image has a label and 0 where not; at least one image.
        scores: (N, K) logits: a label is decided for from 0 on, which is a probability of 50 %.
    """
    assert targets.shape == scores.shape, f"{targets.shape}, {scores.shape}"
    true, called = targets > 0, scores >= 0
    right, positives = (true & called).sum(0), true.sum(0)
    return MultilabelScores(
        positives=positives,
        average_precision=np.array([average_precision(*pair) for pair in zip(true.T, scores.T, strict=True)]),
        precision=right / np.maximum(called.sum(0), 1),
        recall=right / np.maximum(positives, 1),
        f1=2 * right / np.maximum(positives + called.sum(0), 1),
        share=true.mean(0),
        label_accuracy=float((true == called).mean()),
    )


def average_precision(true: NDArray[np.bool_], scores: Floats) -> float:
    """Σ (R_n - R_(n-1)) P_n over the thresholds n, from the highest score down; not a number without a true one.

    P_n and R_n are precision and recall of the scores that reach the threshold; equal scores are one threshold
    (scikit-learn's `average_precision_score`). It is not interpolated.

    >>> average_precision(np.array([True, False, True]), np.array([3.0, 2.0, 1.0]))  # 1/2 * 1 + 1/2 * 2/3
    0.8333333333333333
    >>> average_precision(np.array([True, False, True, False]), np.zeros(4))
    0.5

    Args:
        true: (N,).
        scores: (N,), larger for likelier ones.
    """
    if not true.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hits, ranked = np.cumsum(true[order]), scores[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # of each run of equal scores
    precision, recall = hits[last] / (last + 1), hits[last] / hits[-1]
    return float(np.diff(recall, prepend=0) @ precision)


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")
