"""Boxes in two stages: what is proposed, what each stage learns, and what is found, against the equations."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from striate.boxes import box_iou
from striate.losses.proposing import (
    BOX,
    CLASS,
    FOREGROUND,
    HOLDS,
    LIKE,
    PROPOSALS,
    PROPOSED,
    SCALES,
    UNLIKE,
    TwoStage,
)

OBJECT, OFFSET = "rpn.object", "rpn.box"
TWO = TwoStage(((8.0, 8.0), (16.0, 10.0)), 3, (32, 48))
ROWS, COLUMNS, CLASSES = 4, 6, 3


def drawn(seed: int, images: int = 2) -> dict[str, Tensor]:
    """What a network gives, with the boxes that follow from it."""
    chance = torch.Generator().manual_seed(seed)
    made = {OBJECT: torch.randn(images, 2, ROWS, COLUMNS, generator=chance)}
    made[OFFSET] = 0.3 * torch.randn(images, 8, ROWS, COLUMNS, generator=chance)
    made[PROPOSED] = TWO.propose(made)
    made[CLASS] = torch.randn(images * PROPOSALS, CLASSES + 1, generator=chance)
    made[BOX] = torch.randn(images * PROPOSALS, 4 * CLASSES, generator=chance)
    return made


def objects(*images: list[tuple[int, float, float, float, float]], most: int = 4) -> tuple[Tensor, Tensor]:
    boxes, kinds = torch.zeros(len(images), most, 4), torch.full((len(images), most), -1)
    for image, rows in enumerate(images):
        for number, (kind, *box) in enumerate(rows):
            boxes[image, number], kinds[image, number] = torch.tensor(box), kind
    return boxes, kinds


def changed(box: list[float], by: list[float]) -> list[float]:
    """Ren et al. 2015, section 3.1.2."""
    width, height = box[2] - box[0], box[3] - box[1]
    x, y = (box[0] + box[2]) / 2 + by[0] * width, (box[1] + box[3]) / 2 + by[1] * height
    w, h = width * math.exp(by[2]), height * math.exp(by[3])
    return [x - w / 2, y - h / 2, x + w / 2, y + h / 2]


def anchors() -> list[list[float]]:
    found = []
    for width, height in TWO.anchors:
        for row in range(ROWS):
            for column in range(COLUMNS):
                x, y = (column + 0.5) * 8, (row + 0.5) * 8
                found.append([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
    return found


def offsets(made: Tensor, image: int) -> list[list[float]]:
    """Of each anchor its four numbers: those of an anchor are neighbouring channels."""
    return [
        made[image, 4 * anchor : 4 * anchor + 4, row, column].tolist()
        for anchor in range(2)
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]


def test_what_is_proposed_are_the_surest_changed_anchors_that_are_apart() -> None:
    made = drawn(0)
    for image in range(2):
        mine = made[PROPOSED][made[PROPOSED][:, 0] == image, 1:]
        assert len(mine) == PROPOSALS
        by = offsets(made[OFFSET], image)
        boxes = torch.tensor([changed(box, t) for box, t in zip(anchors(), by, strict=True)])
        boxes = boxes.clamp_min(0).minimum(torch.tensor([48.0, 32, 48, 32]))
        surest = int(made[OBJECT][image].flatten().argmax())
        np.testing.assert_allclose(mine[0], boxes[surest], rtol=1e-4, atol=1e-4)
        assert all((box_iou(box[None], boxes) > 0.999).any() for box in mine)
        distinct = mine.unique(dim=0)
        apart = box_iou(distinct, distinct) - torch.eye(len(distinct))
        assert float(apart.max()) <= 0.7 + 1e-4


def smooth(values: list[float]) -> float:
    """Girshick 2015, equation 3, that turns at 1/9 as in the published code."""
    return sum(4.5 * x * x if abs(x) < 1 / 9 else abs(x) - 0.5 / 9 for x in values)


def change(box: list[float], wanted: list[float]) -> list[float]:
    w, h, v, g = box[2] - box[0], box[3] - box[1], wanted[2] - wanted[0], wanted[3] - wanted[1]
    x, y = (wanted[0] + wanted[2] - box[0] - box[2]) / 2 / w, (wanted[1] + wanted[3] - box[1] - box[3]) / 2 / h
    return [x, y, math.log(v / w), math.log(g / h)]


def iou(a: list[float], b: list[float]) -> float:
    return float(box_iou(torch.tensor([a]).double(), torch.tensor([b]).double()))


@pytest.mark.parametrize("seed", range(3))
def test_the_parts_of_the_loss_are_those_of_the_papers(seed: int) -> None:
    made = drawn(seed, images=1)
    box = [10.0, 9.0, 21.0, 18.0]
    parts = TWO.loss(made, *objects([(2, *box)]))
    like = [iou(anchor, box) for anchor in anchors()]
    ones = [row for row, value in enumerate(like) if value >= LIKE or value == max(like)]
    none = [row for row, value in enumerate(like) if value < UNLIKE and row not in ones]
    odds, by = made[OBJECT].flatten().tolist(), offsets(made[OFFSET], 0)
    yes = sum(math.log1p(math.exp(-odds[row])) for row in ones) / len(ones)
    no = sum(math.log1p(math.exp(odds[row])) for row in none) / len(none)
    assert float(parts["object"]) == pytest.approx((yes + no) / 2, rel=1e-4)
    wanted = [change(anchors()[row], box) for row in ones]
    far = [smooth([a - b for a, b in zip(by[row], t, strict=True)]) for row, t in zip(ones, wanted, strict=True)]
    assert float(parts["proposal"]) == pytest.approx(sum(far) / len(ones), rel=1e-4)
    proposed = made[PROPOSED][:, 1:].tolist()
    held = [row for row, one in enumerate(proposed) if iou(one, box) >= HOLDS]
    each = -made[CLASS].log_softmax(1)
    back = [row for row in range(PROPOSALS) if row not in held]
    named = FOREGROUND * sum(float(each[row, 2]) for row in held) / max(1, len(held))
    named += (1 - FOREGROUND) * sum(float(each[row, CLASSES]) for row in back) / len(back)
    assert float(parts["class"]) == pytest.approx(named, rel=1e-4)
    moves = made[BOX].reshape(PROPOSALS, CLASSES, 4)[:, 2].tolist()
    apart = [
        smooth([a - b / s for a, b, s in zip(moves[row], change(proposed[row], box), SCALES, strict=True)])
        for row in held
    ]
    assert float(parts["box"]) == pytest.approx(sum(apart) / max(1, len(held)), rel=1e-3)


def test_levels_together_are_one_map_of_all_their_anchors() -> None:
    """Two levels with the same map, an anchor each, propose and cost what one map with both anchors does."""
    one, boxes, kinds = drawn(5), *objects([(0, 2, 3, 12, 11)], [(2, 20, 8, 40, 25)])
    both = TwoStage(TWO.anchors, CLASSES, TWO.size, ("fine", "coarse"))
    made = {name: one[name] for name in (PROPOSED, CLASS, BOX)}
    for number, level in enumerate(both.levels):
        made[f"{level}.object"] = one[OBJECT][:, [number]]
        made[f"{level}.box"] = one[OFFSET][:, 4 * number : 4 * number + 4]
    assert torch.equal(both.propose(made), one[PROPOSED])
    ours, theirs = both.loss(made, boxes, kinds), TWO.loss(one, boxes, kinds)
    assert all(torch.allclose(ours[name], theirs[name]) for name in theirs)


def test_an_image_without_objects_teaches_the_background() -> None:
    made = {name: values.requires_grad_() if name != PROPOSED else values for name, values in drawn(4).items()}
    parts = TWO.loss(made, *objects([], [(0, 5, 5, 5.2, 20)]))  # and a box that was cut to nothing
    assert float(parts["proposal"].detach()) == float(parts["box"].detach()) == 0
    total = torch.stack(list(parts.values())).sum()
    (slope,) = torch.autograd.grad(total, made[CLASS])
    assert torch.isfinite(slope).all()
    assert (slope[:, CLASSES] <= 0).all()


def test_what_is_found_is_the_proposal_changed_as_its_class_says() -> None:
    made = drawn(5, images=1)
    made[CLASS] = torch.full_like(made[CLASS], -9.0)
    made[CLASS][:, CLASSES] = 9.0
    made[CLASS][7, 1] = 30.0
    (found,) = TWO.found(made, least=0.5)
    assert len(found) == 1
    by = [value * scale for value, scale in zip(made[BOX][7, 4:8].tolist(), SCALES, strict=True)]
    expected = np.clip(changed(made[PROPOSED][7, 1:].tolist(), by), 0, [48, 32, 48, 32])
    np.testing.assert_allclose(found[0, :4], expected, rtol=1e-4, atol=1e-4)
    assert found[0, 5] == 1


def test_going_down_the_gradient_proposes_and_finds_the_objects() -> None:
    boxes, kinds = objects([(0, 2, 3, 11, 12), (1, 28, 4, 44, 15), (2, 14, 18, 24, 30)])
    chance = torch.Generator().manual_seed(0)
    given = {
        name: 0.01 * torch.randn(1, size, ROWS, COLUMNS, generator=chance) for name, size in ((OBJECT, 2), (OFFSET, 8))
    }
    places = {name: values.requires_grad_() for name, values in given.items()}
    steps = torch.optim.Adam(places.values(), 0.05)
    for _ in range(300):
        made = {**places, PROPOSED: TWO.propose(places)}
        made |= {CLASS: torch.zeros(PROPOSALS, CLASSES + 1), BOX: torch.zeros(PROPOSALS, 4 * CLASSES)}
        parts = TWO.loss(made, boxes, kinds)
        steps.zero_grad()
        (parts["object"] + parts["proposal"]).backward()
        steps.step()
    nearest = box_iou(boxes[0, :3], TWO.propose(places)[:, 1:]).amax(1)
    assert (nearest > 0.9).all(), "each object is proposed"
