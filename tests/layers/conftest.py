"""How every layer is compared with its definition: on 200 drawn examples, to 1e-5 of the largest value."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

EXAMPLES = 200
TOLERANCE = 1e-5


class OnExamples(Protocol):
    def __call__(self, check: Callable[..., None], shared: int = 1, **drawn: st.SearchStrategy[Any]) -> None: ...


@pytest.fixture
def on_examples() -> OnExamples:
    """Calls a check with drawn arguments until it went through 200 times; refused examples do not count.

    A layer checked with each number of axes by itself is `shared` by so many cases: they have 200 together.
    """

    def run(check: Callable[..., None], shared: int = 1, **drawn: st.SearchStrategy[Any]) -> None:
        wanted = -(-EXAMPLES // shared)
        passed = 0

        def counted(**values: Any) -> None:
            nonlocal passed
            check(**values)
            passed += 1

        how = settings(
            max_examples=wanted, deadline=None, database=None, suppress_health_check=[HealthCheck.filter_too_much]
        )
        how(given(**drawn)(counted))()
        assert passed >= wanted

    return run


@pytest.fixture
def assert_near() -> Callable[[Tensor, NDArray[np.float64]], None]:
    """That a float32 result is the float64 one to 1e-5 of its own largest value, which is a number."""

    def check(y: Tensor, expected: NDArray[np.float64]) -> None:
        assert y.dtype == torch.float32
        assert y.shape == expected.shape
        assert np.isfinite(expected).all()
        assert np.abs(y.numpy() - expected).max(initial=0) <= TOLERANCE * np.abs(expected).max(initial=0)

    return check
