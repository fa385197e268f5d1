"""Rain on a photograph: streaks of several layers, which add light and never take any.

A layer is thresholded noise, blurred along the way that drops fall (as in the making of Rain100H, Yang et al. 2017).

>>> dark = np.zeros((3, 40, 50), np.uint8)
>>> wet = rainy(dark, 5, np.random.default_rng(0))
>>> wet.shape, bool((wet >= dark).all()), bool((wet[0] == wet[2]).all())
((3, 40, 50), True, True)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEEP = (60, 90, 120)  # degrees: how drops fall; most about 90, straight down
APART = 8  # degrees: how far layers fall from the picture's direction
LONG = (15, 120)  # pixels: how long streaks are
WIDE = (0.4, 1.3)  # pixels: the standard deviation across a streak
COVERED = (0.02, 0.5)  # of the picture, by a layer
BRIGHT = (10, 110)  # of 255: what a layer adds


def rainy(picture: NDArray[np.uint8], layers: float, chance: np.random.Generator) -> NDArray[np.uint8]:
    """A picture (C, H, W) under so many layers of streaks."""
    direction = chance.triangular(*STEEP)
    height, width = picture.shape[1:]
    light = sum(_layer((height, width), direction, chance) for _ in range(int(layers)))
    return np.asarray(np.rint(np.clip(picture + light, 0, 255)), np.uint8)


def _layer(size: tuple[int, int], direction: float, chance: np.random.Generator) -> NDArray[np.float32]:
    """(H, W), from 0: the light of streaks of one length, one width and about one direction."""
    from scipy.signal import fftconvolve  # it takes long to import, and only rain needs it

    streak = line(chance.uniform(*LONG), direction + chance.uniform(-APART, APART), chance.uniform(*WIDE))
    covered, bright = chance.uniform(*COVERED), chance.uniform(*BRIGHT)
    share = np.float32(-np.log(1 - covered) / streak.sum())  # of pixels in which a drop begins
    noise = chance.random([side + more - 1 for side, more in zip(size, streak.shape, strict=True)], np.float32)
    drops = np.where(noise < share, 1 - noise / (2 * share), np.float32(0))  # what is below is even again: 0.5 to 1
    return np.asarray(bright * np.clip(fftconvolve(drops, streak, "valid"), 0, 1))


def line(length: float, direction: float, spread: float) -> NDArray[np.float32]:
    """(h, w): a line of this length in pixels and direction in degrees, 1 along its middle, soft across."""
    reach = int(np.ceil(length / 2 + 3 * spread))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    down, right = np.sin(np.radians(direction)), np.cos(np.radians(direction))
    along, across = np.abs(x * right + y * down), x * down - y * right
    drawn = np.clip(length / 2 + 0.5 - along, 0, 1) * np.exp(-0.5 * (across / spread) ** 2)
    return np.asarray(drawn[:, (drawn > 0.01).any(0)], np.float32)
