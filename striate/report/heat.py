"""A picture with a map over it, in colours: where a network looked.

>>> heated(np.zeros((2, 2), np.float32), np.array([[0.0, 1.0], [0.0, -1.0]], np.float32))[0, 1].tolist()
[151, 153, 99]
"""

import matplotlib
import numpy as np
from numpy.typing import NDArray

COVER = 0.6  # how much of the picture the map hides
COLOURS = "inferno"  # the report's style sheet has its colours for the legend


def heated(image: NDArray[np.float32], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The picture (H, W, 3), uint8, with the map over it, from 0 to its largest value; what is below 0 is 0.

    Args:
        image: Grey values (H, W) or colours (H, W, 3), 0 to 1.
        heat: (H, W).
    """
    under = image if image.ndim == 3 else image[:, :, None].repeat(3, axis=2)
    share = np.maximum(heat, 0) / max(float(heat.max()), 1e-12)
    over = matplotlib.colormaps[COLOURS](share)[:, :, :3]
    mixed: NDArray[np.uint8] = np.rint(255 * ((1 - COVER) * under + COVER * over)).astype(np.uint8)
    return mixed
