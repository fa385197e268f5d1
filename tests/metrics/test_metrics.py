"""Metrics against cases worked by hand, and against what must hold for any probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from striate import metrics

# Six images, three classes. Predicted: 0, 0, 1, 1, 1, 0; class 2 is never predicted.
LABELS = np.array([0, 0, 1, 1, 2, 2])
PROBABILITIES = np.array(
    [
        [0.8, 0.1, 0.1],
        [0.5, 0.3, 0.2],
        [0.2, 0.7, 0.1],
        [0.3, 0.4, 0.3],
        [0.1, 0.6, 0.3],
        [0.9, 0.0, 0.1],
    ]
)
Case = tuple[NDArray[np.int64], NDArray[np.float32]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Random labels and softmax outputs, float32 as a network gives them."""
    num_images, num_classes = draw(st.integers(1, 60)), draw(st.integers(2, 12))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    logits = draw(st.floats(0, 30)) * generator.standard_normal((num_images, num_classes))
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True)).astype(np.float32)
    labels = generator.integers(0, num_classes, num_images)
    return labels, exponentials / exponentials.sum(axis=1, keepdims=True)


def test_accuracy_of_the_hand_worked_case() -> None:
    assert metrics.accuracy(LABELS, PROBABILITIES) == pytest.approx(4 / 6)


def test_confusion_matrix_has_true_classes_in_rows() -> None:
    expected = [[2, 0, 0], [0, 2, 0], [1, 1, 0]]
    assert metrics.confusion_matrix(LABELS, PROBABILITIES).tolist() == expected


def test_confusion_matrix_keeps_classes_that_never_occur() -> None:
    matrix = metrics.confusion_matrix(np.array([0, 0]), PROBABILITIES[:2])
    assert matrix.tolist() == [[2, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_class_scores_of_the_hand_worked_case() -> None:
    scores = metrics.class_scores(LABELS, PROBABILITIES)
    assert scores.precision == pytest.approx([2 / 3, 2 / 3, 0])
    assert scores.recall == pytest.approx([1, 1, 0])
    assert scores.f1 == pytest.approx([0.8, 0.8, 0])
    assert scores.support.tolist() == [2, 2, 2]


def test_calibration_of_the_hand_worked_case() -> None:
    # Confidences 0.8 and 0.9 are edges of fifteenths no sooner than 12/15 = 0.8: bin 11 is (11/15, 12/15].
    result = metrics.calibration(LABELS, PROBABILITIES)
    assert np.flatnonzero(result.count).tolist() == [5, 7, 8, 10, 11, 13]
    assert result.count.sum() == 6
    gaps = [
        0.6,
        0.5,
        0.6,
        0.3,
        0.2,
        0.9,
    ]  # |right - confidence| of 0.4, 0.5, 0.6 (wrong), 0.7, 0.8, 0.9 (wrong)
    assert result.expected_error == pytest.approx(sum(gaps) / 6)


def test_calibration_weighs_a_bin_by_its_images() -> None:
    # Four images at 0.95, three of them right: |0.75 - 0.95|; one image at 0.55, right: |1 - 0.55|.
    probabilities = np.array([[0.95, 0.05]] * 4 + [[0.45, 0.55]])
    result = metrics.calibration(np.array([0, 0, 0, 1, 1]), probabilities)
    assert result.confidence[[8, 14]] == pytest.approx([0.55, 0.95])
    assert result.accuracy[[8, 14]] == pytest.approx([1, 0.75])
    assert result.expected_error == pytest.approx((4 * 0.20 + 1 * 0.45) / 5)


def test_calibration_bins_are_closed_above() -> None:
    thirds = np.full((1, 3), 1 / 3)  # 5/15 is the upper edge of bin 4
    assert np.flatnonzero(metrics.calibration(np.array([0]), thirds).count).tolist() == [4]
    sure = np.array([[1.0, 0.0]])
    result = metrics.calibration(np.array([0]), sure)
    assert np.flatnonzero(result.count).tolist() == [14]
    assert result.expected_error == 0


def test_most_wrong_starts_with_the_surest_mistake() -> None:
    assert metrics.most_wrong(LABELS, PROBABILITIES, count=5).tolist() == [5, 4]
    assert metrics.most_wrong(LABELS, PROBABILITIES, count=1).tolist() == [5]
    assert metrics.most_wrong(LABELS[:4], PROBABILITIES[:4], count=5).tolist() == []


def test_most_wrong_keeps_the_order_of_equally_wrong_images() -> None:
    probabilities = np.array([[0.7, 0.3], [0.9, 0.1], [0.7, 0.3]])
    assert metrics.most_wrong(np.array([1, 1, 1]), probabilities, count=3).tolist() == [1, 0, 2]


@given(cases())
def test_metrics_agree_with_each_other(case: Case) -> None:
    labels, probabilities = case
    num_images, num_classes = probabilities.shape
    accuracy = metrics.accuracy(labels, probabilities)
    matrix = metrics.confusion_matrix(labels, probabilities)
    scores = metrics.class_scores(labels, probabilities)
    wrong = metrics.most_wrong(labels, probabilities, count=num_images)
    assert matrix.shape == (num_classes, num_classes)
    assert matrix.sum() == num_images
    assert matrix.trace() / num_images == pytest.approx(accuracy)
    assert scores.support.tolist() == np.bincount(labels, minlength=num_classes).tolist()
    assert scores.recall @ scores.support / num_images == pytest.approx(accuracy)
    assert len(wrong) == num_images - matrix.trace()
    assert (np.diff(probabilities[wrong].max(axis=1)) <= 0).all()
    assert (probabilities[wrong].argmax(axis=1) != labels[wrong]).all()


@given(cases())
def test_classes_are_scored_as_scikit_learn_scores_them(case: Case) -> None:
    labels, probabilities = case
    classes, called = np.arange(probabilities.shape[1]), probabilities.argmax(axis=1)
    ours = metrics.class_scores(labels, probabilities)
    theirs = precision_recall_fscore_support(labels, called, labels=classes, zero_division=0)
    for found, expected in zip((ours.precision, ours.recall, ours.f1, ours.support), theirs, strict=True):
        assert found == pytest.approx(expected)
    matrix = confusion_matrix(labels, called, labels=classes)
    assert (metrics.confusion_matrix(labels, probabilities) == matrix).all()


@given(cases())
def test_calibration_error_bounds_the_gap_between_accuracy_and_confidence(case: Case) -> None:
    labels, probabilities = case
    result = metrics.calibration(labels, probabilities)
    gap = metrics.accuracy(labels, probabilities) - probabilities.max(axis=1).mean()
    assert abs(gap) - 1e-6 <= result.expected_error <= 1
    assert result.count.sum() == len(labels)
    filled = result.count > 0
    assert np.isnan(result.accuracy[~filled]).all()
    edges = np.arange(len(result.count) + 1) / len(result.count)
    assert (result.confidence[filled] > edges[:-1][filled] - 1e-9).all()
    assert (result.confidence[filled] <= edges[1:][filled] + 1e-9).all()


@pytest.mark.parametrize(
    ("labels", "probabilities"),
    [
        (np.array([0.0]), np.array([[1.0, 0.0]])),  # labels that are not whole numbers
        (np.array([0, 1]), np.array([[1.0, 0.0]])),  # two labels, one image
        (np.array([[0]]), np.array([[1.0, 0.0]])),  # labels of two axes
        (np.array([0]), np.array([1.0])),  # probabilities of one axis
        (np.array([], dtype=int), np.zeros((0, 2))),  # no image
        (np.array([2]), np.array([[1.0, 0.0]])),  # a class that does not exist
        (np.array([-1]), np.array([[1.0, 0.0]])),
        (np.array([0]), np.array([[np.nan, 1.0]])),
        (np.array([0]), np.array([[1.5, -0.5]])),
        (np.array([0]), np.array([[4.0, 2.0]])),  # logits
    ],
)
def test_arrays_that_do_not_belong_together_are_our_bug(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> None:
    with pytest.raises(AssertionError):
        metrics.accuracy(labels, probabilities)
