"""Boxes as people write them → boxes that have an area and lie within their image; what was wrong is counted."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

NOT_A_NUMBER, SWAPPED, OUTSIDE, CUT, EMPTY = (
    "not a number",
    "corners swapped",
    "outside the image",
    "cut at the image's edge",
    "without area",
)
MENDED = (SWAPPED, CUT)  # the box is taken, after a change
BEYOND = 1.5  # pixels beyond the edge that are rounding or another way to count, and not told
LEAST = 1e-3  # pixels that a side has


def cleaned(
    places: NDArray[np.float64], size: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.int64], dict[str, int]]:
    """The boxes that can be learned from, their positions among those given, and the number of each fault.

    Args:
        places: (B, 4): left, top, right and bottom edge in pixels.
        size: (height, width) of their image.
    """
    height, width = size
    faults: Counter[str] = Counter()
    finite = np.isfinite(places).all(1)
    first, last = np.minimum(places[:, :2], places[:, 2:]), np.maximum(places[:, :2], places[:, 2:])
    swapped = finite & (places[:, :2] > places[:, 2:]).any(1)
    empty = finite & (last - first < LEAST).any(1)
    most = np.array([width, height], np.float64)
    inside_first, inside_last = np.clip(first, 0, most), np.clip(last, 0, most)
    outside = finite & ~empty & (inside_last - inside_first < LEAST).any(1)
    kept = finite & ~empty & ~outside
    cut = kept & ((inside_first - first > BEYOND) | (last - inside_last > BEYOND)).any(1)
    for name, rows in (
        (NOT_A_NUMBER, ~finite),
        (SWAPPED, swapped & kept),
        (OUTSIDE, outside),
        (CUT, cut),
        (EMPTY, empty),
    ):
        faults[name] = int(rows.sum())
    good = np.concatenate([inside_first, inside_last], 1)[kept].astype(np.float32)
    return good.reshape(-1, 4), np.flatnonzero(kept), {name: count for name, count in faults.items() if count}
