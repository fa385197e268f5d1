"""The pixels inside a polygon, and the polygon around pixels.

>>> inside = polygon_mask([1, 0, 3, 0, 3, 2, 1, 2], (2, 4))
>>> inside.astype(int).tolist(), outline(inside)
([[0, 1, 1, 0], [0, 1, 1, 0]], [(1, 0), (3, 0), (3, 2), (1, 2)])
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


def outline(inside: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The corners (x, y) of the polygon around pixels (H, W), clockwise from the first one's upper left corner.

    Args:
        inside: At least one; neighbours in rows and columns are joined. Holes, and what is joined to the first pixel
            over a corner or not at all, are left out.
    """
    field = np.pad(inside, 1)
    y, x = (int(place) for place in np.argwhere(field)[0])
    corners, start, right, down = [(x - 1, y - 1)], (x, y), 1, 0
    x += 1
    while (x, y) != start:
        on_the_right, on_the_left = (_ahead(field, (x, y), (right, down), side) for side in (1, -1))
        turn = 1 if not on_the_right else -1 if on_the_left else 0
        if turn:
            corners.append((x - 1, y - 1))
            right, down = -turn * down, turn * right
        x, y = x + right, y + down
    return corners


def _ahead(field: NDArray[np.bool_], corner: tuple[int, int], way: tuple[int, int], side: int) -> bool:
    """The pixel ahead of a corner on the right hand (1) or the left (-1) of who goes this way, clockwise around."""
    (x, y), (right, down) = corner, way
    return bool(field[y + (down + side * right - 1) // 2, x + (right - side * down - 1) // 2])
