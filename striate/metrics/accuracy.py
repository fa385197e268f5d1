"""Top-1 accuracy: the share of images whose most probable class is the true one.

>>> probabilities = np.array([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4], [0.2, 0.8]])
>>> accuracy(np.array([0, 1, 1, 1]), probabilities)
0.75
"""

import numpy as np

from striate.metrics.inputs import Labels, Probabilities, checked


def accuracy(labels: Labels, probabilities: Probabilities) -> float:
    """The fraction of images that are right, from 0 to 1. Of equal probabilities the first class counts.

    Args:
        labels: true classes, shape (N,), from 0 to K-1.
        probabilities: softmax outputs, shape (N, K).
    """
    labels, probabilities = checked(labels, probabilities)
    return float(np.mean(probabilities.argmax(axis=1) == labels))
