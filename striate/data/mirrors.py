"""Mirrors in photographs: a part of the same photograph, left and right exchanged, in a frame, and where it is.

Photographs of mirrors with masks (MSD, Yang et al. 2019) are not free to pass on. Rendered ones have the two cues that
networks find mirrors by: what is shown breaks off at the edge, and is like what is outside.

>>> photo = np.random.default_rng(0).integers(0, 256, (3, 80, 100), np.uint8)
>>> picture, mask = with_mirror(photo, np.random.default_rng(1))
>>> picture.shape, mask.shape, bool((picture == photo)[:, ~mask].mean() > 0.8)
((3, 80, 100), (80, 100), True)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

LEAST = 16  # pixels of a side of a photograph
SPAN = (0.3, 0.7)  # of the photograph's sides: a mirror's
SKEW = 0.12  # of its own sides: how far a corner is moved
LEAN = 15  # degrees, at most
FRAME = (0.012, 0.04)  # of the photograph's shorter side
DARKER = (0.7, 0.95)
SOFT = (0.3, 1.2)  # pixels, the standard deviation of the blur
NEARER = (0.7, 1.2)  # how large the part is that is shown, of the mirror
FINER = 4  # how many times as fine corners are drawn, so that edges are smooth

Corners = NDArray[np.float64]  # (4, 2): x and y, clockwise from the upper left one


def with_mirror(photo: NDArray[np.uint8], chance: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A photograph (C, H, W) with a mirror, and which of its pixels (H, W) show the glass."""
    size = photo.shape[1:]
    corners = _corners(size, chance)
    wide = 1 + 2 * chance.uniform(*FRAME) * min(size) / np.ptp(corners, axis=0).mean()
    framed = _drawn((corners - corners.mean(0)) * wide + corners.mean(0), size)
    glass = _drawn(corners, size)
    colour = chance.uniform(0, 200) + chance.uniform(-40, 40, (len(photo), 1, 1))
    made = photo + framed * (np.clip(colour, 0, 255) - photo)
    made = made + glass * (_reflected(photo, corners, chance) - made)
    return np.asarray(np.rint(made), np.uint8), glass > 0.5


def _corners(size: tuple[int, ...], chance: np.random.Generator) -> Corners:
    """Of a leaning rectangle within the photograph, each moved a little: convex, since none is moved far."""
    sides = chance.uniform(*SPAN, 2) * size[::-1]
    unit = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    corners = (unit + chance.uniform(-SKEW, SKEW, (4, 2))) * sides
    lean = np.radians(chance.uniform(-LEAN, LEAN))
    corners = corners @ np.array([[np.cos(lean), np.sin(lean)], [-np.sin(lean), np.cos(lean)]])
    least, most = -corners.min(0), np.array(size[::-1]) - corners.max(0)
    return np.asarray(corners + chance.uniform(np.minimum(least, most), np.maximum(least, most)))


def _drawn(corners: Corners, size: tuple[int, ...]) -> NDArray[np.float64]:
    """(H, W), from 0 to 1: how much of each pixel is between the corners."""
    height, width = size
    fine = Image.new("L", (FINER * width, FINER * height))
    ImageDraw.Draw(fine).polygon([tuple(FINER * place) for place in corners], fill=255)
    return np.asarray(fine.resize((width, height), Image.Resampling.BOX), np.float64) / 255


def _reflected(photo: NDArray[np.uint8], corners: Corners, chance: np.random.Generator) -> NDArray[np.float64]:
    """(C, H, W): between the corners a part of the photograph from elsewhere, mirrored, darker and softer."""
    height, width = photo.shape[1:]
    sides = np.minimum(np.ptp(corners, axis=0) * chance.uniform(*NEARER), [width, height])
    left, top = chance.uniform(0, 1, 2) * (np.array([width, height]) - sides)
    right, bottom = left + sides[0], top + sides[1]
    shown = np.array([[right, top], [left, top], [left, bottom], [right, bottom]])  # left and right exchanged
    soft = chance.uniform(*SOFT)
    how = (photo.shape[:0:-1], Image.Transform.PERSPECTIVE, perspective(corners, shown), Image.Resampling.BILINEAR)
    seen = [np.asarray(Image.fromarray(plane).transform(*how), np.float64) for plane in photo]
    return np.asarray(chance.uniform(*DARKER) * gaussian_filter(np.stack(seen), (0, soft, soft)))


def perspective(places: Corners, sources: Corners) -> list[float]:
    """The eight numbers by which Pillow shows at four places what four sources have (Heckbert 1989)."""
    rows = [
        row
        for (x, y), (u, v) in zip(places, sources, strict=True)
        for row in ([x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y])
    ]
    return list(np.linalg.solve(np.array(rows), sources.ravel()))
