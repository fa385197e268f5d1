"""How near a picture is to another: PSNR, and structural similarity (Wang et al. 2004).

Values are from 0 to 1. The windows of SSIM are Gaussian (spread 1.5, 11 x 11), as in its paper; smaller pictures have
smaller windows.

>>> a = np.zeros((1, 16, 16)); b = a + 0.1
>>> round(psnr(a, b), 2), round(ssim(a, a), 2)
(20.0, 1.0)
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

SPREAD, REACH = 1.5, 5  # of a window
K1, K2 = 0.01, 0.03
LEAST = 1e-10  # mean square, so that means over pictures stay finite
Values = NDArray[np.floating]


def psnr(true: Values, made: Values) -> float:
    """10 log10(1 / mean square), in dB, over all entries of (C, H, W); at most 100, which equal pictures have."""
    error = float(np.mean((np.asarray(true, np.float64) - made) ** 2))
    return -10 * math.log10(max(error, LEAST))


def ssim(true: Values, made: Values) -> float:
    """From -1 to 1, the mean over all windows within the picture and over its channels (C, H, W)."""
    return float(np.mean([_of_channel(x[None], y[None]) for x, y in zip(true, made, strict=True)]))


def _of_channel(true: Values, made: Values) -> float:
    x, y = np.asarray(true, np.float64), np.asarray(made, np.float64)
    reach = min(REACH, (min(x.shape[1:]) - 1) // 2)
    bell = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * SPREAD**2))
    bell /= bell.sum()

    def local(values: Values) -> Values:
        for axis in (1, 2):
            values = correlate1d(values, bell, axis)
        inner = [slice(reach, side - reach) for side in values.shape[1:]]
        return values[:, inner[0], inner[1]]

    mean_x, mean_y = local(x), local(y)
    var_x, var_y, both = local(x * x) - mean_x**2, local(y * y) - mean_y**2, local(x * y) - mean_x * mean_y
    alike = (2 * mean_x * mean_y + K1**2) * (2 * both + K2**2)
    return float(np.mean(alike / ((mean_x**2 + mean_y**2 + K1**2) * (var_x + var_y + K2**2))))
