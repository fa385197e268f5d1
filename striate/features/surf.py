"""SURF: in each of 4×4 parts around a point, how much the image rises to the right and down, and how much it varies.

H. Bay, T. Tuytelaars and L. Van Gool, "SURF: speeded up robust features", ECCV 2006, section 4. Haar wavelets from
integral images give an orientation, then, in a window of 20 scales turned by it, 4×4 sums of (dx, dy, |dx|, |dy|).
To classify, an upright descriptor is taken at each point of a grid.

>>> rows(torch.rand(2, 1, 28, 28)).shape  # 9 points of 4×4 parts of 4 sums
torch.Size([2, 576])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .grid import enlarged, grid, in_parts
from .hessian import detect
from .integral import Floats, box, integral
from .points import draw_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WINDOW = 20  # scales per side
ORIENTED, SECTOR = 6, np.pi / 3  # radius in scales, and angle, of what decides the orientation
DRAWN_SIDE, DRAWN = 112, 15  # pixels, and points at most

_disc = np.array([(x, y) for y in range(-ORIENTED, ORIENTED + 1) for x in range(-ORIENTED, ORIENTED + 1)], dtype=float)
DISC = _disc[(_disc**2).sum(1) < ORIENTED**2]  # (109, 2): x, y in scales
_across = np.arange(WINDOW) - (WINDOW - 1) / 2
SQUARE = np.stack(np.meshgrid(_across, _across), 2).reshape(-1, 2)  # (400, 2): x, y in scales


def orientations(table: Floats, places: Floats, scales: Floats) -> Floats:
    """The angle (P,) in radians of each point: where a sector of π/3 holds the longest sum of Haar answers.

    Args:
        table: The image's integral (H + 1, W + 1).
        places: (P, 2): x, y in pixels.
        scales: (P,) in pixels.
    """
    at = places[:, None] + DISC * scales[:, None, None]  # (P, 109, 2)
    dx, dy = _haar(table, at, 2 * scales[:, None])
    weight = np.exp(-(DISC**2).sum(1) / (2 * 2.5**2))
    answers = (dx + 1j * dy) * weight
    starts = np.arange(-np.pi, np.pi, np.pi / 36)
    inside = (np.angle(answers)[:, None] - starts[:, None]) % (2 * np.pi) < SECTOR  # (P, 72, 109)
    sums = (inside * answers[:, None]).sum(2)
    return np.asarray(np.angle(np.take_along_axis(sums, np.abs(sums).argmax(1)[:, None], 1)[:, 0]))


def descriptors(table: Floats, places: Floats, scales: Floats, angles: Floats) -> Floats:
    """Unit vectors (..., P, 64) for points as `orientations` takes them, in integral images (..., H + 1, W + 1)."""
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]  # (P, 1)
    turned = np.stack([cos * SQUARE[:, 0] - sin * SQUARE[:, 1], sin * SQUARE[:, 0] + cos * SQUARE[:, 1]], 2)
    dx, dy = _haar(table, places[:, None] + turned * scales[:, None, None], scales[:, None])
    weight = np.exp(-(SQUARE**2).sum(1) / (2 * 3.3**2))
    along, across = (cos * dx + sin * dy) * weight, (cos * dy - sin * dx) * weight  # (..., P, 400)
    parts = np.stack([along, across, np.abs(along), np.abs(across)], -1)
    shape = (*parts.shape[:-2], 4, WINDOW // 4, 4, WINDOW // 4, 4)
    sums = parts.reshape(shape).sum((-4, -2)).reshape(*parts.shape[:-2], 64)
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=-1, keepdims=True), 1e-12))


def surf(image: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Interest points and descriptors of an image (H, W) of pixels 0..1.

    Returns:
        Points (P, 4): x, y, scale in pixels, angle in radians, strongest first; descriptors (P, 64).
    """
    found = detect(image)
    places = np.array([(point.x, point.y) for point in found]).reshape(-1, 2)
    scales = np.array([point.scale for point in found])
    table = integral(image)
    angles = orientations(table, places, scales)
    return np.column_stack([places, scales, angles]), descriptors(table, places, scales, angles)


def rows(images: Tensor) -> Tensor:
    """(N, 9·64): upright descriptors on a grid of 3×3 points whose windows are half the image."""
    found = []
    for part in in_parts(images):
        pixels = enlarged(part)[:, 0].numpy()
        middles, window = grid(*pixels.shape[1:])
        places = np.array(middles) - 0.5
        scales = np.full(len(places), window / WINDOW)
        made = descriptors(integral(pixels), places, scales, np.zeros(len(places)))  # (n, 9, 64)
        found.append(made.reshape(len(part), -1).astype(np.float32))
    return torch.from_numpy(np.concatenate(found))


def draw(axes: Axes, image: Tensor) -> None:
    """The strongest points that SURF finds, each with its scale and orientation."""
    pixels = enlarged(image[None], DRAWN_SIDE)[0, 0].numpy()
    points, _ = surf(pixels)
    draw_points(axes, pixels, [(x, y, 2.5 * scale, angle) for x, y, scale, angle in points[:DRAWN].tolist()])


def _haar(table: Floats, places: Floats, halves: Floats) -> tuple[Floats, Floats]:
    """Haar wavelets, right minus left and below minus above, of 2·`halves` pixels per side around places (…, 2)."""
    x, y = (np.rint(places[..., axis] + 0.5).astype(np.int64) for axis in (0, 1))
    half = np.maximum(np.rint(halves), 1).astype(np.int64)
    dx = box(table, y - half, x, y + half, x + half) - box(table, y - half, x - half, y + half, x)
    dy = box(table, y, x - half, y + half, x + half) - box(table, y - half, x - half, y, x + half)
    return dx, dy
