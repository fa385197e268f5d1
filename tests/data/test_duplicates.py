"""Near duplicates: what is planted is found, what merely looks alike is not, and the search is the plain one's."""

import io

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from striate import data
from striate.data.duplicates import LIKE, SMALL, _vectors, near_duplicates


def noise(count: int, *shape: int, seed: int = 0) -> Tensor:
    """Smooth images of nothing."""
    small = torch.from_numpy(np.random.default_rng(seed).random((count, shape[0], 4, 4), np.float32))
    large = torch.nn.functional.interpolate(small, shape[1:], mode="bicubic").clamp(0, 1)
    return (255 * large).to(torch.uint8)


def jpeg(image: Tensor, quality: int) -> Tensor:
    file = io.BytesIO()
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(file, "JPEG", quality=quality)
    made: NDArray[np.uint8] = np.array(Image.open(file))
    return torch.from_numpy(made).permute(2, 0, 1)


def test_copies_are_found_and_others_are_not() -> None:
    first, others = noise(50, 3, 40, 30), noise(20, 3, 40, 30, seed=1)
    darker = (0.7 * first[3].float() + 10).to(torch.uint8)
    second = torch.stack([*others, first[7], jpeg(first[11], 75), darker])
    found = near_duplicates(first, second)
    assert {(one.first, one.second) for one in found} == {(7, 20), (11, 21), (3, 22)}
    assert [one.exact for one in found] == [True, False, False]
    assert all(one.likeness >= LIKE for one in found)


def test_images_of_any_size_are_compared() -> None:
    first = [noise(1, 1, 30 + row, 40, seed=row)[0] for row in range(10)]
    half = torch.nn.functional.interpolate(first[4][None].float(), scale_factor=2, mode="bilinear")[0].to(torch.uint8)
    assert [(one.first, one.second, one.exact) for one in near_duplicates(first, [half])] == [(4, 0, False)]


def test_images_that_show_nothing_are_left_out() -> None:
    flat = torch.full((5, 1, 8, 8), 255, dtype=torch.uint8)
    assert near_duplicates(flat, flat) == []


def test_no_pair_is_missed_that_a_look_at_all_pairs_finds() -> None:
    digits = data.load("digits")
    assert digits.test is not None
    like = 0.95
    products = _vectors(digits.train.images, 32) @ _vectors(digits.test.images, 32).T
    small = _vectors(digits.train.images, SMALL, grey=True) @ _vectors(digits.test.images, SMALL, grey=True).T
    best = small.argmax(0)
    wanted = {
        (int(best[row]), row)
        for row in range(len(best))
        if small[best[row], row] >= 0.99 and products[best[row], row] >= like
    }
    found = near_duplicates(digits.train.images, digits.test.images, like)
    assert {(one.first, one.second) for one in found} == wanted


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_images_are_enough(count: int) -> None:
    images = noise(count, 1, 8, 8)
    assert {(one.first, one.second) for one in near_duplicates(images, images)} == {(row, row) for row in range(count)}
