"""A user's own loss is blamed for what it does, and for nothing else."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from striate.errors import InputError
from striate.losses.own import LossError, watched

LABELS = torch.tensor([0, 1, 2])


def outputs(scale: float = 1.0) -> Tensor:
    return (torch.arange(9.0).reshape(3, 3) * scale).requires_grad_()


def test_a_good_loss_is_as_it_was_with_its_gradient() -> None:
    ours, theirs = outputs(), outputs()
    value, wanted = watched(F.cross_entropy)(ours, LABELS), F.cross_entropy(theirs, LABELS)
    value.backward()
    wanted.backward()
    assert torch.equal(value, wanted)
    assert ours.grad is not None
    assert theirs.grad is not None
    assert torch.equal(ours.grad, theirs.grad)
    assert torch.equal(watched(F.cross_entropy)(outputs().detach(), LABELS), wanted.detach()), "in evaluation too"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_value_that_is_no_number_is_the_loss_s_fault(value: float) -> None:
    with pytest.raises(LossError, match=f"your loss is {value} for finite outputs, from 0 to 8"):
        watched(lambda x, y: x.mean() * 0 + value)(outputs(), LABELS)


def test_a_gradient_that_is_no_number_is_the_loss_s_fault_although_its_value_is_one() -> None:
    value = watched(lambda x, y: 1 + ((x - x.detach()) ** 2).sum().sqrt())(outputs(), LABELS)
    assert float(value.detach()) == 1
    with pytest.raises(LossError, match="your loss is 1 but its gradient is not finite"):
        value.backward()


@pytest.mark.parametrize("scale", [1e10, float("inf"), float("nan")])
def test_outputs_beyond_measure_are_not_its_fault(scale: float) -> None:
    value = watched(lambda x, y: (x**8).mean())(outputs(scale), LABELS)
    assert not torch.isfinite(value)
    value.backward()


@pytest.mark.parametrize(
    ("returns", "received"),
    [(torch.zeros(3), r"a tensor of shape \(3,\)"), (0.5, "float"), (None, "NoneType")],
)
def test_what_is_no_single_number_is_refused(returns: object, received: str) -> None:
    with pytest.raises(InputError, match=f"returns a tensor of one number, such as a mean. Received: {received}"):
        watched(lambda x, y: returns)(outputs(), LABELS)  # type: ignore[arg-type, return-value]
