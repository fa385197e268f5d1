"""Overlaps of boxes, and which are left of many, against what they are defined as."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch import Tensor

from striate import boxes
from striate.boxes import box_iou, suppressed


def by_definition(given: Tensor, scores: Tensor, threshold: float, classes: Tensor | None) -> list[int]:
    """From the surest on, each that no one before it, of its class, overlaps more."""
    iou, kept = box_iou(given.double(), given.double()), list[int]()
    for row in scores.argsort(descending=True, stable=True).tolist():
        near = (iou[row, one] > threshold and (classes is None or classes[row] == classes[one]) for one in kept)
        if not any(near):
            kept.append(row)
    return kept


def drawn(count: int, seed: int, largest: int = 9, side: int = 12) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes of whole numbers, of which many touch and many overlap by the same share; many scores are equal."""
    chance = torch.Generator().manual_seed(seed)
    corners = torch.randint(0, side, (count, 2), generator=chance).float()
    sizes = torch.randint(0, largest, (count, 2), generator=chance).float()
    scores = torch.randint(0, 6, (count,), generator=chance).float()
    return torch.cat([corners, corners + sizes], 1), scores, torch.randint(0, 2, (count,), generator=chance)


@settings(deadline=None, max_examples=200)
@given(some.integers(0, 50), some.integers(0, 2**31), some.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]), some.booleans())
def test_those_are_left_that_the_definition_leaves(count: int, seed: int, threshold: float, apart: bool) -> None:
    given, scores, classes = drawn(count, seed)
    kinds = classes if apart else None
    assert suppressed(given, scores, threshold, kinds).tolist() == by_definition(given, scores, threshold, kinds)


@pytest.mark.parametrize("seed", range(4))
def test_so_it_is_in_blocks(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "TOGETHER", 40)
    monkeypatch.setattr(boxes, "AT_ONCE", 15)
    monkeypatch.setattr(boxes, "BLOCK", 7)
    given, scores, classes = drawn(60, seed)
    assert suppressed(given, scores, 0.4, classes).tolist() == by_definition(given, scores, 0.4, classes)


def test_small_boxes_beside_large_ones() -> None:
    small, scores, classes = drawn(40, 5, largest=4, side=400)
    large, more, others = drawn(40, 6, largest=300, side=200)
    given, scores, kinds = torch.cat([small, large]), torch.cat([scores, more]), torch.cat([classes, others])
    assert suppressed(given, scores, 0.5, kinds).tolist() == by_definition(given, scores, 0.5, kinds)


def test_overlaps_are_those_of_pixels() -> None:
    """Of boxes on whole numbers, counted."""
    given, *_ = drawn(30, 1)
    grid = np.zeros((30, 21, 21), bool)
    for row, (left, top, right, bottom) in enumerate(given.int().tolist()):
        grid[row, top:bottom, left:right] = True
    shared = (grid[:, None] & grid[None]).sum((2, 3))
    union = (grid[:, None] | grid[None]).sum((2, 3))
    expected = np.divide(shared, union, out=np.zeros(shared.shape), where=union > 0)
    np.testing.assert_allclose(box_iou(given, given).numpy(), expected, rtol=1e-6)
