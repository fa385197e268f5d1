"""Fog taken away without learning: the dark channel prior (He, Sun & Tang 2009), what networks have to beat.

Near any place of a clear photograph something is dark in one colour; what is bright there is fog. How much is seen
through it is made as sharp as the picture by a guided filter (He, Sun & Tang 2013).

>>> checks = np.indices((60, 60)).sum(0)[None].repeat(3, 0) % 2.0
>>> mist = 0.5 * checks + 0.5 * 0.9
>>> bool(np.abs(clear(mist) - checks).max() < 0.06)
True
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter, uniform_filter

WINDOW = 15  # pixels of a side within which something is dark
KEPT = 0.95  # of the fog is taken away: without any, pictures look flat
BRIGHTEST = 0.001  # of the pixels are the haziest
LEAST = 0.1  # of the light that is taken to come through
RADIUS, EPSILON = 40, 1e-3  # of the guided filter

Values = NDArray[np.floating]


def clear(picture: Values) -> NDArray[np.float32]:
    """A picture (C, H, W), from 0 to 1, without its fog."""
    airlight = airlight_of(picture)
    through = 1 - KEPT * dark_channel(picture / airlight)
    through = np.clip(guided(picture.mean(0), through), LEAST, 1)
    return np.asarray(np.clip((picture - airlight) / through + airlight, 0, 1), np.float32)


def dark_channel(picture: Values) -> Values:
    """(H, W): the least value of any colour within a window around each pixel of (C, H, W)."""
    return np.asarray(minimum_filter(picture.min(0), WINDOW, mode="nearest"))


def airlight_of(picture: Values) -> Values:
    """(C, 1, 1): the colour of the fog, that of the brightest of the pixels with the haziest surroundings."""
    dark = dark_channel(picture).ravel()
    haziest = np.argsort(-dark, kind="stable")[: max(1, round(BRIGHTEST * dark.size))]
    colours = picture.reshape(len(picture), -1)[:, haziest]
    return np.maximum(colours[:, colours.sum(0).argmax()], 1 / 255)[:, None, None]


def guided(guide: Values, values: Values) -> Values:
    """Values (H, W) smoothed, with edges where the guide (H, W) has them."""

    def mean(of: Values) -> Values:
        return np.asarray(uniform_filter(np.asarray(of, np.float64), 2 * RADIUS + 1, mode="reflect"))

    middle, level = mean(guide), mean(values)
    slope = (mean(guide * values) - middle * level) / (mean(guide**2) - middle**2 + EPSILON)
    return mean(slope) * guide + mean(level - slope * middle)
