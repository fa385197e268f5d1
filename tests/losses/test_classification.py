"""Each loss against its formula written out with loops, and its gradient against finite differences."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from striate.errors import InputError
from striate.losses import LOSSES, cross_entropy, hinge, loss_named, mse

Rows = list[list[float]]


def cross_entropy_by_hand(outputs: Rows, labels: list[int]) -> float:
    losses = []
    for row, label in zip(outputs, labels, strict=True):
        top = max(row)
        losses.append(top + math.log(sum(math.exp(score - top) for score in row)) - row[label])
    return sum(losses) / len(losses)


def mse_by_hand(outputs: Rows, labels: list[int]) -> float:
    squares = [
        (score - (k == label)) ** 2 for row, label in zip(outputs, labels, strict=True) for k, score in enumerate(row)
    ]
    return sum(squares) / len(squares)


def hinge_by_hand(outputs: Rows, labels: list[int]) -> float:
    losses = []
    for row, label in zip(outputs, labels, strict=True):
        losses.append(sum(max(0.0, 1 + score - row[label]) for k, score in enumerate(row) if k != label))
    return sum(losses) / len(losses)


def map_by_hand(outputs: Rows, labels: list[int]) -> float:
    """Equation 9 of LeCun et al. 1998, its y being minus our outputs."""
    total = 0.0
    for row, label in zip(outputs, labels, strict=True):
        distances = [-value for value in row]
        total += distances[label] + math.log(math.exp(-0.1) + sum(math.exp(-y) for y in distances))
    return total / len(labels)


BY_HAND = {"cross-entropy": cross_entropy_by_hand, "mse": mse_by_hand, "hinge": hinge_by_hand, "map": map_by_hand}


def test_every_loss_has_its_formula_here() -> None:
    assert set(BY_HAND) == set(LOSSES)


@pytest.mark.parametrize("name", list(LOSSES))
@settings(deadline=None)
@given(data=st.data())
def test_a_loss_is_its_formula(name: str, data: st.DataObject) -> None:
    rows, classes = data.draw(st.integers(1, 6)), data.draw(st.integers(2, 5))
    scores = st.floats(-50, 50, width=32)
    outputs = data.draw(st.lists(st.lists(scores, min_size=classes, max_size=classes), min_size=rows, max_size=rows))
    labels = data.draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))
    value = LOSSES[name](torch.tensor(outputs, dtype=torch.float64), torch.tensor(labels))
    assert float(value) == pytest.approx(BY_HAND[name](outputs, labels), abs=1e-9)


@pytest.mark.parametrize("name", list(LOSSES))
def test_a_gradient_is_that_of_finite_differences(name: str) -> None:
    generator = torch.Generator().manual_seed(3)
    outputs = torch.randn(7, 4, dtype=torch.float64, generator=generator).requires_grad_()
    labels = torch.randint(4, (7,), generator=generator)

    def loss(x: Tensor) -> Tensor:
        return LOSSES[name](x, labels)

    assert torch.autograd.gradcheck(loss, (outputs,))


def test_cross_entropy_does_not_overflow() -> None:
    assert float(cross_entropy(torch.tensor([[1000.0, 0.0]]), torch.tensor([1]))) == 1000.0


def test_no_loss_is_left_where_all_is_right() -> None:
    labels = torch.tensor([0, 1])
    assert float(mse(torch.eye(2), labels)) == 0.0
    assert float(hinge(torch.tensor([[5.0, 3.9], [0.0, 1.0]]), labels)) == 0.0


def test_a_function_is_taken_as_it_is() -> None:
    assert loss_named(hinge) is hinge
    assert loss_named("mse") is mse


def test_an_unknown_loss_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="no loss 'hinges'; did you mean 'hinge'"):
        loss_named("hinges")
