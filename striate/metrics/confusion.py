"""Which class is taken for which, and the precision and recall of each class that follow from it.

>>> probabilities = np.array([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4], [0.2, 0.8]])
>>> confusion_matrix(np.array([0, 1, 1, 1]), probabilities)
array([[1, 0],
       [1, 2]])
>>> class_scores(np.array([0, 1, 1, 1]), probabilities).precision
array([0.5, 1. ])
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.metrics.inputs import Labels, Probabilities, checked


@dataclass(frozen=True, eq=False)
class ClassScores:
    """One number per class, each array of shape (K,); 0 where a share would divide by 0.

    Attributes:
        precision: of the images called this class, the fraction that are; 0 to 1.
        recall: of the images of this class, the fraction called so; 0 to 1.
        f1: harmonic mean of precision and recall; 0 to 1.
        support: number of images of this class.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]


@dataclass(frozen=True)
class ClassScore:
    """How well one class is recognised: precision, recall and F1 from 0 to 1, and its number of images."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


def confusion_matrix(labels: Labels, probabilities: Probabilities) -> NDArray[np.int64]:
    """Counts of shape (K, K): row = true class, column = predicted class, also for classes that never occur.

    Args:
        labels: true classes, shape (N,), from 0 to K-1.
        probabilities: softmax outputs, shape (N, K).
    """
    labels, probabilities = checked(labels, probabilities)
    num_classes = probabilities.shape[1]
    pairs = num_classes * labels + probabilities.argmax(axis=1)
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def class_scores(labels: Labels, probabilities: Probabilities) -> ClassScores:
    """Precision, recall, F1 and support of each of the K classes, also for classes that never occur.

    Args:
        labels: true classes, shape (N,), from 0 to K-1.
        probabilities: softmax outputs, shape (N, K).
    """
    counts = confusion_matrix(labels, probabilities)
    right, called, support = counts.diagonal(), counts.sum(axis=0), counts.sum(axis=1)
    return ClassScores(_share(right, called), _share(right, support), _share(2 * right, called + support), support)


def by_class(scores: ClassScores, classes: Sequence[str]) -> tuple[ClassScore, ...]:
    """The same figures, class by class, under their K names."""
    rows = zip(classes, scores.precision, scores.recall, scores.f1, scores.support, strict=True)
    return tuple(ClassScore(name, float(p), float(r), float(f), int(n)) for name, p, r, f, n in rows)


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(part / np.maximum(whole, 1))
