"""Moved images: every move is one of the allowed ones, the edge is background, the seed repeats them."""

import torch

from striate.training.augment import Shift, shift_for


def test_every_image_is_moved_by_one_of_the_allowed_moves_and_all_moves_happen() -> None:
    torch.manual_seed(0)
    images = torch.randn(300, 2, 5, 6)
    moved = Shift(1, (0.5, -0.5))(images)
    edge = torch.tensor([0.5, -0.5]).view(1, 2, 1, 1)
    padded = edge.expand(300, 2, 7, 8).clone()
    padded[:, :, 1:6, 1:7] = images
    seen = set()
    for image, whole in zip(moved, padded, strict=True):
        fits = [(y, x) for y in range(3) for x in range(3) if torch.equal(image, whole[:, y : y + 5, x : x + 6])]
        assert len(fits) == 1
        seen.add(fits[0])
    assert len(seen) == 9


def test_the_seed_repeats_the_moves() -> None:
    images = torch.randn(8, 1, 28, 28)
    torch.manual_seed(3)
    first = Shift(2, (0.0,))(images)
    torch.manual_seed(3)
    assert torch.equal(first, Shift(2, (0.0,))(images))


def test_small_images_are_left_alone() -> None:
    assert [shift_for(8, 8), shift_for(27, 40), shift_for(28, 28), shift_for(224, 224)] == [0, 0, 1, 8]
