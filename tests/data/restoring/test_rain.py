"""Streaks of rain: what they do to a picture, by measuring them."""

import numpy as np
import pytest

from striate.data.restoring.rain import line, rainy

DARK = np.zeros((3, 90, 110), np.uint8)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_rain_only_adds_light_and_as_much_to_each_colour() -> None:
    picture = rng(5).integers(0, 200, (3, 60, 70), np.uint8)
    more = rainy(picture, 5, rng()).astype(int) - picture
    assert more.min() == 0
    below = (picture + more < 255).all(0)
    assert np.ptp(more[:, below], axis=0).max() == 0
    assert more.mean() > 10


def test_more_layers_are_more_rain() -> None:
    means = [np.mean([rainy(DARK, layers, rng(seed)) for seed in range(12)]) for layers in (1, 3, 8)]
    assert means[0] < means[1] / 2 < means[2] / 3


def test_rain_is_as_heavy_as_that_of_rain100h() -> None:
    """The mean of rainy less clean over its 100 test crops is 58.8 where 21 % of values are cut off at 255."""
    picture = np.full((3, 80, 80), 110, np.uint8)
    assert 45 < np.mean([rainy(picture, 5, rng(seed)) - 110.0 for seed in range(40)]) < 80


def test_streaks_run_down_and_not_across() -> None:
    drawn = rainy(DARK, 5, rng())[0].astype(float)
    down, across = (np.abs(np.diff(drawn, axis=axis)).mean() for axis in (0, 1))
    assert across > 2 * down


@pytest.mark.parametrize("direction", [60, 90, 120])
def test_a_line_has_its_length_and_its_direction(direction: float) -> None:
    drawn = line(30, direction, 0.7)
    rows, columns = np.nonzero(drawn > 0.5)
    assert drawn.max() == pytest.approx(1, abs=1e-6)
    assert np.hypot(np.ptp(rows), np.ptp(columns)) == pytest.approx(30, abs=2)
    slope = np.polyfit(rows, columns, 1)[0]
    assert slope == pytest.approx(1 / np.tan(np.radians(direction)), abs=0.03)
    assert drawn.sum() == pytest.approx(31 * 0.7 * np.sqrt(2 * np.pi), rel=0.05)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (300, 2)])
def test_pictures_smaller_than_a_streak_are_rained_on(size: tuple[int, int]) -> None:
    assert rainy(np.zeros((1, *size), np.uint8), 3, rng()).shape == (1, *size)
