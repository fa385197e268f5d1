"""Warped images: places, values, masks, points and boxes move alike; batches change nothing; both engines agree."""

import math

import pytest
import torch
from torch import Tensor

from striate.augmentation.augment import Augment
from striate.augmentation.chain import Chain
from striate.augmentation.coins import alternating
from striate.augmentation.cutout import Cutout
from striate.augmentation.elastic import Elastic, blurred
from striate.augmentation.photo import Photo
from striate.augmentation.policy import Policy
from striate.augmentation.rough import Blur, Noise
from striate.augmentation.shift import Shift
from striate.augmentation.turned import Turn
from striate.augmentation.warp import Warp
from striate.data.kinds import Boxes, Points

SIZE = (24, 31)
PLACING: dict[str, Augment] = {
    "shift": Shift(2, (0.0,)),
    "photo": Photo(True, 2, 0.0),
    "turn": Turn(False),
    "warp": Warp(2.0, 20.0, 0.2, 10.0, "chance", (0.0,)),
    "reflected": Warp(2.0, 20.0, 0.2, 10.0, "alternate"),
    "elastic": Elastic(2.0, (0.0,)),
    "chain": Chain((Photo(True, 1, 0.0), Warp(1.0, 15.0, background=(0.0,)))),
}
LOOKING: dict[str, Augment] = {
    "cutout": Cutout(5, (0.0,)),
    "noise": Noise(0.2),
    "blur": Blur(1.5),
    "trivial": Policy("trivial", 1, None, (0.4,), (0.3,)),
    "randaugment": Policy("randaugment", 2, 9.0, (0.4,), (0.3,)),
}
EVERY = {**PLACING, **LOOKING}


def stars(points: Tensor) -> Tensor:
    """Images (N, 1, H, W) with a soft star at one place each."""
    down, right = (torch.arange(length).double() for length in SIZE)
    x, y = points.double()[:, 0].unbind(1)
    away = (right - x[:, None])[:, None, :] ** 2 + (down - y[:, None])[:, :, None] ** 2
    return torch.exp(-away / 4)[:, None].float()


def middle(images: Tensor) -> Tensor:
    """(N, 2): where each image's star is."""
    weight = images[:, 0].double() ** 2
    total = weight.sum((1, 2))
    down, right = (torch.arange(length).double() for length in SIZE)
    return torch.stack([(weight.sum(1) * right).sum(1), (weight.sum(2) * down).sum(1)], 1) / total[:, None]


@pytest.mark.parametrize("augment", PLACING.values(), ids=PLACING)
def test_points_go_where_what_they_mark_goes(augment: Augment) -> None:
    points = torch.tensor([[[14.0, 11.0]], [[16.5, 12.0]]]).repeat(40, 1, 1)
    drawn, rows = augment.drawn(80, torch.Generator().manual_seed(1)), torch.arange(80)
    found, told = middle(drawn.image(stars(points), rows)), Points(SIZE).moved(points, drawn, rows)[:, 0]
    assert (found - told).abs().max() < 0.5  # a star bent by a field is no longer round
    assert (told - points[:, 0]).abs().max() > 0.9


@pytest.mark.parametrize("augment", PLACING.values(), ids=PLACING)
def test_masks_go_where_images_go(augment: Augment) -> None:
    masks = (stars(torch.tensor([[[14.0, 11.0]]]).repeat(30, 1, 1))[:, 0] > 0.2).long()
    drawn, rows = augment.drawn(30, torch.Generator().manual_seed(2)), torch.arange(30)
    image, mask = drawn.image(masks[:, None].float(), rows)[:, 0], drawn.mask(masks, rows, 0)
    assert mask.dtype == masks.dtype
    assert ((image > 0.5) == (mask == 1)).double().mean() > 0.995
    assert not torch.equal(mask, masks)


def test_what_comes_from_beyond_an_edge_counts_for_nothing() -> None:
    drawn = Warp(rotate=45.0, background=(0.0,)).drawn(20, torch.Generator().manual_seed(0))
    mask = drawn.mask(torch.ones(20, *SIZE, dtype=torch.int64), torch.arange(20), 255)
    assert mask.unique().tolist() == [1, 255]
    mirrored = Warp(rotate=45.0).drawn(20, torch.Generator().manual_seed(0))
    assert (mirrored.mask(torch.ones(20, *SIZE, dtype=torch.int64), torch.arange(20), 255) == 1).all()


def test_left_and_right_points_change_names_in_a_mirror() -> None:
    points = torch.tensor([[[3.0, 5.0], [20.0, 6.0], [9.0, 9.0]]]).repeat(30, 1, 1)
    drawn = Photo(True, 0, 0.0).drawn(30, torch.Generator().manual_seed(0))
    moved = Points(SIZE, ((0, 1),)).moved(points, drawn, torch.arange(30))
    for flipped, found in zip(drawn.mirrored.tolist(), moved, strict=True):
        assert found.tolist() == ([[10.0, 6.0], [27.0, 5.0], [21.0, 9.0]] if flipped else points[0].tolist())


def test_a_box_surrounds_what_it_surrounded_and_stays_inside() -> None:
    box = torch.tensor([[[4.0, 3.0, 12.0, 9.0]]]).repeat(50, 1, 1)
    drawn, rows = Warp(9.0, 30.0, 0.2, background=(0.0,)).drawn(50, torch.Generator().manual_seed(3)), torch.arange(50)
    found = Boxes(SIZE).moved(box, drawn, rows)[:, 0]
    inside = Points(SIZE).moved(torch.tensor([[[8.0, 6.0]]]).repeat(50, 1, 1), drawn, rows)[:, 0]
    edge = torch.tensor([float(SIZE[1]), float(SIZE[0])])
    clipped = (inside + 0.5).clamp_min(0).minimum(edge)
    there = (found[:, 2:] > found[:, :2]).all(1)  # of a box that has left the image little is left, and nothing told
    assert there.sum() > 30
    assert (found[:, :2] <= clipped + 1e-4)[there].all()
    assert (clipped <= found[:, 2:] + 1e-4)[there].all()
    assert found.min() >= 0
    assert (found[:, 2:] <= edge).all()


@pytest.mark.parametrize("augment", [Photo(True, 2, 0.0), Warp(3.0, scale=0.3, mirror="chance", background=(0.0,))])
def test_a_box_moves_with_the_pixels_in_it(augment: Augment) -> None:
    """A bright rectangle, and its edges after the change, as its pixels show them."""
    images, box = torch.zeros(40, 1, *SIZE), torch.tensor([[[7.0, 5.0, 17.0, 15.0]]]).repeat(40, 1, 1)
    images[:, :, 5:15, 7:17] = 1
    drawn, rows = augment.drawn(40, torch.Generator().manual_seed(2)), torch.arange(40)
    moved, found = drawn.image(images, rows)[:, 0], Boxes(SIZE).moved(box, drawn, rows)[:, 0]
    for picture, (left, top, right, bottom) in zip(moved, found.tolist(), strict=True):
        across, down = picture.amax(0), picture.amax(1)  # how much of each column and row is covered
        assert float(across.sum()) == pytest.approx(right - left, abs=0.3)
        assert float(down.sum()) == pytest.approx(bottom - top, abs=0.3)
        middle = (across * (torch.arange(SIZE[1]) + 0.5)).sum() / across.sum()
        assert float(middle) == pytest.approx((left + right) / 2, abs=0.1)


@pytest.mark.parametrize("augment", EVERY.values(), ids=EVERY)
def test_how_the_images_are_batched_and_what_else_is_done_change_nothing(augment: Augment) -> None:
    images = torch.rand(12, 1, *SIZE, generator=torch.Generator().manual_seed(4))
    drawn = augment.drawn(12, torch.Generator().manual_seed(5), 3)
    whole = drawn.image(images, torch.arange(12))
    assert whole.shape == images.shape
    assert whole.dtype == images.dtype
    assert not torch.equal(whole, images)
    for rows in (torch.tensor([7, 3, 11]), torch.tensor([0])):
        assert torch.allclose(drawn.image(images[rows], rows), whole[rows], atol=1e-5)
    one, two = (Chain((augment, more)).drawn(12, torch.Generator().manual_seed(5)) for more in (Noise(1.0), Blur(2.0)))
    assert torch.equal(*(each.steps[0].image(images, torch.arange(12)) for each in (one, two)))


def test_a_quarter_turn_is_exact_in_its_middle_and_its_matrix_is_a_rotation() -> None:
    warp = Warp(rotate=180.0).drawn(100, torch.Generator().manual_seed(0))
    across = warp.matrix[:, :, :2]
    assert torch.allclose(across @ across.transpose(1, 2), torch.eye(2).expand(100, 2, 2), atol=1e-5)
    angles = torch.atan2(warp.matrix[:, 1, 0], warp.matrix[:, 0, 0])
    assert angles.abs().max() > 0.9 * math.pi
    assert (warp.matrix[:, :, 2] == 0).all()


def test_each_image_is_mirrored_in_every_other_epoch() -> None:
    images, rows = torch.rand(64, 1, *SIZE), torch.arange(64)
    seen = [Warp(mirror="alternate").drawn(64, torch.Generator(), epoch).image(images, rows) for epoch in (1, 2, 3)]
    flips = alternating(64, 1)
    assert 20 < int(flips.sum()) < 44
    for row in range(64):
        first, second = (seen[0][row], seen[1][row]) if flips[row] else (seen[1][row], seen[0][row])
        assert torch.allclose(first, images[row].flip(2), atol=1e-4)
        assert torch.allclose(second, images[row], atol=1e-4)
    assert torch.equal(seen[0], seen[2])


def test_a_blur_keeps_the_mean_and_noise_has_its_spread() -> None:
    images = torch.rand(4, 2, 40, 40, generator=torch.Generator().manual_seed(0))
    soft = Blur(2.0).drawn(4, torch.Generator().manual_seed(1)).image(images, torch.arange(4))
    assert torch.allclose(soft.mean((2, 3)), images.mean((2, 3)), atol=0.02)
    assert (soft.std((2, 3)) < images.std((2, 3))).all()
    noisy = Noise(0.5).drawn(4, torch.Generator().manual_seed(1))
    away = noisy.image(images, torch.arange(4)) - images
    assert torch.allclose(away.std((1, 2, 3)), noisy.sigma, rtol=0.05)
    assert abs(float(away.mean())) < 0.02


@pytest.mark.parametrize("size", [(1, 64), (64, 1), (1, 1), (2, 5)])
def test_images_of_a_single_row_are_blurred_and_bent_too(size: tuple[int, int]) -> None:
    images, rows = torch.rand(3, 2, *size), torch.arange(3)
    for augment in (Blur(2.0), Elastic(1.0)):
        made = augment.drawn(3, torch.Generator().manual_seed(0)).image(images, rows)
        assert made.shape == images.shape
        assert torch.isfinite(made).all()
    flat = torch.ones(2, 1, *size)
    torch.testing.assert_close(blurred(flat, torch.ones(2), 1.0), flat)
