"""Fog on a photograph: J·t + A·(1 − t) with t = exp(−β·d), light scattered on the way (Koschmieder 1924).

Photographs come without depths, so a smooth one is drawn: farther upwards, with soft hills and a few flat things in
front.

>>> dark = np.zeros((3, 40, 50), np.uint8)
>>> mist = foggy(dark, 1, np.random.default_rng(0))
>>> mist.shape, bool(mist[:, :5].mean() > mist[:, -5:].mean())
((3, 40, 50), True)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

AIRLIGHT = (0.7, 1.0)  # A, of white
THICK = (0.4, 1.6)  # β, where nobody says
HILLS = 4  # rows and columns of the noise that is made smooth
FRONTS = 3  # things in front, at most
SOFT = 0.01  # of the longer side: how soft their edges are


def foggy(picture: NDArray[np.uint8], thickness: float, chance: np.random.Generator) -> NDArray[np.uint8]:
    """A picture (C, H, W) in fog of this β; 0 draws it."""
    airlight, drawn = 255 * chance.uniform(*AIRLIGHT), chance.uniform(*THICK)
    seen = np.exp(-(thickness or drawn) * depth(picture.shape[1:], chance))
    return np.asarray(np.rint(picture * seen + airlight * (1 - seen)), np.uint8)


def depth(size: tuple[int, ...], chance: np.random.Generator) -> NDArray[np.float64]:
    """(H, W), 1 for what is farthest: a ramp, low-frequency noise, and a few planes in front."""
    height, width = size
    upwards = np.linspace(1, 0, height)[:, None]
    far = 0.4 + chance.uniform(0.4, 1.2) * upwards + 0.5 * _hills((height, width), chance)
    for _ in range(chance.integers(FRONTS + 1)):
        centre, reach = chance.uniform(0, 1, 2) * size, chance.uniform(0.1, 0.4, 2) * size
        inside = [np.abs(np.arange(side) - at) < far_out for side, at, far_out in zip(size, centre, reach, strict=True)]
        far = np.where(inside[0][:, None] & inside[1], np.minimum(far, chance.uniform(0.2, 0.8)), far)
    soft = gaussian_filter(far, SOFT * max(size))
    return np.asarray(soft / soft.max())


def _hills(size: tuple[int, int], chance: np.random.Generator) -> NDArray[np.float64]:
    """(H, W), from 0 to 1: smooth noise."""
    coarse = chance.random((HILLS, HILLS))
    smooth = zoom(coarse, [side / HILLS for side in size], order=3, grid_mode=True, mode="nearest")
    return np.asarray(np.clip(smooth, 0, 1))
