"""The images a network got most wrong: the mistakes it was surest of, for a person to see.

>>> probabilities = np.array([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4], [0.2, 0.8]])
>>> most_wrong(np.array([1, 1, 1, 1]), probabilities, count=10)
array([0, 2])
"""

import numpy as np
from numpy.typing import NDArray

from striate.metrics.inputs import Labels, Probabilities, checked


def most_wrong(labels: Labels, probabilities: Probabilities, count: int) -> NDArray[np.int64]:
    """Indices of wrong images, shape (at most count,), by the probability of the wrong class, largest first.

    Args:
        labels: true classes, shape (N,), from 0 to K-1.
        probabilities: softmax outputs, shape (N, K).
        count: how many at most; images of equal probability keep their order.
    """
    assert count >= 0, f"count must be at least 0. Received: {count}"
    labels, probabilities = checked(labels, probabilities)
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    order = np.argsort(-probabilities[wrong].max(axis=1), kind="stable")
    return wrong[order][:count].astype(np.int64)
