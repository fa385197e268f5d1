"""Figures of masks against loops over pixels, scikit-learn's, and what must hold for any masks."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, f1_score, jaccard_score
from torch import Tensor

from striate.metrics import label_confusion, majority_scores, pixel_confusion, region_scores

Masks = tuple[NDArray[np.int64], NDArray[np.int64], int]


@st.composite
def masks(draw: st.DrawFn) -> Masks:
    """True masks with ignored pixels and at least one that counts, predicted ones, and the number of classes."""
    classes = draw(st.integers(2, 6))
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 6)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    some = draw(st.integers(1, classes))  # so that classes are absent from truth, prediction or both
    true = np.where(rng.random(shape) < 0.2, 255, rng.integers(0, some, shape))
    true[0, 0, 0] = 0
    return true, rng.integers(0, draw(st.integers(1, classes)), shape), classes


def confusion(true: NDArray[np.int64], called: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    result: NDArray[np.int64] = label_confusion(torch.tensor(called), torch.tensor(true), classes).numpy()
    return result


@settings(deadline=None)
@given(masks())
def test_figures_are_scikit_learns_and_those_of_loops(drawn: Masks) -> None:
    true, called, classes = drawn
    counts = confusion(true, called, classes)
    t, c = true[true != 255], called[true != 255]
    assert np.array_equal(counts, confusion_matrix(t, c, labels=range(classes)))
    scores, occurring = region_scores(counts), [k for k in range(classes) if (t == k).any() or (c == k).any()]
    iou = {k: ((t == k) & (c == k)).sum() / ((t == k) | (c == k)).sum() for k in occurring}
    assert [k for k in range(classes) if not np.isnan(scores.iou[k])] == occurring
    assert scores.iou[occurring] == pytest.approx(jaccard_score(t, c, labels=occurring, average=None))
    assert scores.dice[occurring] == pytest.approx(f1_score(t, c, labels=occurring, average=None))
    assert scores.iou[occurring] == pytest.approx([iou[k] for k in occurring])
    assert scores.mean_iou == pytest.approx(np.mean([iou[k] for k in occurring]))
    assert scores.mean_dice == pytest.approx(np.mean([2 * i / (1 + i) for i in iou.values()]))
    assert scores.pixel_accuracy == pytest.approx((t == c).mean()) == pytest.approx(1 - scores.pixel_error)
    assert scores.frequency_weighted_iou == pytest.approx(sum((t == k).mean() * iou[k] for k in occurring))
    assert scores.share == pytest.approx([(t == k).mean() for k in range(classes)])


@settings(deadline=None)
@given(masks())
def test_the_counts_of_batches_add(drawn: Masks) -> None:
    true, called, classes = drawn
    each = [confusion(true[row : row + 1], called[row : row + 1], classes) for row in range(len(true))]
    assert np.array_equal(sum(each), confusion(true, called, classes))


@settings(deadline=None)
@given(masks())
def test_the_floor_is_that_of_a_constant_prediction(drawn: Masks) -> None:
    true, called, classes = drawn
    most, floor = majority_scores(confusion(true, called, classes))
    constant = region_scores(confusion(true, np.full_like(true, most), classes))
    assert floor.figures() == constant.figures()
    others = [region_scores(confusion(true, np.full_like(true, k), classes)).pixel_accuracy for k in range(classes)]
    assert floor.pixel_accuracy == max(others)


def outputs_that_say(called: Tensor, classes: int) -> Tensor:
    return torch.nn.functional.one_hot(called, classes).movedim(-1, 1).float()


def test_outputs_count_by_their_largest_map() -> None:
    true, called = torch.randint(0, 4, (2, 5, 6)), torch.randint(0, 4, (2, 5, 6))
    counts = pixel_confusion(outputs_that_say(called, 4), true)
    assert counts.dtype == torch.int64
    assert torch.equal(counts, label_confusion(called, true, 4))


def test_a_single_map_says_class_1_above_0() -> None:
    outputs, true = torch.tensor([[[[-1.0, 0.0, 0.1, 5.0]]]]), torch.tensor([[[0, 1, 1, 255]]])
    assert pixel_confusion(outputs, true).tolist() == [[1, 0], [1, 1]]


def test_volumes_and_another_ignored_label() -> None:
    true, called = torch.randint(0, 3, (2, 3, 4, 5)), torch.randint(0, 3, (2, 3, 4, 5))
    marked = true.where(true != 1, -1)
    counts = label_confusion(called, true, 3)
    counts[1] = 0
    assert torch.equal(label_confusion(called, marked, 3, ignored=-1), counts)


def test_masks_without_a_counted_pixel_have_no_figures() -> None:
    empty = label_confusion(torch.zeros(1, 2, 2).long(), torch.full((1, 2, 2), 255), 2)
    assert empty.tolist() == [[0, 0], [0, 0]]
    scores = region_scores(empty.numpy())
    assert np.isnan([*scores.figures().values(), *scores.iou, *scores.share]).all()


def test_a_label_beyond_the_classes_is_refused_and_the_last_is_not() -> None:
    assert label_confusion(torch.tensor([[0]]), torch.tensor([[1]]), 2).tolist() == [[0, 0], [1, 0]]
    with pytest.raises(AssertionError, match="beyond 2"):
        label_confusion(torch.tensor([[0]]), torch.tensor([[2]]), 2)


def test_classes_are_listed_by_name() -> None:
    rows = region_scores(np.array([[3, 1], [0, 4]])).by_class(("cell", "membrane"))
    assert rows == [("cell", 0.75, pytest.approx(6 / 7), 0.5), ("membrane", 0.8, pytest.approx(8 / 9), 0.5)]
