"""What is heard of a word: its bands, whatever its loudness, its place and the silence around it."""

import numpy as np
import pytest

from striate.data.sounds.bands import Ears, changes, heard, loudness, mel_filters
from tests.sounding import tone

EARS = Ears(8000, 40, 48)


def test_a_tone_is_loudest_in_its_band() -> None:
    edges = 700 * (10 ** (np.linspace(*(2595 * np.log10(1 + np.array([60, 4000]) / 700)), 42) / 2595) - 1)
    for pitch in (200.0, 700.0, 1500.0, 3000.0):
        level = loudness(np.sin(2 * np.pi * pitch * np.arange(4000) / 8000).astype(np.float32), 8000, 40)
        assert abs(int(np.abs(edges[1:-1] - pitch).argmin()) - int(level.mean(1).argmax())) <= 1


@pytest.mark.parametrize(
    ("rate", "width", "bands"), [(8000, 256, 40), (8000, 64, 40), (48000, 2048, 80), (1000, 32, 40)]
)
def test_every_band_hears_something(rate: int, width: int, bands: int) -> None:
    filters = mel_filters(rate, width, bands)
    assert filters.shape == (bands, width // 2 + 1)
    assert (filters.sum(1) > 0).all()
    assert (filters >= 0).all()


def test_loudness_counts_nothing() -> None:
    word = tone("low", 3)
    np.testing.assert_allclose(heard(word, EARS), heard(word / 7, EARS), atol=1e-3)


def test_silence_around_a_word_counts_nothing() -> None:
    word = tone("high", 3)
    late = np.concatenate([0.001 * np.random.default_rng(0).standard_normal(3200), word]).astype(np.float32)
    near = heard(late, EARS)[0], heard(word, EARS)[0]
    assert np.abs(near[0] - near[1]).mean() < 0.1
    assert near[0].std() > 0.2


HUM = 5e-5 * np.sin(np.arange(4000) / 3)  # too quiet to be told from noise


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(4000), np.full(4000, 0.5), np.zeros(3), HUM])
def test_silence_is_heard_as_nothing(samples: np.ndarray) -> None:
    assert not heard(samples.astype(np.float32), EARS).any()


def test_a_long_word_loses_both_ends_alike() -> None:
    word = np.concatenate([tone("low", 1), tone("high", 1), tone("low", 2), tone("high", 2)])
    assert heard(word, EARS).shape == EARS.shape
    assert heard(tone("low", 1, seconds=0.02), EARS).shape == EARS.shape


def test_changes_are_slopes() -> None:
    rising = np.arange(10, dtype=np.float32)[None] * 3
    assert changes(rising)[0, 2:-2].tolist() == [3] * 6
    assert not changes(np.full((2, 5), 4, np.float32)).any()
