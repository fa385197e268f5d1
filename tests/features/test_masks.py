"""Sobel and Robinson against the sums written out, and what the compass means."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from striate.features import robinson, sobel

SOBEL_X = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
SOBEL_Y = ((-1, -2, -1), (0, 0, 0), (1, 2, 1))
COMPASS = {  # as the paper's table has them
    "east": SOBEL_X,
    "north-east": ((0, 1, 2), (-1, 0, 1), (-2, -1, 0)),
    "north": ((1, 2, 1), (0, 0, 0), (-1, -2, -1)),
    "north-west": ((2, 1, 0), (1, 0, -1), (0, -1, -2)),
    "west": ((1, 0, -1), (2, 0, -2), (1, 0, -1)),
    "south-west": ((0, -1, -2), (1, 0, -1), (2, 1, 0)),
    "south": SOBEL_Y,
    "south-east": ((-2, -1, 0), (-1, 0, 1), (0, 1, 2)),
}


def by_loops(image: NDArray[np.float64], mask: tuple[tuple[int, ...], ...]) -> NDArray[np.float64]:
    height, width = image.shape
    result = np.zeros_like(image)
    for row in range(height):
        for column in range(width):
            for down in (-1, 0, 1):
                for right in (-1, 0, 1):
                    at = min(max(row + down, 0), height - 1), min(max(column + right, 0), width - 1)
                    result[row, column] += mask[down + 1][right + 1] * image[at]
    return result


@pytest.fixture
def image() -> NDArray[np.float64]:
    return np.random.default_rng(3).random((7, 9))


def batch(image: NDArray[np.float64]) -> torch.Tensor:
    return torch.from_numpy(image).float()[None, None]


def test_sobel_is_its_sums(image: NDArray[np.float64]) -> None:
    x, y = by_loops(image, SOBEL_X), by_loops(image, SOBEL_Y)
    magnitude, orientation = sobel.gradient(batch(image))
    np.testing.assert_allclose(magnitude[0], np.sqrt(x**2 + y**2), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(orientation[0], np.arctan2(y, x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", robinson.NAMES)
def test_a_compass_mask_is_its_sums(image: NDArray[np.float64], name: str) -> None:
    answer = robinson.responses(batch(image))[0, robinson.NAMES.index(name)]
    np.testing.assert_allclose(answer, by_loops(image, COMPASS[name]), rtol=1e-5, atol=1e-5)


def test_the_compass_takes_the_strongest(image: NDArray[np.float64]) -> None:
    strength, direction = robinson.compass(batch(image))
    all_eight = np.stack([by_loops(image, COMPASS[name]) for name in robinson.NAMES])
    np.testing.assert_allclose(strength[0], all_eight.max(0), rtol=1e-5)
    assert (direction[0].numpy() == all_eight.argmax(0)).mean() > 0.98  # opposite masks may tie by rounding


def test_turning_the_image_turns_the_compass(image: NDArray[np.float64]) -> None:
    quarter = torch.rot90(batch(image), 1, (2, 3))  # counter-clockwise: what was east is now north
    turned = torch.rot90(robinson.responses(batch(image)), 1, (2, 3))
    assert torch.allclose(robinson.responses(quarter), turned.roll(2, 1), atol=1e-5)


def test_a_flat_image_has_no_edge() -> None:
    flat = torch.full((1, 3, 6, 5), 0.7)
    assert sobel.gradient(flat)[0].abs().max() < 1e-5
    assert robinson.compass(flat)[0].abs().max() < 1e-5


def test_rows_have_the_size_they_say() -> None:
    images = torch.rand(2, 3, 7, 9)
    assert sobel.rows(images).shape == (2, 3 * 4 * 5)
    assert robinson.rows(images).shape == (2, 8 * 4 * 5)
