"""A class and a box: what is looked at again, and where what a network gives then lies."""

from pathlib import Path

import pytest
import torch

import striate as st
from striate.boxes import box_iou
from striate.tasks.localize import AGAIN, AROUND, BOX, CLASS, LEAST, LOOKED, Localize
from tests import boxed

TASK = Localize(size=(40, 80), classes=("cell",))


def given(*edges: tuple[float, float, float, float]) -> torch.Tensor:
    """What a network gives for boxes: middles and sides, in shares of the canvas, less a half."""
    rows = [((a + c) / 160 - 0.5, (b + d) / 80 - 0.5, (c - a) / 80 - 0.5, (d - b) / 40 - 0.5) for a, b, c, d in edges]
    return torch.tensor(rows)


def test_twice_the_box_is_looked_at_again_and_nothing_more_to_say_leaves_the_box() -> None:
    first = given((10, 5, 30, 35), (60, 20, 80, 40))
    looked = TASK.propose({BOX: first})
    assert looked[:, 0].tolist() == [0, 1]
    assert looked[0, 1:].tolist() == pytest.approx([0, -10, 40, 50], abs=1e-4)
    same = TASK.found({CLASS: torch.zeros(2, 1), BOX: first, AGAIN: torch.zeros(2, 4), LOOKED: looked})
    assert same.numpy() == pytest.approx(TASK.edges(first).numpy(), abs=1e-4)


def test_what_is_given_again_moves_the_box_in_shares_of_what_is_looked_at() -> None:
    first = given((10, 5, 30, 35))
    looked = TASK.propose({BOX: first})
    again = torch.tensor([[0.1, -0.1, 0.25, 0.0]])
    found = TASK.found({CLASS: torch.zeros(1, 1), BOX: first, AGAIN: again, LOOKED: looked})
    assert found[0].tolist() == pytest.approx([24 - 15, 14 - 15, 24 + 15, 14 + 15], abs=1e-4)


def test_a_box_of_no_size_or_beyond_the_canvas_is_looked_at_all_the_same() -> None:
    for first in (given((10, 5, 10, 5)), given((300, 300, 310, 340)), torch.full((1, 4), float("nan"))):
        ((_, left, top, right, bottom),) = TASK.propose({BOX: first}).tolist()
        assert right - left >= AROUND * LEAST * 80 - 1e-3
        assert bottom - top >= AROUND * LEAST * 40 - 1e-3
        assert -80 <= left < right <= 160


def test_while_training_what_is_looked_at_is_moved_about_the_box() -> None:
    torch.manual_seed(0)
    first = given(*[(20, 10, 40, 30)] * 200)
    looked = TASK.propose({BOX: first}, draw=torch.randn_like)[:, 1:]
    still = TASK.propose({BOX: first})[:, 1:]
    overlap = box_iou(looked, still[:1])[:, 0]
    assert len(looked.unique(dim=0)) == 200
    assert 0.4 < overlap.mean() < 0.95


def test_who_does_not_look_at_boxes_is_refused(tmp_path: Path) -> None:
    data = boxed.voc(tmp_path / "data", {"train": 6, "test": 2}, most=1)
    net = "input 3x40x48 -> maxpool 8 -> heads[ class: fc 2 | box: fc 4 | again: fc 4 ]"
    with pytest.raises(st.InputError, match="again must look at boxes"):
        st.train(net, data, task="localize", out=tmp_path / "run", quiet=True)


def test_the_box_must_be_given_before() -> None:
    with pytest.raises(st.InputError, match="the head box must give before"):
        TASK.propose({CLASS: torch.zeros(1, 1)})
