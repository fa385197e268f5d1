"""What every metric takes: the true class of each image, and the probability of each class for each image.

>>> labels, probabilities = checked(np.array([1, 0]), np.array([[0.2, 0.8], [0.4, 0.6]]))
>>> probabilities.argmax(axis=1)
array([1, 1])
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer[Any]]
Probabilities = NDArray[np.floating[Any]]


def checked(labels: Labels, probabilities: Probabilities) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The same arrays as int64 (N,) and float64 (N, K), after asserting that they belong together.

    Args:
        labels: true classes, shape (N,) with N >= 1, whole numbers from 0 to K-1.
        probabilities: shape (N, K); each row is a softmax: between 0 and 1, and its sum is 1.
    """
    assert np.issubdtype(labels.dtype, np.integer), f"labels must be whole numbers. Received: {labels.dtype}"
    shapes = f"labels {labels.shape}, probabilities {probabilities.shape}"
    assert probabilities.ndim == 2, f"probabilities must have shape (N, K). Received: {shapes}"
    assert labels.shape == probabilities.shape[:1], f"labels must have shape (N,). Received: {shapes}"
    assert len(labels) > 0, f"a metric needs at least one image. Received: {shapes}"
    wide = probabilities.astype(np.float64)
    num_classes = wide.shape[1]
    in_range = (labels >= 0) & (labels < num_classes)
    assert in_range.all(), f"labels must be 0 to {num_classes - 1}. Received: {labels[~in_range][0]}"
    assert np.isfinite(wide).all(), "probabilities must be finite"
    assert wide.min() >= 0, f"probabilities must be at least 0. Received: {wide.min()}"
    # A sum over a thousand float32 classes is off by about 1e-4; logits are off by far more than 1e-2.
    assert np.abs(wide.sum(axis=1) - 1).max() < 1e-2, "each row of probabilities must sum to 1"
    return labels.astype(np.int64), wide
