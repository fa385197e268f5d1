"""How much ink each pixel of a page has, under light that differs from place to place.

The paper's own brightness is what remains when everything narrower than the largest character is filled up (a grey
closing); ink is what is darker by more than the noise. On a dark page it is the other way round.

>>> page = np.tile(np.linspace(120, 250, 200), (150, 1)); page[60:90, 100:104] *= 0.2
>>> ink = strengths(page.astype(np.uint8))
>>> float(ink[75, 101]) > 0.9, float(ink[:, :90].max())
(True, 0.0)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Strengths = NDArray[np.float32]  # (H, W), 0 to 1

COARSE = 8  # pixels a side of the blocks in which the paper's brightness is followed
FAINT = 0.1  # of the paper's brightness: what differs by less is no ink
NOISES = 4.0  # standard deviations of the paper's noise that are no ink
STRONG = 0.9  # quantile of the ink's contrast that is full strength


def strengths(grey: NDArray[np.uint8]) -> Strengths:
    """The ink of a page, 0 to 1.

    Args:
        grey: (H, W), 0 to 255; dark on light or light on dark.
    """
    from scipy import ndimage

    light: Strengths = grey.astype(np.float32) / np.float32(255)
    around = _blocks(light)
    smooth = _grown(ndimage.gaussian_filter(around, 4.0), light.shape)
    if float(((light - smooth) ** 3).mean()) > 0:  # few pixels differ much, and they are lighter
        light, around = 1 - light, 1 - around
    reach, slope = max(3, min(around.shape) // 2), _plane(around)
    even = ndimage.gaussian_filter(ndimage.grey_closing(around - slope, reach), 1.0)
    paper = _grown(even + slope, light.shape)
    contrast = 1 - light / np.maximum(paper, 1 / 255)
    contrast -= np.median(contrast)
    least = max(FAINT, NOISES * 1.4826 * float(np.median(np.abs(contrast))))
    ink = contrast[contrast > least]
    if not ink.size:
        return np.zeros(grey.shape, np.float32)
    full = max(float(np.quantile(ink, STRONG)), least + FAINT)
    return np.asarray(np.clip((contrast - least) / (full - least), 0, 1), np.float32)


def _blocks(light: Strengths) -> Strengths:
    """The mean of each block."""
    rows, columns = (-(-side // COARSE) for side in light.shape)
    padding = (0, rows * COARSE - light.shape[0]), (0, columns * COARSE - light.shape[1])
    whole = np.pad(light, padding, mode="edge").reshape(rows, COARSE, columns, COARSE)
    return np.asarray(whole.mean((1, 3)), np.float32)


def _plane(around: Strengths) -> Strengths:
    """The plane nearest to a page's brightness: a closing would fill up the darker end of a slope."""
    rows, columns = np.indices(around.shape, np.float32)
    of = np.stack([np.ones_like(rows), rows, columns], 2).reshape(-1, 3)
    return np.asarray((of @ np.linalg.lstsq(of, around.ravel())[0]).reshape(around.shape), np.float32)


def _grown(coarse: Strengths, shape: tuple[int, ...]) -> Strengths:
    """Blocks as large as the page, without steps between them."""
    from PIL import Image

    size = (coarse.shape[1] * COARSE, coarse.shape[0] * COARSE)
    whole = np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BILINEAR), np.float32)
    return whole[: shape[0], : shape[1]]
