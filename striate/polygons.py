"""The pixels inside a polygon.

>>> polygon_mask([1, 0, 3, 0, 3, 2, 1, 2], (2, 4)).astype(int).tolist()
[[0, 1, 1, 0], [0, 1, 1, 0]]
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def polygon_mask(polygon: Sequence[float], size: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels (height, width) whose centres are inside a polygon x0, y0, x1, y1, …, by the even-odd rule."""
    height, width = size
    xs, ys = np.array(polygon[0::2]), np.array(polygon[1::2])
    nx, ny = np.roll(xs, -1), np.roll(ys, -1)
    centres = np.arange(height)[:, None] + 0.5
    crosses = (ys <= centres) != (ny <= centres)  # (height, edges)
    rows, edges = np.nonzero(crosses)
    slope = (nx - xs)[edges] / (ny - ys)[edges]
    at = xs[edges] + (rows + 0.5 - ys[edges]) * slope
    first = np.clip(np.ceil(at - 0.5), 0, width).astype(int)  # the first pixel whose centre is not left of the edge
    toggled = np.zeros((height, width + 1), int)
    np.add.at(toggled, (rows, first), 1)
    inside: NDArray[np.bool_] = toggled.cumsum(axis=1)[:, :width] % 2 == 1
    return inside
