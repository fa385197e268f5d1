"""A series drawn as its curve, and behind it in colours where the network looked.

>>> curves(np.array([[0.0, 1.0, 0.0]], np.float32)).shape
(160, 480, 3)
"""

from __future__ import annotations

import io

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

HEIGHT, WIDTH, EDGE = 160, 480, 8  # pixels
TWICE = 2  # it is drawn so many times as large, and then smaller, which smooths the lines
COVER = 0.75  # how much of the paper the colours hide
HEATS = "YlOrRd"
INK = ((31, 60, 120), (176, 58, 46), (30, 120, 70), (120, 70, 150), (150, 110, 20), (20, 120, 130))  # channels in turn
MOST = len(INK)  # channels drawn; of more the first

Picture = NDArray[np.uint8]


def curves(values: NDArray[np.float32], heat: NDArray[np.float32] | None = None) -> Picture:
    """(H, W, 3): a line for each channel; the paper behind it darkens where `heat` is high, of which below 0 is 0.

    Args:
        values: (channels, length).
        heat: (length,).
    """
    height, width, edge = (TWICE * side for side in (HEIGHT, WIDTH, EDGE))
    paper = np.full((height, width, 3), 255, np.uint8)
    if heat is not None and float(heat.max()) > 0:
        share = np.maximum(np.interp(_places(width, len(heat)), np.arange(len(heat)), heat), 0) / float(heat.max())
        colours = 255 * matplotlib.colormaps[HEATS](share)[None, :, :3]
        paper[:] = np.rint((1 - COVER * share[None, :, None]) * 255 + COVER * share[None, :, None] * colours)
    drawn = Image.fromarray(paper)
    pen = ImageDraw.Draw(drawn)
    low, high = float(values.min()), float(values.max())
    count = values.shape[1]
    x = edge + np.arange(count) * (width - 2 * edge) / max(1, count - 1)
    for one, ink in zip(values[:MOST], INK, strict=False):
        y = height - edge - (one - low) / max(high - low, 1e-9) * (height - 2 * edge)
        pen.line([*map(tuple, np.stack([x, y], 1).tolist())], ink, 2 * TWICE)
    return np.asarray(drawn.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))


def _places(width: int, count: int) -> NDArray[np.float64]:
    """For each column of pixels where in a series of so many values it is."""
    edge = TWICE * EDGE
    return (np.arange(width) - edge) / (width - 2 * edge) * (count - 1)


def png(picture: Picture) -> bytes:
    """The picture as a file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()
