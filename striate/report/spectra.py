"""Log mel bands drawn: time goes to the right, high bands stand at the top.

>>> spectrum(np.zeros((40, 64), np.float32)).shape
(240, 384, 3)
"""

from __future__ import annotations

import matplotlib
import numpy as np
from numpy.typing import NDArray

TIMES = 6  # pixels an entry
COLOURS = "magma"


def spectrum(bands: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(H, W, 3) of bands (B, T), the lowest value dark."""
    low, high = float(bands.min()), float(bands.max())
    share = (bands - low) / max(high - low, 1e-9)
    colours = matplotlib.colormaps[COLOURS](share)[:, :, :3]
    drawn: NDArray[np.uint8] = np.rint(255 * colours).astype(np.uint8)
    return drawn.repeat(TIMES, 0).repeat(TIMES, 1)
