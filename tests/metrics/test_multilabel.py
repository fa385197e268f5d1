"""Figures of several labels against scikit-learn's and against a loop over thresholds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

from striate.metrics.multilabel import average_precision, multilabel_scores

Drawn = tuple[NDArray[np.int64], NDArray[np.float64]]


@st.composite
def answers(draw: st.DrawFn) -> Drawn:
    """Labels and scores, many of them equal, with labels that no image or every image has."""
    shape = draw(st.tuples(st.integers(1, 25), st.integers(2, 5)))  # of one column scikit-learn tells both classes
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shares = rng.choice([0.0, 0.2, 0.6, 1.0], shape[1])
    values = draw(st.integers(1, 9))
    return (rng.random(shape) < shares).astype(np.int64), rng.integers(-values, values + 1, shape) / 2


def by_thresholds(true: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """Σ (R_n - R_(n-1)) P_n, by counting at every threshold."""
    area, before = 0.0, 0.0
    for threshold in sorted(set(scores.tolist()), reverse=True):
        called = scores >= threshold
        hits = (called & (true == 1)).sum()
        recall, precision = hits / true.sum(), hits / called.sum()
        area, before = area + (recall - before) * precision, recall
    return area


@settings(deadline=None)
@given(answers())
def test_figures_are_scikit_learns_and_those_of_loops(drawn: Drawn) -> None:
    true, scores = drawn
    found, present = multilabel_scores(true, scores), np.flatnonzero(true.any(0))
    each = [average_precision_score(true[:, k], scores[:, k]) for k in present]
    assert found.average_precision[present] == pytest.approx(each)
    assert found.average_precision[present] == pytest.approx([by_thresholds(true[:, k], scores[:, k]) for k in present])
    assert np.isnan(np.delete(found.average_precision, present)).all()
    assert found.mean_average_precision == pytest.approx(np.mean(each) if each else np.nan, nan_ok=True)
    called = (scores >= 0).astype(int)
    for ours, theirs in ((found.precision, precision_score), (found.recall, recall_score), (found.f1, f1_score)):
        assert ours == pytest.approx(theirs(true, called, average=None, zero_division=0))
    assert found.macro_f1 == pytest.approx(f1_score(true, called, average="macro", zero_division=0))
    assert found.label_accuracy == pytest.approx((true == called).mean())


@settings(deadline=None)
@given(answers())
def test_scores_that_say_nothing_get_the_floor(drawn: Drawn) -> None:
    true, _ = drawn
    found = multilabel_scores(true, np.zeros(true.shape))
    assert found.mean_average_precision == pytest.approx(found.chance, nan_ok=True)
    always = np.where(true.mean(0) > 0.5, 1.0, -1.0) * np.ones(true.shape)
    assert multilabel_scores(true, always).label_accuracy == pytest.approx(found.constant_accuracy)


def test_only_the_order_of_scores_counts() -> None:
    rng = np.random.default_rng(0)
    true, scores = rng.random(50) < 0.3, rng.normal(size=50)
    assert average_precision(true, scores) == average_precision(true, np.exp(3 * scores))
    assert average_precision(true, true.astype(float)) == 1


def test_figures_by_label_are_plain_numbers() -> None:
    found = multilabel_scores(np.array([[1, 0], [0, 0]]), np.array([[1.0, -1.0], [-1.0, -1.0]]))
    nothing = {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    assert found.by_label(("cat", "eel")) == [
        {"label": "cat", "positives": 1, "average_precision": 1.0, "precision": 1.0, "recall": 1.0, "f1": 1.0},
        {"label": "eel", "positives": 0, "average_precision": None, **nothing},
    ]
