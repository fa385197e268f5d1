"""Rankings, joints and instances, counted step by step."""

import itertools
import math

import numpy as np
import pytest

from striate.metrics.instances import by_threshold, matches, mean_average_precision, rand_f
from striate.metrics.pose import pck, pck_of_each, pcp
from striate.metrics.retrieval import average_precision, precision_at


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_is_that_of_scikit_learn(seed: int) -> None:
    """With scores that tell all answers apart."""
    from sklearn.metrics import average_precision_score

    hits = np.random.default_rng(seed).random((6, 40)) < 0.3
    expected = [average_precision_score(row, np.arange(40, 0, -1)) for row in hits]
    np.testing.assert_allclose(average_precision(hits), expected, rtol=1e-12)
    assert precision_at(hits, 10).tolist() == [row[:10].sum() / 10 for row in hits]


def test_a_query_without_a_right_answer_has_no_average() -> None:
    assert np.isnan(average_precision(np.zeros((1, 3), bool))[0])
    assert precision_at(np.array([[True, True]]), 10).tolist() == [1.0]


@pytest.mark.parametrize("seed", range(5))
def test_joints_are_counted_one_by_one(seed: int) -> None:
    chance = np.random.default_rng(seed)
    truth = chance.uniform(0, 50, (7, 5, 2))
    truth[chance.random((7, 5)) < 0.2] = np.nan
    found, sizes = truth + chance.normal(0, 6, truth.shape), chance.uniform(10, 40, 7)
    found[np.isnan(found)] = 3.0
    sizes[0] = np.nan
    limbs = [(0, 1), (1, 2), (3, 4)]
    right = counted = whole = parts = 0
    each = [[0, 0] for _ in range(5)]
    for person in range(7):
        for joint in range(5):
            if np.isnan(truth[person, joint]).any() or not sizes[person] > 0:
                continue
            good = math.dist(found[person, joint], truth[person, joint]) <= 0.2 * sizes[person]
            right, counted = right + good, counted + 1
            each[joint] = [each[joint][0] + good, each[joint][1] + 1]
        for a, b in limbs:
            if np.isnan(truth[person, [a, b]]).any():
                continue
            length = math.dist(truth[person, a], truth[person, b])
            whole += all(math.dist(found[person, j], truth[person, j]) <= length / 2 for j in (a, b))
            parts += 1
    assert pck(found, truth, sizes, 0.2) == pytest.approx(right / counted)
    assert pck_of_each(found, truth, sizes, 0.2) == pytest.approx([good / count for good, count in each])
    assert pcp(found, truth, limbs) == pytest.approx(whole / parts)


def test_nobody_to_be_seen_is_no_figure() -> None:
    nobody = np.full((2, 3, 2), np.nan)
    assert np.isnan(pck(np.zeros((2, 3, 2)), nobody, np.ones(2), 0.2))
    assert np.isnan(pcp(np.zeros((2, 3, 2)), nobody, [(0, 1)]))


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Squares, and the same moved a little, some lost and some invented."""
    chance, size = np.random.default_rng(seed), (40, 50)
    truth, found = np.zeros(size, int), np.zeros(size, int)
    for number in range(1, 9):
        top, left = int(chance.integers(0, 30)), int(chance.integers(0, 40))
        truth[top : top + 8, left : left + 8] = number
        if chance.random() < 0.8:
            down, right = chance.integers(0, 4, 2)
            found[top + down : top + down + 8, left + right : left + right + 8] = number + 100
    return found, truth


@pytest.mark.parametrize("seed", range(10))
def test_instances_are_matched_where_they_overlap_enough(seed: int) -> None:
    found, truth = drawn(seed)
    made = matches(found, truth)
    for threshold in (0.5, 0.7, 0.9):
        pairs = 0
        for ours in set(found.ravel()) - {0}:
            for theirs in set(truth.ravel()) - {0}:
                both, either = (found == ours) & (truth == theirs), (found == ours) | (truth == theirs)
                pairs += both.sum() / either.sum() > threshold  # above a half no object is in two pairs
        right, invented, missed = made.at(threshold + 1e-9)
        assert right == pairs
        assert invented == len(set(found.ravel()) - {0}) - pairs
        assert missed == len(set(truth.ravel()) - {0}) - pairs


def test_nothing_among_nothing_is_right() -> None:
    nothing = np.zeros((4, 4), int)
    assert matches(nothing, nothing).average_precision(0.5) == 1
    assert matches(nothing, np.eye(4, dtype=int)).average_precision(0.5) == 0
    assert mean_average_precision([matches(nothing, nothing)], (0.5, 0.75)) == [1, 1]
    whole = np.ones((3, 3), int)
    assert matches(whole, whole).at(0.95) == (1, 0, 0), "an object may fill the image"


def test_a_threshold_parts_bright_from_dark_as_scikit_image_s_does() -> None:
    filters = pytest.importorskip("skimage.filters", reason="there is no scikit-image")
    chance = np.random.default_rng(0)
    for _ in range(5):
        image = chance.normal(60, 15, (1, 40, 50))
        image[0, 5:12, 5:15] += 90
        image[0, 20:30, 30:36] += 90
        pixels = image.clip(0, 255).astype(np.uint8)
        found = by_threshold(pixels)
        assert ((found > 0) == (pixels[0] > filters.threshold_otsu(pixels[0]))).all()
        assert matches(found, (found > 0) * 1).iou.shape[0] == found.max()
    assert by_threshold(np.full((1, 4, 4), 7, np.uint8)).max() <= 1


@pytest.mark.parametrize("seed", range(8))
def test_rand_f_is_scikit_image_s(seed: int) -> None:
    metrics = pytest.importorskip("skimage.metrics", reason="there is no scikit-image")
    chance = np.random.default_rng(seed)
    truth, found = chance.integers(0, 5, (2, 12, 14)).repeat(2, 1)
    found += 1  # it takes all pixels of 0 for one object, and the code of ISBI 2012 for alone
    error, *_ = metrics.adapted_rand_error(truth, found, ignore_labels=(0,))
    assert rand_f(found, truth) == pytest.approx(1 - error)


@pytest.mark.parametrize("seed", range(8))
def test_rand_f_is_counted_pair_by_pair(seed: int) -> None:
    chance = np.random.default_rng(seed)
    truth, found = chance.integers(0, 4, (2, 6, 7))
    pixels = [(f, t) for f, t in zip(found.ravel().tolist(), truth.ravel().tolist(), strict=True) if t]
    pairs = list(itertools.combinations(pixels, 2))
    ours = {row for row, ((f, _), (other, _)) in enumerate(pairs) if f == other > 0}
    theirs = {row for row, ((_, t), (_, other)) in enumerate(pairs) if t == other}
    assert rand_f(found, truth) == pytest.approx(2 * len(ours & theirs) / (len(ours) + len(theirs)))


def test_rand_f_of_nothing_is_unknown_and_of_the_same_is_one() -> None:
    truth = np.array([[1, 1, 2], [3, 3, 0]])
    assert rand_f(truth * 7, truth) == 1.0
    assert np.isnan(rand_f(truth, np.zeros((2, 3), int)))
