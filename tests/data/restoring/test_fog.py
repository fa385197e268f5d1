"""Fog and what takes it away without learning, where what is behind it is known."""

import numpy as np
import pytest
from skimage.morphology import erosion

from striate.data.restoring.dark_channel import WINDOW, airlight_of, clear, dark_channel, guided
from striate.data.restoring.fog import AIRLIGHT, depth, foggy

SIZE = (90, 120)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_depths_are_smooth_and_greater_upwards() -> None:
    for seed in range(10):
        far = depth(SIZE, rng(seed))
        assert far.shape == SIZE
        assert 0.08 < far.min() < 0.8
        assert far.max() == 1
        assert far[:9].mean() > far[-9:].mean()
        assert max(np.abs(np.diff(far, axis=axis)).max() for axis in (0, 1)) < 0.6


def test_fog_of_black_and_of_white_is_the_equation_s() -> None:
    """J·t + A·(1 − t): black shows A·(1 − t), and white less black shows t."""
    black, white = (foggy(np.full((3, *SIZE), value, np.uint8), 1.2, rng(3)) / 255 for value in (0, 255))
    seen = (white - black)[0]
    chance = rng(3)
    airlight = chance.uniform(*AIRLIGHT)
    chance.uniform()
    assert seen == pytest.approx(np.exp(-1.2 * depth(SIZE, chance)), abs=1 / 200)
    assert black[0] == pytest.approx(airlight * (1 - seen), abs=1 / 200)


def test_thicker_fog_shows_less_and_no_amount_draws_one() -> None:
    spreads = [foggy(rng().integers(0, 256, (3, *SIZE), np.uint8), beta, rng(1)).std() for beta in (0.2, 1, 5)]
    assert spreads[0] > spreads[1] > spreads[2]
    black = np.zeros((1, *SIZE), np.uint8)
    drawn = [-np.log(1 - foggy(black, 0, rng(seed)).max() / 255) for seed in range(20)]
    assert max(drawn) > 2 * min(drawn)


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (200, 3), (7, 7)])
@pytest.mark.parametrize("channels", [1, 3])
def test_small_and_grey_pictures(size: tuple[int, int], channels: int) -> None:
    made = foggy(np.full((channels, *size), 9, np.uint8), 1, rng())
    assert made.shape == (channels, *size)
    cleared = clear(made / 255)
    assert cleared.shape == made.shape
    assert np.isfinite(cleared).all()


def test_the_dark_channel_is_an_erosion() -> None:
    picture = rng().random((3, 40, 50))
    assert dark_channel(picture) == pytest.approx(erosion(picture.min(0), np.ones((WINDOW, WINDOW))))


def test_the_airlight_is_the_colour_of_the_haziest_place() -> None:
    picture = rng().random((3, 60, 60)) * np.array([0.8, 0.8, 0.1])[:, None, None]
    picture[:, 50, 5] = 1  # a lamp among dark things
    picture[:, :20] = np.array([0.7, 0.75, 0.8])[:, None, None]
    assert airlight_of(picture).ravel() == pytest.approx([0.7, 0.75, 0.8])


def test_even_fog_before_things_with_dark_places_is_taken_away() -> None:
    """t is 1 − 0.95 (1 − t) in the prior, by which the result is known."""
    good = rng().random((3, 120, 120)) * (rng(1).random((120, 120)) < 0.5)  # a black place within every window
    good[:, :16] = 0.9  # the sky, which has the fog's colour
    mist = good * 0.4 + 0.9 * 0.6
    prior = 1 - 0.95 * 0.6
    wanted = (mist - 0.9) / prior + 0.9
    inner = np.s_[:, 70:]
    assert clear(mist)[inner] == pytest.approx(wanted[inner], abs=0.05)
    assert np.abs(clear(mist)[inner] - good[inner]).mean() < 0.2 * np.abs(mist - good)[inner].mean()


def test_a_guided_filter_is_a_line_of_the_guide_in_each_window() -> None:
    guide = rng().random((100, 100))
    assert guided(guide, 0.3 * guide + 0.2) == pytest.approx(0.3 * guide + 0.2, abs=0.01)
    noisy = guided(np.full((100, 100), 0.5), rng(1).random((100, 100)))  # a flat guide: a mean of means
    assert noisy.std() < 0.02
