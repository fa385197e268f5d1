"""Where a training is within an epoch: what it has seen, and that it can be kept."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from striate.training.moment import Moment
from striate.training.objective import Step

STEPS = st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9), st.integers(0, 5), st.integers(1, 9)), min_size=1)


def after(steps: list[tuple[float, float, int, int]], epoch: int = 3) -> Moment:
    now = Moment()
    for number, (first, second, right, count) in enumerate(steps):
        now = now.plus(Step({"dice": first, "edge": second}, right, count), count, epoch, rate=0.5 ** (number + 1))
    return now


@given(STEPS)
def test_figures_are_means_over_the_examples(steps: list[tuple[float, float, int, int]]) -> None:
    now, examples = after(steps), sum(count for *_, count in steps)
    figures = now.figures("accuracy")
    dice, edge = (sum(step[part] * step[3] for step in steps) / examples for part in (0, 1))
    assert figures["train_dice"] == pytest.approx(dice, abs=1e-6)
    assert figures["train_edge"] == pytest.approx(edge, abs=1e-6)
    assert figures["train_loss"] == pytest.approx(dice + edge, abs=1e-6)
    assert figures["train_accuracy"] == pytest.approx(sum(step[2] for step in steps) / examples)
    assert (now.epoch, now.batches, now.done, now.first_rate) == (3, len(steps), examples, 0.5)


@given(STEPS)
def test_it_is_kept_as_json_and_goes_on_bit_for_bit(steps: list[tuple[float, float, int, int]]) -> None:
    middle = len(steps) // 2
    kept = Moment(**json.loads(json.dumps(after(steps[:middle]).to_json())))
    assert kept == after(steps[:middle])
    for number, (first, second, right, count) in enumerate(steps[middle:], middle):
        kept = kept.plus(Step({"dice": first, "edge": second}, right, count), count, 3, rate=0.5 ** (number + 1))
    assert kept == after(steps)


def test_a_loss_of_one_part_is_told_once() -> None:
    now = Moment().plus(Step({"cross-entropy": 0.25}, 1, 2), 2, epoch=1, rate=0.1)
    assert now.figures("accuracy") == {"train_loss": 0.25, "train_accuracy": 0.5}


def test_where_nothing_is_decided_nothing_is_right() -> None:
    now = Moment().plus(Step({"squares": 4.0}), 8, epoch=1, rate=0.1)
    assert now.figures("") == {"train_loss": 4.0}


def test_decisions_are_counted_beside_examples() -> None:
    """As where each pixel is one."""
    now = Moment().plus(Step({"loss": 1.0}, right=75, decided=100), 2, epoch=1, rate=0.1)
    assert (now.done, now.figures("pixel_accuracy")["train_pixel_accuracy"]) == (2, 0.75)


def test_tensors_of_a_device_become_numbers() -> None:
    now = Moment().plus(Step({"loss": torch.tensor(0.5)}, torch.tensor(3), 4), 4, epoch=1, rate=0.1)
    assert json.loads(json.dumps(now.to_json())) == {
        "epoch": 1,
        "batches": 1,
        "done": 4,
        "parts": {"loss": 2.0},
        "right": 3,
        "decided": 4,
        "first_rate": 0.1,
    }


def test_before_the_first_batch_there_is_nothing() -> None:
    assert (Moment().loss, Moment().batches, Moment().done) == (0, 0, 0)
    assert Step({"a": 1.0, "b": torch.tensor(0.5)}).loss == 1.5
