"""An accuracy's interval, the largest class and the balanced accuracy, against SciPy's and scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score

from striate.metrics import score, weighted_sum, wilson


@st.composite
def matrices(draw: st.DrawFn) -> NDArray[np.int64]:
    """Counts (K, K) of at least one image; some classes may not occur."""
    num_classes = draw(st.integers(1, 6))
    counts = draw(st.lists(st.integers(0, 300), min_size=num_classes**2, max_size=num_classes**2))
    counts[draw(st.integers(0, num_classes**2 - 1))] += 1
    return np.array(counts).reshape(num_classes, num_classes)


@given(st.integers(1, 100_000).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_wilson_is_scipy_s(case: tuple[int, int]) -> None:
    right, count = case
    theirs = binomtest(right, count).proportion_ci(method="wilson")
    assert wilson(right, count) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert 0 <= wilson(right, count).low <= right / count <= wilson(right, count).high <= 1


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [  # Newcombe 1998, table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_differences_are_newcombe_s(first: tuple[int, int], second: tuple[int, int], low: float, high: float) -> None:
    assert weighted_sum([(1, *first), (-1, *second)]) == pytest.approx((low, high), abs=6e-5)


@given(matrices())
def test_a_score_is_what_its_matrix_says(confusion: NDArray[np.int64]) -> None:
    labels, called = (np.repeat(axis, confusion.ravel()) for axis in map(np.ravel, np.indices(confusion.shape)))
    found = score(confusion, "abcdef"[: len(confusion)])
    assert found.examples == len(labels)
    assert found.accuracy == pytest.approx((labels == called).mean())
    largest = "abcdef".index(found.majority)
    assert found.majority_share == pytest.approx((labels == largest).mean()) == max(np.bincount(labels)) / len(labels)
    recalls = [(called[labels == k] == k).mean() for k in np.unique(labels)]
    assert found.balanced_accuracy == pytest.approx(np.mean(recalls))
    assert found.balanced_interval.low <= found.balanced_accuracy + 1e-9
    assert found.balanced_interval.high >= found.balanced_accuracy - 1e-9
    assert found.to_json()["interval"] == list(wilson(found.right, found.examples))


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@given(matrices())
def test_balanced_accuracy_is_scikit_learn_s(confusion: NDArray[np.int64]) -> None:
    labels, called = (np.repeat(axis, confusion.ravel()) for axis in map(np.ravel, np.indices(confusion.shape)))
    ours = score(confusion, "abcdef"[: len(confusion)]).balanced_accuracy
    if len(np.unique(labels)) > 1:
        assert ours == pytest.approx(balanced_accuracy_score(labels, called))


@pytest.mark.parametrize(
    ("confusion", "beats"),
    [
        ([[57, 0], [3, 0]], False),  # always the same
        ([[50, 7], [3, 0]], False),  # worse than that
        ([[90, 10], [10, 90]], True),
        ([[6, 4], [4, 6]], False),  # 12 of 20: a coin does so one time in four
        ([[892, 48], [6, 54]], True),  # no more right than always the same, but the rare ones are told apart
        ([[20, 0], [0, 0]], False),  # of one class: nothing to tell apart
    ],
)
def test_what_beats_guessing(confusion: list[list[int]], beats: bool) -> None:
    assert score(np.array(confusion), ("common", "rare")).beats_guessing is beats


def test_balanced_accuracy_is_told_where_classes_are_unequal() -> None:
    assert "balanced" not in score(np.array([[90, 10], [10, 90]]), "ab").said()
    assert "balanced accuracy 85.00%" in score(np.array([[90, 10], [10, 40]]), "ab").said()
    assert score(np.array([[3, 1], [0, 0]]), ("cat", "dog")).said() == (
        "75.00% of 4 images (95% interval: 30.1% to 95.4%); all of them are 'cat'"
    )
