"""Masks of boxes: what they learn, and what is drawn, entry by entry."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from striate.errors import InputError
from striate.losses.masked import MASK, SURE, Masks, boxes_of, pasted
from striate.losses.proposing import BOX, CLASS, HOLDS, PROPOSED, TwoStage

CLASSES, SIDE, COUNT = 2, 4, 8
OURS = Masks(TwoStage(((6.0, 6.0), (9.0, 5.0)), CLASSES, (24, 32), proposals=COUNT))


def drawn(seed: int, images: int = 2) -> dict[str, Tensor]:
    """What a network gives that is training."""
    chance = torch.Generator().manual_seed(seed)
    made = {"rpn.object": torch.randn(images, 2, 6, 8, generator=chance)}
    made["rpn.box"] = 0.2 * torch.randn(images, 8, 6, 8, generator=chance)
    made[PROPOSED] = OURS.propose(made, draw=torch.randn_like)
    made[CLASS] = torch.randn(images * COUNT, CLASSES + 1, generator=chance)
    made[BOX] = torch.randn(images * COUNT, 4 * CLASSES, generator=chance)
    made[MASK] = torch.randn(images * COUNT, CLASSES, SIDE, SIDE, generator=chance)
    return made


def objects() -> Tensor:
    """Object 1 of class 1, and object 2 of class 0 with a place beside it where nothing is known; then none."""
    made = torch.zeros(2, 24, 32, dtype=torch.int32)
    made[0, 2:9, 3:10] = 1 + 0 * CLASSES + 1
    made[0, 10:18, 12:22] = 1 + 1 * CLASSES + 0
    made[0, 10:18, 18:20] = -1
    return made


def test_boxes_are_around_the_objects() -> None:
    numbers, places, kinds = boxes_of(objects(), CLASSES)
    assert places[0].tolist() == [[3, 2, 10, 9], [12, 10, 22, 18]]
    assert (numbers.tolist(), kinds.tolist()) == ([[2, 3], [-1, -1]], [[1, 0], [-1, -1]])


@pytest.mark.parametrize("seed", range(4))
def test_the_loss_of_masks_is_the_mean_over_known_cells_of_boxes_that_hold_an_object(seed: int) -> None:
    made, truth, wrong = drawn(seed), objects(), []
    made[PROPOSED][0, 1:] = torch.tensor([3.0, 2, 11, 9])
    made[PROPOSED][COUNT - 1, 1:] = torch.tensor([11.0, 10, 22, 19])
    for row, (image, left, top, right, bottom) in enumerate(made[PROPOSED].tolist()):
        for code, kind, (x0, y0, x1, y1) in ((2, 1, (3, 2, 10, 9)), (3, 0, (12, 10, 22, 18))):
            across, down = min(right, x1) - max(left, x0), min(bottom, y1) - max(top, y0)
            shared = max(0, across) * max(0, down)
            union = (right - left) * (bottom - top) + (x1 - x0) * (y1 - y0) - shared
            if image or shared / union < HOLDS:
                continue
            for y in range(SIDE):
                for x in range(SIDE):
                    place = int(top + (y + 0.5) / SIDE * (bottom - top)), int(left + (x + 0.5) / SIDE * (right - left))
                    if (seen := truth[0, place[0], place[1]].item()) >= 0:
                        logit = made[MASK][row, kind, y, x].item()
                        wrong.append(math.log1p(math.exp(-logit if seen == code else logit)))
    parts = OURS.loss(made, truth)
    assert len(wrong) > SIDE
    assert parts[MASK].item() == pytest.approx(np.mean(wrong), rel=1e-5)
    assert {"object", "proposal", "class", "box"} < parts.keys()


def test_without_objects_the_loss_is_a_number() -> None:
    parts = OURS.loss(drawn(0), torch.zeros(2, 24, 32, dtype=torch.int32))
    assert all(math.isfinite(part) for part in parts.values())
    assert parts[MASK] == 0


def test_masks_look_at_boxes_that_are_found_and_while_training_at_those_proposed() -> None:
    made = drawn(3)
    first = made.pop(PROPOSED)
    made.pop(MASK)
    assert OURS.propose(made, [first], draw=torch.randn_like) is first
    found = OURS.boxes.found({**made, PROPOSED: first}, SURE, COUNT)
    again = OURS.propose(made, [first])
    assert again.shape == (2 * COUNT, 5)
    assert any(len(one) for one in found)
    for image, one in enumerate(found):
        rows = again[image * COUNT :][:COUNT]
        assert (rows[:, 0] == image).all()
        assert torch.equal(rows[: len(one), 1:], one[:, :4])
        assert not rows[len(one) :, 1:].any()


def asked(made: dict[str, Tensor]) -> None:
    """What a network gives that is not training: both boxes."""
    heads = {name: values for name, values in made.items() if name not in (PROPOSED, MASK)}
    made[PROPOSED] = torch.cat([made[PROPOSED], OURS.propose(heads, [made[PROPOSED]])], 1)


def test_answers_may_be_joined() -> None:
    """As those of many images are, which go through some at a time."""
    made = drawn(5, images=4)
    asked(made)
    rows = {name: len(values) // 4 for name, values in made.items()}
    parts = [{name: values[2 * n * rows[name] :][: 2 * rows[name]] for name, values in made.items()} for n in (0, 1)]
    for part in parts:
        part[PROPOSED] = part[PROPOSED].clone()
        part[PROPOSED][:, ::5] -= part[PROPOSED][0, 0].clone()
    whole, each = OURS.found(made), [one for part in parts for one in OURS.found(part)]
    assert sum(len(boxes) for boxes, _ in whole) > 4
    for ours, theirs in zip(whole, each, strict=True):
        assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


def test_heads_in_another_order_are_refused() -> None:
    made = drawn(6)
    with pytest.raises(InputError, match="mask must stand after roi"):
        OURS.propose(made, [made[PROPOSED]])
    with pytest.raises(InputError, match="a roialign of its own"):
        OURS.found(made)
    with pytest.raises(InputError, match="the head mask must look at boxes"):
        OURS.loss(made | {MASK: made[MASK][:2]}, objects())


def test_what_is_found_has_the_mask_of_its_class() -> None:
    made = drawn(4)
    asked(made)
    for image, (boxes, chances) in enumerate(OURS.found(made)):
        for row, (kind, chance) in enumerate(zip(boxes[:, 5].int().tolist(), chances, strict=True)):
            torch.testing.assert_close(chance, made[MASK][image * COUNT + row, kind].sigmoid())


def test_masks_are_laid_into_their_boxes_the_surer_over_the_others() -> None:
    half = torch.zeros(1, 10, 10)
    half[0, :, 5:] = 1
    boxes = torch.tensor(
        [[2.0, 1, 12, 6, 0.9, 0], [0, 0, 20, 8, 0.8, 1], [2, 1, 12, 6, 0.7, 0], [-5, -5, -1, 3, 0.6, 0]]
    )
    numbers, kept = pasted(boxes, torch.cat([half, torch.ones(1, 10, 10), half, half]), (7, 10))
    expected = np.full((7, 10), 2)
    expected[1:6, 7:] = 1
    assert (numbers.tolist(), kept) == (expected.tolist(), [0, 1])
