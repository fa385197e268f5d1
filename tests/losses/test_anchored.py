"""Boxes as changes of anchors: what a map says, which anchors learn which object, and the loss, step by step."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from striate.boxes import complete_iou
from striate.losses.anchored import (
    BOX,
    EMPTY,
    NEAR,
    PRIOR,
    AnchorGrid,
    clustered,
    shape_iou,
)

GRID = AnchorGrid(((6.0, 8.0), (20.0, 12.0)), 3, (32, 48))
ROWS, COLUMNS = 4, 6
CHANNELS = 8


def a_map(seed: int = 0, images: int = 2) -> Tensor:
    return torch.randn(images, GRID.channels, ROWS, COLUMNS, generator=torch.Generator().manual_seed(seed))


def objects(*rows: tuple[int, float, float, float, float], most: int = 5) -> tuple[Tensor, Tensor]:
    """One image's: class and edges each, and rows without any."""
    boxes, kinds = torch.zeros(1, most, 4), torch.full((1, most), -1)
    for number, (kind, *box) in enumerate(rows):
        boxes[0, number], kinds[0, number] = torch.tensor(box), kind
    return boxes, kinds


def by_hand(made: Tensor, image: int, anchor: int, row: int, column: int) -> tuple[list[float], float, list[float]]:
    """The four equations of Redmon & Farhadi 2017, figure 3."""
    t = made[image, anchor * CHANNELS : (anchor + 1) * CHANNELS, row, column].double().tolist()
    width, height = GRID.anchors[anchor]
    x, y = (column + 1 / (1 + math.exp(-t[0]))) * 48 / COLUMNS, (row + 1 / (1 + math.exp(-t[1]))) * 32 / ROWS
    w, h = width * math.exp(t[2]), height * math.exp(t[3])
    return [x - w / 2, y - h / 2, x + w / 2, y + h / 2], t[4] + PRIOR, t[5:]


def test_a_map_says_what_the_equations_say() -> None:
    made = a_map()
    boxes, full, kinds = GRID.read(made)
    for image, anchor, row, column in ((0, 0, 0, 0), (1, 1, 3, 5), (0, 1, 2, 1), (1, 0, 1, 4)):
        at = (anchor * ROWS + row) * COLUMNS + column
        box, odds, classes = by_hand(made, image, anchor, row, column)
        np.testing.assert_allclose(boxes[image, at], box, rtol=1e-5)
        assert float(full[image, at]) == pytest.approx(odds, rel=1e-6)
        np.testing.assert_allclose(kinds[image, at], classes, rtol=1e-6)


def iou(a: list[float], b: list[float]) -> float:
    wide = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    high = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return wide * high / (both - wide * high)


def complete(a: list[float], b: list[float]) -> float:
    """Zheng et al. 2020, equations 9 to 11."""
    around = (max(a[2], b[2]) - min(a[0], b[0])) ** 2 + (max(a[3], b[3]) - min(a[1], b[1])) ** 2
    apart = ((a[0] + a[2] - b[0] - b[2]) / 2) ** 2 + ((a[1] + a[3] - b[1] - b[3]) / 2) ** 2
    turn = math.atan((b[2] - b[0]) / (b[3] - b[1])) - math.atan((a[2] - a[0]) / (a[3] - a[1]))
    v = 4 / math.pi**2 * turn**2
    return iou(a, b) - apart / around - v * v / (1 - iou(a, b) + v)


def test_the_loss_is_the_sum_that_it_is_said_to_be() -> None:
    """One object of class 2, of the first anchor's shape, in the third column and second row."""
    box = [17.0, 8.0, 23.0, 16.0]
    boxes, kinds = objects((2, *box))
    made = a_map(3, images=1)
    parts = GRID.loss({"output": made}, boxes, kinds)
    place, odds, classes = by_hand(made, 0, 0, 1, 2)
    assert float(parts["box"]) == pytest.approx(BOX * (1 - complete(place, box)), rel=1e-4)
    total = sum(math.exp(value) for value in classes)
    assert float(parts["class"]) == pytest.approx(-math.log(math.exp(classes[2]) / total), rel=1e-5)
    empty = 0.0
    for anchor in range(2):
        for row in range(ROWS):
            for column in range(COLUMNS):
                other, o, _ = by_hand(made, 0, anchor, row, column)
                if (anchor, row, column) != (0, 1, 2) and iou(other, box) < NEAR:
                    empty += math.log1p(math.exp(o))
    assert float(parts["object"]) == pytest.approx(math.log1p(math.exp(-odds)) + EMPTY * empty, rel=1e-4)


@pytest.mark.parametrize(
    ("box", "learning"),
    [
        ((10, 10, 16, 18), {(0, 1, 1)}),  # of the first anchor's shape, with its middle at (13, 14)
        ((10, 10, 30, 22), {(1, 2, 2)}),
        ((0, 0, 47, 31), {(1, 1, 2)}),  # alike to neither: to the more alike one
        ((4, 2, 15, 13), {(0, 0, 1), (1, 0, 1)}),  # half as large as one, and twice as large as the other
        ((44, 28, 48, 32), {(0, 3, 5)}),  # at the corner
    ],
)
def test_which_anchors_learn_an_object(box: tuple[float, ...], learning: set[tuple[int, int, int]]) -> None:
    if len(learning) == 2:
        pytest.importorskip("torch")
        shapes = shape_iou(torch.tensor([[11.0, 11.0]]), torch.tensor(GRID.anchors))[0]
        learning = {(anchor, 0, 1) for anchor in range(2) if shapes[anchor] > 0.5 or anchor == int(shapes.argmax())}
    boxes, kinds = objects((0, *box))  # type: ignore[arg-type]
    image, position, true = GRID._learning(boxes, kinds, ROWS, COLUMNS)
    assert image.tolist() == true.tolist() == [0] * len(learning)
    assert {(p // (ROWS * COLUMNS), p // COLUMNS % ROWS, p % COLUMNS) for p in position.tolist()} == learning


def test_of_two_objects_at_one_anchor_the_more_alike_is_learned() -> None:
    boxes, kinds = objects((0, 10, 10, 16, 18), (1, 9, 8, 17, 18))
    _, position, true = GRID._learning(boxes, kinds, ROWS, COLUMNS)
    assert len(set(position.tolist())) == len(position)
    assert 0 in true.tolist()


def test_images_without_objects_teach_that_all_is_empty() -> None:
    boxes, kinds = objects()
    made = a_map(1, images=1).requires_grad_()
    parts = GRID.loss({"output": made}, boxes, kinds)
    assert float(parts["box"].detach()) == float(parts["class"].detach()) == 0
    sum(parts.values()).backward()  # type: ignore[union-attr]
    assert made.grad is not None
    assert torch.isfinite(made.grad).all()
    assert (made.grad.view(1, 2, CHANNELS, ROWS, COLUMNS)[:, :, 4] > 0).all()


def test_boxes_that_were_cut_to_nothing_are_not_learned() -> None:
    boxes, kinds = objects((0, 10, 10, 10.5, 18), (1, 47.6, 3, 48, 30))
    assert not len(GRID._learning(boxes, kinds, ROWS, COLUMNS)[0])


@pytest.mark.parametrize("seed", range(3))
def test_going_down_the_gradient_finds_the_objects(seed: int) -> None:
    """Of a map that is trained itself, everything it says is at last what is there."""
    chance = np.random.default_rng(seed)
    corners = chance.uniform(0, 4, (3, 2)) + np.array([[0, 0], [28, 0], [12, 17]])
    sizes = chance.uniform(6, 12, (3, 2))
    rows = [
        (kind, *corner, *(corner + size).clip(0, [48, 32]))
        for kind, (corner, size) in enumerate(zip(corners, sizes, strict=True))
    ]
    boxes, kinds = objects(*rows)
    made = torch.zeros(1, GRID.channels, ROWS, COLUMNS, requires_grad=True)
    steps = torch.optim.Adam([made], 0.1)
    for _ in range(400):
        steps.zero_grad()
        sum(GRID.loss({"output": made}, boxes, kinds).values()).backward()  # type: ignore[union-attr]
        steps.step()
    (found,) = GRID.found({"output": made.detach()}, least=0.5)
    assert sorted(found[:, 5].tolist()) == [0, 1, 2]
    for *box, _, kind in found.tolist():
        assert iou(box, boxes[0, int(kind)].tolist()) > 0.9


def test_gradients_are_those_of_differences() -> None:
    boxes, kinds = objects((2, 17, 8, 23, 16), (0, 3, 4, 24, 15))
    ours = torch.tensor([[16.0, 7.5, 24.5, 15.0]], dtype=torch.float64, requires_grad=True)
    theirs = boxes[:, 0].double()
    assert float(complete_iou(ours, theirs).detach()) == pytest.approx(complete(ours[0].tolist(), theirs[0].tolist()))
    made = a_map(5, images=1)
    made.requires_grad_()
    loss = sum(GRID.loss({"output": made}, boxes, kinds)[name] for name in ("object", "class"))
    (slope,) = torch.autograd.grad(loss, made)  # type: ignore[arg-type]
    for place in torch.randint(0, made.numel(), (20,), generator=torch.Generator().manual_seed(1)).tolist():
        moved = torch.zeros(made.numel())
        moved[place] = 1e-2
        beside = ({"output": (made + side * moved.view_as(made)).detach()} for side in (1, -1))
        both = [GRID.loss(one, boxes, kinds) for one in beside]
        up, down = (one["object"] + one["class"] for one in both)
        assert float(up - down) / 2e-2 == pytest.approx(float(slope.flatten()[place]), abs=2e-3)  # type: ignore[arg-type]


def test_anchors_are_the_middles_of_groups() -> None:
    chance = np.random.default_rng(0)
    groups = np.array([[10.0, 10], [40, 20], [15, 60]])
    sizes = np.concatenate([group * chance.uniform(0.9, 1.1, (50, 2)) for group in groups])
    found = clustered(sizes, 3)
    expected = sorted(map(tuple, groups.tolist()), key=lambda one: one[0] * one[1])
    np.testing.assert_allclose(found, expected, rtol=0.05)
    assert clustered(sizes, 3) == found
    assert len(clustered(np.array([[4.0, 4.0]]), 5)) == 5
