"""Log mel bands of a word, with how fast they change and how fast that changes: what Abdel-Hamid et al. (2014) hear.

The word is cut out of the silence around it. Its bands are taken relative to their mean over the word, so that neither
how loud it is nor the microphone counts; it stands in the middle, with zeros around it. High bands come first.

>>> mel_filters(8000, 256, 4).shape
(4, 129)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import log10

import numpy as np
from numpy.typing import NDArray

from .waves import Samples, is_silent

WINDOW, HOP = 0.025, 0.010  # seconds
LOWEST = 60.0  # Hz, below which only hum is
RANGE = 80.0  # dB below the loudest entry, under which everything is alike
WORD = 35.0  # dB below the loudest moment, under which what is before and after the word is silence
MARGIN = 4  # moments of it that stay
NEAR = 2  # moments on each side that tell how fast a band changes
SPREAD = 20.0  # dB that count as 1

Bands = NDArray[np.float32]


@dataclass(frozen=True)
class Ears:
    """How sounds are heard.

    Attributes:
        rate: Samples a second.
        bands: How many.
        frames: Moments, 10 ms apart.
    """

    rate: int
    bands: int
    frames: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """(bands, their changes, the changes' changes) x bands x frames."""
        return 3, self.bands, self.frames


def heard(samples: Samples, ears: Ears) -> Bands:
    """(3, bands, frames) of samples at the rate of the ears; all 0 where there is nothing to hear.

    A word that is longer than the frames loses its beginning and its end alike.
    """
    if is_silent(samples):
        return np.zeros(ears.shape, np.float32)
    word = _relative(loudness(samples, ears.rate, ears.bands))
    word = _middle(word, ears.frames)
    whole = np.zeros((ears.bands, ears.frames), np.float32)
    start = (ears.frames - word.shape[1]) // 2
    whole[:, start : start + word.shape[1]] = word[::-1]
    first = changes(whole)
    return np.stack([whole, first, changes(first)])


def loudness(samples: Samples, rate: int, bands: int) -> Bands:
    """(bands, moments) in dB, low bands first; none more than 80 below the loudest."""
    size, hop = round(WINDOW * rate), round(HOP * rate)
    width = 1 << (size - 1).bit_length()
    padded = np.pad(samples - samples.mean(), (0, max(0, size - len(samples))))
    parts = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    power = np.abs(np.fft.rfft(parts * np.hanning(size).astype(np.float32), width)) ** 2
    level = 10 * np.log10(np.maximum(mel_filters(rate, width, bands) @ power.T, 1e-12))
    return np.asarray(np.maximum(level, level.max() - RANGE), np.float32)


@cache
def mel_filters(rate: int, width: int, bands: int) -> NDArray[np.float64]:
    """(bands, width/2 + 1): triangles that are evenly spaced in mel, 2595·log10(1 + f/700) (O'Shaughnessy 1987)."""
    low, high = (2595 * log10(1 + pitch / 700) for pitch in (LOWEST, rate / 2))
    edges = 700 * (10 ** (np.linspace(low, high, bands + 2) / 2595) - 1)
    places = np.arange(width // 2 + 1) * rate / width
    first, middle, last = (edges[start : start + bands, None] for start in range(3))
    rising, falling = (places - first) / (middle - first), (last - places) / (last - middle)
    filters: NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling))
    for band in np.flatnonzero(filters.sum(1) == 0):  # narrower than an entry of the spectrum: the nearest one
        filters[band, np.abs(places - middle[band]).argmin()] = 1
    return filters


def changes(bands: Bands) -> Bands:
    """How fast each band changes: the slope of a line through two moments on each side (Furui 1986)."""
    count = bands.shape[1]
    edged = np.pad(bands, ((0, 0), (NEAR, NEAR)), mode="edge")
    steps = range(1, NEAR + 1)
    slope = sum(n * (edged[:, NEAR + n : NEAR + n + count] - edged[:, NEAR - n : NEAR - n + count]) for n in steps)
    return np.asarray(slope / (2 * sum(n * n for n in steps)), np.float32)


def _relative(level: Bands) -> Bands:
    """The moments of the word, each band less its mean; nothing of silence."""
    total = level.max(0)
    if float(level.max()) - float(level.min()) < 1e-3:
        return level[:, :0]
    loud = np.flatnonzero(total > total.max() - WORD)
    word = level[:, max(0, loud[0] - MARGIN) : loud[-1] + 1 + MARGIN]
    relative: Bands = (word - word.mean(1, keepdims=True)) / np.float32(SPREAD)
    return relative


def _middle(word: Bands, frames: int) -> Bands:
    start = max(0, (word.shape[1] - frames) // 2)
    return word[:, start : start + frames]
