"""Losses per pixel against their formulas in NumPy's float64, their gradients, and what ignored pixels must not do."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from striate.losses import dice_loss, median_frequency, pixel_cross_entropy, pixel_losses

Case = tuple[Tensor, Tensor, Tensor]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Outputs (N, K, H, W) in float64, targets with ignored pixels, and weights."""
    images, maps = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    size = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    outputs = rng.normal(0, draw(st.floats(0.1, 10)), (images, maps, *size))
    classes = max(maps, 2)
    targets = np.where(rng.random((images, *size)) < 0.3, 255, rng.integers(0, classes, (images, *size)))
    return torch.tensor(outputs), torch.tensor(targets), torch.tensor(rng.uniform(0.1, 3, classes))


def probabilities(outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """(pixels, K), of the sigmoid for one map and the softmax for more."""
    flat = np.moveaxis(outputs, 1, -1).reshape(-1, outputs.shape[1])
    if flat.shape[1] == 1:
        return np.concatenate([1 / (1 + np.exp(flat)), 1 / (1 + np.exp(-flat))], 1)
    exponentials = np.exp(flat - flat.max(1, keepdims=True))
    result: NDArray[np.float64] = exponentials / exponentials.sum(1, keepdims=True)
    return result


def by_hand(outputs: Tensor, targets: Tensor, weights: Tensor) -> tuple[float, float]:
    """Weighted cross-entropy and Dice loss, pixel by pixel."""
    shares, labels = probabilities(outputs.numpy()), targets.numpy().ravel()
    rows = [(p, k) for p, k in zip(shares, labels, strict=True) if k != 255]
    if not rows:
        return 0.0, 0.0
    total = sum(-float(weights[k]) * np.log(p[k]) for p, k in rows)
    losses = []
    for k in {k for _, k in rows}:
        overlap = sum(p[k] for p, label in rows if label == k)
        sizes = sum(p[k] ** 2 + (label == k) for p, label in rows)
        losses.append(1 - 2 * overlap / sizes)
    return float(total / sum(float(weights[k]) for _, k in rows)), float(np.mean(losses))


@settings(deadline=None)
@given(cases())
def test_both_losses_are_their_formulas(case: Case) -> None:
    outputs, targets, weights = case
    entropy, dice = by_hand(outputs, targets, weights)
    parts = pixel_losses(outputs, targets, weights=weights)
    assert list(parts) == ["cross_entropy", "dice"]
    assert float(parts["cross_entropy"]) == pytest.approx(entropy, rel=1e-9, abs=1e-12)
    assert float(parts["dice"]) == pytest.approx(dice, rel=1e-9, abs=1e-12)
    plain, _ = by_hand(outputs, targets, torch.ones_like(weights))
    assert float(pixel_cross_entropy(outputs, targets)) == pytest.approx(plain, rel=1e-9, abs=1e-12)


@settings(deadline=None, max_examples=25)
@given(cases())
def test_gradients_agree_with_finite_differences(case: Case) -> None:
    outputs, targets, weights = case

    def total(x: Tensor) -> Tensor:
        return sum(pixel_losses(x, targets, weights=weights).values(), torch.zeros((), dtype=x.dtype))

    assert torch.autograd.gradcheck(total, (outputs.requires_grad_(),))


@settings(deadline=None)
@given(cases(), st.floats(-50, 50))
def test_what_the_network_says_of_ignored_pixels_changes_nothing(case: Case, other: float) -> None:
    outputs, targets, weights = case
    changed = torch.where((targets == 255)[:, None], other * torch.randn_like(outputs), outputs).requires_grad_()
    parts, again = pixel_losses(outputs, targets, weights=weights), pixel_losses(changed, targets, weights=weights)
    assert all(float(parts[name]) == pytest.approx(again[name].item(), abs=1e-12) for name in parts)
    sum(again.values(), torch.zeros(())).backward()  # type: ignore[no-untyped-call]
    assert changed.grad is not None
    assert not changed.grad.movedim(1, -1)[targets == 255].any()


@pytest.mark.parametrize("maps", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_a_batch_of_ignored_pixels_gives_no_loss_and_no_gradient(maps: int, dtype: torch.dtype) -> None:
    outputs = torch.randn(2, maps, 3, 3, dtype=dtype, requires_grad=True)
    parts = pixel_losses(outputs, torch.full((2, 3, 3), 255))
    sum(parts.values(), torch.zeros(())).backward()  # type: ignore[no-untyped-call]
    assert [part.item() for part in parts.values()] == [0, 0]
    assert outputs.grad is not None
    assert not outputs.grad.any()


def test_another_label_may_be_the_ignored_one() -> None:
    outputs, targets = torch.randn(1, 3, 2, 2), torch.tensor([[[0, 1], [2, -1]]])
    first = pixel_losses(outputs, targets, ignored=-1)
    second = pixel_losses(outputs, targets.where(targets >= 0, 255))
    assert {k: float(v) for k, v in first.items()} == {k: float(v) for k, v in second.items()}


def test_a_label_beyond_the_classes_is_an_error_and_the_last_class_is_none() -> None:
    outputs = torch.zeros(1, 3, 1, 1)
    assert float(pixel_cross_entropy(outputs, torch.tensor([[[2]]]))) == pytest.approx(np.log(3))
    with pytest.raises(IndexError, match="Target 3 is out of bounds"):
        pixel_cross_entropy(outputs, torch.tensor([[[3]]]))


def test_outputs_of_16_bits_are_summed_in_32() -> None:
    outputs = torch.zeros(1, 2, 512, 512, dtype=torch.float16)
    assert float(pixel_cross_entropy(outputs, torch.zeros(1, 512, 512, dtype=torch.int64))) == pytest.approx(np.log(2))


def test_perfect_and_opposite_outputs_bound_the_dice_loss() -> None:
    targets = torch.tensor([[[0, 1], [1, 1]]])
    right = 100 * (2 * torch.stack([targets == 0, targets == 1], 1).double() - 1)
    assert float(dice_loss(right, targets)) == pytest.approx(0)
    assert float(dice_loss(-right, targets)) == pytest.approx(1)


def test_volumes_have_the_same_losses_as_their_pixels_in_a_row() -> None:
    outputs, targets = torch.randn(2, 3, 2, 3, 4), torch.randint(0, 3, (2, 2, 3, 4))
    volume, row = pixel_losses(outputs, targets), pixel_losses(outputs.flatten(2), targets.flatten(1))
    assert {k: float(v) for k, v in volume.items()} == pytest.approx({k: float(v) for k, v in row.items()})


def test_weights_by_median_frequency() -> None:
    counts = np.array([[60, 40, 0, 0], [80, 0, 20, 0]])  # frequencies 140/200, 40/100, 20/100
    assert median_frequency(counts).tolist() == pytest.approx([0.4 / 0.7, 1, 2, 1])
    assert median_frequency(np.zeros((2, 3), int)).tolist() == [1, 1, 1]
    assert median_frequency(np.array([[5, 5]])).tolist() == [1, 1]
