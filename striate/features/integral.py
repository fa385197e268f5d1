"""Integral images: the sum of any upright box from four numbers, however large the box.

F. C. Crow, "Summed-area tables for texture mapping", SIGGRAPH 1984; for features by P. Viola and M. Jones, 2001.

>>> table = integral(np.arange(9.0).reshape(3, 3))
>>> float(box(table, 1, 1, 3, 3))  # 4 + 5 + 7 + 8
24.0
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64] | int


def integral(images: NDArray[Any]) -> Floats:
    """Tables (..., H + 1, W + 1) of images (..., H, W): entry (r, c) is the sum above row r and left of column c."""
    table = np.zeros((*images.shape[:-2], images.shape[-2] + 1, images.shape[-1] + 1))
    table[..., 1:, 1:] = images.cumsum(-1, dtype=np.float64).cumsum(-2)
    return table


def box(table: Floats, top: Places, left: Places, bottom: Places, right: Places) -> Floats:
    """Sums over rows top..bottom-1 and columns left..right-1, the arguments broadcast; what is outside counts as 0."""
    height, width = table.shape[-2:]
    flat = table.reshape(*table.shape[:-2], -1)
    top, bottom = (np.clip(row, 0, height - 1) * width for row in (top, bottom))
    left, right = (np.clip(column, 0, width - 1) for column in (left, right))
    corners = [np.take(flat, row + column, -1) for row in (top, bottom) for column in (left, right)]
    return np.asarray(corners[3] - corners[2] - corners[1] + corners[0])
