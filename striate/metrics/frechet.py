"""How far two sets of pictures are apart: the Fréchet distance of what a network sees in them (Heusel et al. 2017).

A normal distribution is fitted to the features of each set; the distance of two of those has a closed form (Dowson &
Landau 1982). It is computed in float64, of covariances over N - 1. From few samples it comes out too large, which is
not corrected: distances are comparable where they are of as many samples.

>>> chance = np.random.default_rng(0)
>>> some = chance.standard_normal((4000, 3))
>>> round(frechet(some, some + [3, 0, 4]), 6), frechet(some[:2000], some[2000:]) < 0.02
(25.0, True)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

Features = NDArray[np.float64]


def frechet(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    """|m₁ - m₂|² + tr(C₁ + C₂ - 2·(C₁C₂)^½).

    Args:
        ours, theirs: (N, D) features each.

    Raises:
        InputError: There are too few of them for their covariance.
    """
    (mean, covariance), (other_mean, other) = (_normal(np.asarray(one, np.float64)) for one in (ours, theirs))
    traces = np.trace(covariance) + np.trace(other)
    apart = np.square(mean - other_mean).sum() + traces - 2 * _trace_of_root(covariance, other)
    return max(0.0, float(apart))  # rounding may leave equal sets a little below


def check_enough(count: int, features: int) -> None:
    """Check that there are more samples than features, so that no direction is without any.

    Raises:
        InputError: There are not.
    """
    if count <= features:
        raise InputError(
            f"the Fréchet distance of {features} features takes more samples than features, better ten times as many. "
            f"Received: {count}"
        )


def _normal(features: Features) -> tuple[Features, Features]:
    check_enough(*features.shape)
    return features.mean(0), np.cov(features, rowvar=False).reshape(features.shape[1], -1)


def _trace_of_root(first: Features, second: Features) -> float:
    """tr((C₁C₂)^½): C₁C₂ has the eigenvalues of C₁^½·C₂·C₁^½, which is symmetric."""
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    return float(np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum())
