"""Does a network that says "90 %" get 90 % right?

Guo et al., On Calibration of Modern Neural Networks, 2017. The images are sorted into bins by confidence, the
probability of the predicted class. The expected calibration error (their equation 3) is the mean distance
between a bin's accuracy and its mean confidence, weighted by its number of images.

>>> probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7]])
>>> result = calibration(np.array([0, 1, 1]), probabilities)
>>> round(result.expected_error, 4)  # (2 |0.5 - 0.9| + 1 |1 - 0.7|) / 3
0.3667
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.metrics.inputs import Labels, Probabilities, checked

NUM_BINS = 15  # as in the paper's tables


@dataclass(frozen=True, eq=False)
class Calibration:
    """Confidence against accuracy. Bin b of B equal bins holds the confidences in (b/B, (b+1)/B].

    Attributes:
        expected_error: the expected calibration error, 0 to 1.
        confidence: mean confidence of each bin, shape (B,); not a number for an empty bin.
        accuracy: fraction of each bin's images that are right, shape (B,); not a number for an empty bin.
        count: number of images in each bin, shape (B,).
    """

    expected_error: float
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    count: NDArray[np.int64]


def calibration(labels: Labels, probabilities: Probabilities) -> Calibration:
    """The expected calibration error over 15 bins of equal width, and the bins.

    Args:
        labels: true classes, shape (N,), from 0 to K-1.
        probabilities: softmax outputs, shape (N, K).
    """
    labels, probabilities = checked(labels, probabilities)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    inner_edges = np.arange(1, NUM_BINS) / NUM_BINS
    bins = np.digitize(confidence, inner_edges, right=True)
    count = np.bincount(bins, minlength=NUM_BINS)
    sum_confidence = np.bincount(bins, confidence, NUM_BINS)
    sum_right = np.bincount(bins, right, NUM_BINS)
    expected_error = float(np.abs(sum_right - sum_confidence).sum() / len(labels))
    divisor = np.where(count > 0, count, np.nan)
    return Calibration(expected_error, sum_confidence / divisor, sum_right / divisor, count.astype(np.int64))
