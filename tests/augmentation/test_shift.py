"""Moved images: every move is one of the allowed ones, the edge is background, the seed repeats them."""

import pytest
import torch

from striate.augmentation.augment import Augment
from striate.augmentation.photo import Photo
from striate.augmentation.shift import Shift, shift_for
from tests.learning import pool, taken


def test_every_image_is_moved_by_one_of_the_allowed_moves_and_all_moves_happen() -> None:
    images = torch.randn(300, 2, 5, 6)
    moved = Shift(1, (0.5, -0.5)).drawn(300, torch.Generator().manual_seed(0)).image(images, torch.arange(300))
    edge = torch.tensor([0.5, -0.5]).view(1, 2, 1, 1)
    padded = edge.expand(300, 2, 7, 8).clone()
    padded[:, :, 1:6, 1:7] = images
    seen = set()
    for image, whole in zip(moved, padded, strict=True):
        fits = [(y, x) for y in range(3) for x in range(3) if torch.equal(image, whole[:, y : y + 5, x : x + 6])]
        assert len(fits) == 1
        seen.add(fits[0])
    assert len(seen) == 9


@pytest.mark.parametrize("size", [1, 3, 8])
def test_an_image_s_move_is_the_epoch_s_however_it_is_batched(size: int) -> None:
    images, order = torch.randn(8, 1, 28, 28), torch.tensor([5, 0, 7, 1, 2, 6, 4, 3])
    some = pool(images, torch.zeros(8, dtype=torch.int64), augment=Shift(2, (0.0,)))
    whole = taken(some, torch.arange(8), seed=3, epoch=4).inputs["image"]
    parts = torch.cat([taken(some, rows, seed=3, epoch=4).inputs["image"] for rows in torch.split(order, size)])
    assert torch.equal(parts, whole[order])
    for seed, epoch in ((3, 5), (4, 4)):
        assert not torch.equal(taken(some, torch.arange(8), seed, epoch).inputs["image"], whole)


@pytest.mark.parametrize("augment", [Shift(1, (9.0,)), Photo(True, 2, 0.0)], ids=["shift", "photo"])
def test_a_mask_is_moved_as_its_image_is(augment: Augment) -> None:
    masks = torch.randint(5, (40, 12, 14), generator=torch.Generator().manual_seed(1))
    drawn = augment.drawn(40, torch.Generator().manual_seed(2))
    image, mask = drawn.image(masks[:, None].float(), torch.arange(40))[:, 0], drawn.mask(masks, torch.arange(40), 9)
    assert torch.equal(image, mask.float())
    assert mask.dtype == masks.dtype
    assert not torch.equal(mask, masks)


def test_small_images_are_left_alone() -> None:
    assert [shift_for(8, 8), shift_for(27, 40), shift_for(28, 28), shift_for(224, 224)] == [0, 0, 1, 8]
