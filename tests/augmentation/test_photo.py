"""Photographs as other shots: each is one of the allowed ones, all of them happen, and batches change nothing."""

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.augmentation.photo import Photo


def drawn(photo: Photo, images: Tensor, seed: int = 0) -> Tensor:
    count = len(images)
    return photo.drawn(count, torch.Generator().manual_seed(seed)).image(images, torch.arange(count))


def test_every_image_is_one_of_the_allowed_shots_and_all_of_them_happen() -> None:
    images = torch.randn(300, 3, 5, 6, generator=torch.Generator().manual_seed(1))
    seen = set()
    for shot, image in zip(drawn(Photo(True, 1, 0.0), images), images, strict=True):
        fits = []
        for mirrored in (False, True):
            wide = F.pad(image.flip(2) if mirrored else image, (1, 1, 1, 1), mode="reflect")
            fits += [
                (mirrored, y, x) for y in range(3) for x in range(3) if torch.equal(shot, wide[:, y : y + 5, x : x + 6])
            ]
        assert len(fits) == 1
        seen.add(fits[0])
    assert len(seen) == 18


def test_light_changes_contrast_brightness_and_tint_within_their_bounds() -> None:
    images = torch.randn(200, 3, 6, 6, generator=torch.Generator().manual_seed(2))
    shots = drawn(Photo(False, 0, 0.2), images)
    contrast = (shots.flatten(2).std(2) / images.flatten(2).std(2)).double()  # one factor per image, over all channels
    assert torch.allclose(contrast, contrast[:, :1].expand(-1, 3), rtol=1e-4)
    assert 0.8 <= contrast.min() < 0.85
    assert 1.15 < contrast.max() <= 1.2
    moved = (
        shots.mean((2, 3)) - images.mean((1, 2, 3))[:, None] * (1 - contrast[:, :1]) - contrast * images.mean((2, 3))
    )
    assert moved.abs().max() <= 0.3 + 1e-4  # brightness 0.2 and half of it per channel
    assert moved.std(0).min() > 0.05
    assert (moved - moved.mean(1, keepdim=True)).abs().max() > 0.05  # channels differ: a tint


def test_what_is_not_wanted_does_not_happen_and_does_not_change_the_rest() -> None:
    images = torch.randn(50, 3, 8, 8, generator=torch.Generator().manual_seed(3))
    assert torch.equal(drawn(Photo(False, 0, 0.0), images), images)
    mirrored = drawn(Photo(True, 0, 0.0), images)
    flips = [not torch.equal(a, b) for a, b in zip(mirrored, images, strict=True)]
    assert 10 < sum(flips) < 40
    assert all(torch.equal(mirrored[i], images[i].flip(2)) for i, flip in enumerate(flips) if flip)
    both = drawn(Photo(True, 0, 0.1), images)
    again = [(a - b).abs().mean() < (a - b.flip(2)).abs().mean() for a, b in zip(both, images, strict=True)]
    assert again == [not flip for flip in flips]  # the same images are mirrored, with and without light


def test_how_the_images_are_batched_changes_nothing() -> None:
    images = torch.randn(20, 1, 8, 8, generator=torch.Generator().manual_seed(4))
    shots = Photo(True, 2, 0.1).drawn(20, torch.Generator().manual_seed(5))
    whole = shots.image(images, torch.arange(20))
    for rows in (torch.tensor([7, 3, 19]), torch.tensor([0])):
        assert torch.allclose(shots.image(images[rows], rows), whole[rows], atol=1e-6)
