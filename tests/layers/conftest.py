"""How every layer is compared with its definition: on 200 drawn examples, to 1e-5 of the largest value."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

EXAMPLES = 200
TOLERANCE = 1e-5


class OnExamples(Protocol):
    def __call__(self, check: Callable[..., None], **drawn: st.SearchStrategy[Any]) -> None: ...


@pytest.fixture
def on_examples() -> OnExamples:
    """Calls a check with drawn arguments until it went through 200 times; refused examples do not count."""

    def run(check: Callable[..., None], **drawn: st.SearchStrategy[Any]) -> None:
        passed = 0

        def counted(**values: Any) -> None:
            nonlocal passed
            check(**values)
            passed += 1

        settings(max_examples=EXAMPLES, deadline=None, database=None)(given(**drawn)(counted))()
        assert passed >= EXAMPLES

    return run


@pytest.fixture
def assert_near() -> Callable[[Tensor, NDArray[np.float64]], None]:
    """That a float32 result is the float64 one to 1e-5 of its own largest value, and exactly where that is infinite."""

    def check(y: Tensor, expected: NDArray[np.float64]) -> None:
        assert y.dtype == torch.float32
        assert y.shape == expected.shape
        finite = np.isfinite(expected)  # a window may lie in the padding of a max pool alone: -inf on both sides
        assert (y.numpy()[~finite] == expected[~finite]).all()
        error = np.abs(y.numpy() - expected)[finite].max(initial=0)
        assert error <= TOLERANCE * np.abs(expected[finite]).max(initial=0)

    return check
