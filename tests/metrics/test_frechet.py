"""The Fréchet distance against closed forms, and against a square root of matrices by another way."""

import numpy as np
import pytest
from scipy import linalg

from striate.errors import InputError
from striate.metrics.frechet import frechet


def exactly(mean: np.ndarray, covariance: np.ndarray, count: int = 50) -> np.ndarray:
    """Numbers with exactly this mean and covariance."""
    some = np.random.default_rng(0).standard_normal((count, len(mean)))
    some -= some.mean(0)
    white = some @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(some, rowvar=False)))).T
    return white @ np.linalg.cholesky(covariance).T + mean


def test_in_one_dimension_it_is_that_of_means_and_spreads() -> None:
    ours, theirs = (exactly(np.array([m]), np.array([[s * s]])) for m, s in ((1.0, 2.0), (-2.0, 0.5)))
    assert frechet(ours, theirs) == pytest.approx(3**2 + 1.5**2)


def test_of_two_normal_distributions_it_is_the_closed_form() -> None:
    chance = np.random.default_rng(1)
    means = chance.standard_normal((2, 4))
    first, second = (a @ a.T + np.eye(4) for a in chance.standard_normal((2, 4, 4)))
    wanted = np.square(means[0] - means[1]).sum() + np.trace(first + second - 2 * linalg.sqrtm(first @ second).real)
    assert frechet(exactly(means[0], first), exactly(means[1], second)) == pytest.approx(wanted, rel=1e-9)


def test_equal_sets_are_not_apart_even_where_a_feature_is_constant() -> None:
    some = exactly(np.zeros(3), np.diag([4.0, 1.0, 9.0]))
    some[:, 1] = 7
    assert frechet(some, some) == pytest.approx(0, abs=1e-6)
    assert frechet(some, some + 2) == pytest.approx(12)


def test_float32_is_computed_in_float64() -> None:
    some = exactly(np.full(2, 1e3), np.eye(2))
    assert frechet(some.astype(np.float32), some.astype(np.float32)) == pytest.approx(0, abs=1e-6)


def test_fewer_samples_than_features_are_refused() -> None:
    some = np.random.default_rng(0).standard_normal((5, 5))
    with pytest.raises(InputError, match=r"of 5 features takes more samples than features.*Received: 5"):
        frechet(some, some)
