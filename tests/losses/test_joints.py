"""Where joints are: numbers, stages and maps of heat, each against its definition."""

import numpy as np
import pytest
import torch

from striate.errors import InputError
from striate.losses.joints import HEATED, ROUND, Heat, Stages

SIZE = (32, 48)
NAN = float("nan")


def test_coordinates_are_shares_of_the_canvas() -> None:
    made = torch.tensor([[-0.5, -0.5, 0.5, 0.5]])
    assert Stages(SIZE, 2).found({"output": made})[0, 0, :, :2].tolist() == [[-0.5, -0.5], [47.5, 31.5]]


def test_loss_is_smooth_l1_of_visible_joints() -> None:
    made, places = torch.zeros(1, 4), torch.tensor([[[23.5, 15.5 + 0.025 * 32], [NAN, NAN]]])
    part = Stages(SIZE, 2).loss({"output": made}, places)["output"]
    error = 0.025 / ROUND
    assert float(part) == pytest.approx((0.0 + error**2 / 2) / 2, rel=1e-5)


def test_nothing_visible_is_no_loss_and_no_gradient() -> None:
    made = torch.zeros(2, 4, requires_grad=True)
    heat = torch.zeros(2, 2, 8, 8, requires_grad=True)
    places = torch.full((2, 2, 2), NAN)
    loss = (
        Stages(SIZE, 2).loss({"output": made}, places)["output"] + Heat(SIZE, 2).loss({"output": heat}, places)["heat"]
    )
    loss.backward()
    assert float(loss.detach()) == 0
    assert made.grad is not None
    assert heat.grad is not None
    assert not made.grad.any()
    assert not heat.grad.any()


def test_boxes_are_around_the_joints_of_the_stage_before() -> None:
    stages = Stages(SIZE, 2, ("first", "second"))
    made = torch.tensor([[-0.25, 0.0, 0.25, 0.0], [0.0, 0.0, 0.0, 0.0]])
    boxes = stages.propose({"first": made})
    assert boxes[:, 0].tolist() == [0, 0, 1, 1]
    middles = (boxes[:, 1:3] + boxes[:, 3:]) / 2
    assert middles.tolist() == [[12, 16], [36, 16], [24, 16], [24, 16]]
    sides = (boxes[:, 3:] - boxes[:, 1:3]).tolist()
    assert sides[:2] == [[12, 12]] * 2  # half of what the pose measures
    assert sides[2][0] == pytest.approx(0.2 * 32)  # never less than a fifth of the canvas


def test_each_box_tells_of_its_own_joint() -> None:
    stages = Stages(SIZE, 2, ("first", "second"))
    first = torch.tensor([[-0.25, 0.0, 0.25, 0.0]])
    boxes = stages.propose({"first": first})
    second = torch.tensor([[0.5, 0.0, 9.0, 9.0], [9.0, 9.0, 0.0, -0.25]])  # joint 0 by its box, joint 1 by its own
    found = stages.found({"first": first, "second": second, "boxes": boxes})[0, 1, :, :2]
    assert found.tolist() == [[11.5 + 6, 15.5], [35.5, 15.5 - 3]]
    loss = stages.loss({"first": first, "second": second, "boxes": boxes}, found[None])
    assert float(loss["second"]) == pytest.approx(0, abs=1e-6)
    assert float(loss["first"]) > 0


def test_boxes_are_moved_by_chance_only_while_training() -> None:
    stages, made = Stages(SIZE, 2, ("first", "second")), {"first": torch.zeros(3, 4)}
    torch.manual_seed(0)
    one, other = stages.propose(made, (), torch.randn_like), stages.propose(made, (), torch.randn_like)
    assert not torch.equal(one, other)
    assert torch.equal(stages.propose(made), stages.propose(made))


def test_a_third_stage_looks_where_the_second_says() -> None:
    stages = Stages(SIZE, 1, ("a", "b", "c"))
    made = {"a": torch.zeros(1, 2)}
    first = stages.propose(made)
    made["b"] = torch.tensor([[0.5, 0.0]])
    second = stages.propose(made, (first,))
    moved = (first[0, 3] - first[0, 1]) / 2
    assert float(second[0, 1]) == pytest.approx(float(first[0, 1] + moved))


def test_answers_of_three_stages_may_be_joined() -> None:
    chance = torch.Generator().manual_seed(0)
    stages, made = Stages(SIZE, 2, ("a", "b", "c")), dict[str, torch.Tensor]()
    boxes: list[torch.Tensor] = []
    for name, rows in (("a", 4), ("b", 8), ("c", 8)):
        boxes += [stages.propose(made, boxes)] if made else []
        made[name] = torch.randn(rows, 4, generator=chance) / 4
    made["boxes"] = torch.cat(boxes, 1)
    parts = [{name: values.chunk(2)[half] for name, values in made.items()} for half in (0, 1)]
    found = torch.cat([stages.found(part) for part in parts])
    np.testing.assert_array_equal(stages.found(made), found)


def test_boxes_before_any_stage_are_refused() -> None:
    with pytest.raises(InputError, match="the head first must give"):
        Stages(SIZE, 2, ("first", "second")).propose({})


def test_numbers_beyond_all_measure_make_boxes() -> None:
    made = torch.tensor([[float("inf"), NAN, -float("inf"), 1e30]])
    assert torch.isfinite(Stages(SIZE, 2, ("first", "second")).propose({"first": made})).all()


def test_heat_is_least_at_the_true_distribution() -> None:
    """Its gradient there is 0, and the loss is the entropy of the bell."""
    heat, places = Heat(SIZE, 1), torch.tensor([[[20.3, 11.8]]])
    x, y = (20.3 + 0.5) / 4 - 0.5, (11.8 + 0.5) / 4 - 0.5
    bells = [np.exp(-((np.arange(n) - at) ** 2) / (2 * HEATED**2)) for n, at in ((12, x), (8, y))]
    true = np.outer(bells[1] / bells[1].sum(), bells[0] / bells[0].sum())
    logits = torch.tensor(np.log(true + 1e-30)[None, None], dtype=torch.float32, requires_grad=True)
    loss = heat.loss({"output": logits}, places)["heat"]
    loss.backward()
    assert logits.grad is not None
    assert float(logits.grad.abs().max()) < 1e-5
    assert float(loss) == pytest.approx(-(true * np.log(true + 1e-30)).sum(), rel=1e-4)


@pytest.mark.parametrize("place", [(20.0, 11.0), (3.25, 4.5), (41.75, 26.5)])
def test_a_joint_is_found_between_entries(place: tuple[float, float]) -> None:
    heat, places = Heat(SIZE, 1), torch.tensor([[place]])
    at = [(place[axis] + 0.5) / 2 - 0.5 for axis in (0, 1)]
    bells = [np.exp(-((np.arange(n) - a) ** 2) / 2) for n, a in zip((24, 16), at, strict=True)]
    logits = torch.tensor(np.log(np.outer(bells[1], bells[0]) + 1e-30)[None, None], dtype=torch.float32)
    found = heat.found({"output": logits})[0, 0, 0]
    np.testing.assert_allclose(found[:2], places[0, 0], atol=0.6)
    assert 0.4 < float(found[2]) <= 1


def test_a_first_stage_of_maps_is_one_of_heat() -> None:
    stages, maps = Stages(SIZE, 2, ("first", "second")), torch.randn(3, 2, 8, 12)
    places, again = torch.rand(3, 2, 2) * 30, torch.zeros(6, 4)
    boxes = stages.propose({"first": maps})
    made = {"first": maps, "second": again, "boxes": boxes}
    heat = Heat(SIZE, 2)
    assert torch.equal(stages.loss(made, places)["first"], heat.loss({"output": maps}, places)["heat"])
    found = stages.found(made)
    assert torch.equal(found[:, 0, :, :2], heat.found({"output": maps})[:, 0, :, :2])
    middles = (boxes[:, 1:3] + boxes[:, 3:]) / 2 - 0.5  # which is what it is to give where it gives zeros
    torch.testing.assert_close(found[:, 1, :, :2].reshape(-1, 2), middles)
