"""Mirrors in photographs: where they are and what they show."""

import numpy as np
import pytest
from numpy.typing import NDArray

from striate.data.mirrors import LEAST, perspective, with_mirror


def photo(size: tuple[int, int] = (90, 120), channels: int = 3) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (channels, *size), np.uint8)


def test_all_but_the_mirror_and_its_frame_is_as_it_was() -> None:
    for seed in range(20):
        picture, mask = with_mirror(photo(), np.random.default_rng(seed))
        changed = (picture != photo()).any(0)
        assert mask[~changed].sum() <= 0.01 * mask.sum()
        assert changed.sum() < 1.6 * mask.sum() + 40
        assert 0.03 < mask.mean() < 0.6


def test_the_glass_shows_a_darker_part_of_the_photograph_left_and_right_exchanged() -> None:
    """A ramp that rises to the right falls in the mirror, and is nowhere lighter than the photograph."""
    ramp = np.broadcast_to(np.linspace(50, 250, 120).astype(np.uint8), (3, 90, 120))
    for seed in range(10):
        picture, mask = with_mirror(ramp, np.random.default_rng(seed))
        rows, columns = np.nonzero(mask)
        inner = np.abs(columns - columns.mean()) < 0.2 * np.ptp(columns)
        inner &= np.abs(rows - rows.mean()) < 0.2 * np.ptp(rows)
        values = picture[0, rows[inner], columns[inner]].astype(float)
        assert np.polyfit(columns[inner], values, 1)[0] < 0
        assert values.max() < 0.96 * 250


def test_an_even_photograph_is_darker_by_what_is_drawn() -> None:
    seen = []
    for seed in range(20):
        picture, mask = with_mirror(np.full((3, 60, 60), 200, np.uint8), np.random.default_rng(seed))
        rows, columns = np.nonzero(mask)
        seen.append(picture[0, int(rows.mean()), int(columns.mean())] / 200)
    assert 0.69 < min(seen) < max(seen) < 0.96


def test_perspective_shows_at_each_corner_what_its_source_has() -> None:
    places = np.array([[2.0, 3], [30, 5], [27, 25], [4, 22]])
    sources = np.array([[31.0, 0], [0, 0], [0, 31], [31, 31]])
    a, b, c, d, e, f, g, h = perspective(places, sources)
    for (x, y), source in zip(places, sources, strict=True):
        below = g * x + h * y + 1
        assert [(a * x + b * y + c) / below, (d * x + e * y + f) / below] == pytest.approx(source)


@pytest.mark.parametrize("size", [(LEAST, LEAST), (LEAST, 200), (300, LEAST)])
@pytest.mark.parametrize("channels", [1, 3])
def test_small_narrow_and_grey_photographs(size: tuple[int, int], channels: int) -> None:
    for seed in range(10):
        picture, mask = with_mirror(photo(size, channels), np.random.default_rng(seed))
        assert picture.shape == (channels, *size)
        assert mask.any()
        assert not mask.all()


def test_chance_alone_decides() -> None:
    made = [with_mirror(photo(), np.random.default_rng(seed))[1] for seed in (1, 1, 2)]
    assert (made[0] == made[1]).all()
    assert (made[0] != made[2]).any()
