"""What is remembered of disputed targets: the last epochs, as bits, through a file and back."""

import numpy as np
import pytest
import torch

from striate.training.disputes import LATEST, Disputes
from striate.training.history import History
from striate.training.moment import Moment
from striate.training.state import State


def of(*epochs: list[int]) -> Disputes:
    made = Disputes()
    for one in epochs:
        made = made.plus(np.array(one, bool))
    return made


def test_the_second_half_of_the_epochs_counts() -> None:
    times, epochs = of([1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 1, 1]).later(4)
    assert (times.tolist(), epochs) == ([0, 2, 1], 2)
    times, epochs = of([1, 0], [1, 0], [1, 1]).later(3)
    assert (times.tolist(), epochs) == ([2, 1], 2)


def test_only_the_last_epochs_are_remembered() -> None:
    disputes = of(*([[1, 0]] * (LATEST + 10)))
    assert disputes.epochs.shape == (LATEST, 2)
    assert disputes.later(10 * LATEST)[1] == LATEST


def test_other_examples_begin_anew() -> None:
    assert of([1, 0], [1, 0, 1]).epochs.tolist() == [[True, False, True]]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 1000])
def test_they_come_back_from_a_file(count: int) -> None:
    chance = np.random.default_rng(count)
    disputes = of(*(chance.integers(0, 2, (5, count)).tolist()))
    state = State({"w": torch.zeros(1)}, {"steps": torch.tensor(3)}, "", {}, History(), Moment(), disputes)
    found = State.from_bytes(state.to_bytes(), "a file").disputes.epochs
    assert np.array_equal(found, disputes.epochs if count else Disputes().epochs)


@pytest.mark.parametrize("text", ["", "[]", "[1, 2]", '[2, 9, "!!"]', '[2, 9, "eJwDAAAAAAE="]', "{}", '["a", 1, ""]'])
def test_what_is_no_such_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - also of json and of base64, which a file's reader catches alike
        Disputes.from_text(text)
