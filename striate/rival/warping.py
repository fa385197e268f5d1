"""The rival of networks for series: the nearest training series by dynamic time warping (Sakoe & Chiba 1978).

How far warping may go is chosen as in the UCR archive: among a few windows the one with which most training series have
one of their own class nearest, each without itself.

>>> up, late = np.array([[0, 1, 1, 1.0]]), np.array([[0, 0, 1, 1.0]])
>>> float(apart([up], [late], 0)[0, 0]), float(apart([up], [late], 1)[0, 0])
(1.0, 0.0)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WINDOWS = (0.0, 0.03, 0.06, 0.1, 0.2)  # shares of the longest series
MOST = 500  # training series on which the window is chosen
ENTRIES = 2**21  # of a few diagonals for many pairs that are worked on together

Series = Sequence[NDArray[np.floating]]
Distances = NDArray[np.float32]


def nearest(train: Series, labels: NDArray[np.int64], test: Series, window: int) -> NDArray[np.int64]:
    """The class of the nearest training series of each."""
    return np.asarray(labels[apart(test, train, window).argmin(1)], np.int64)


def chosen(train: Series, labels: NDArray[np.int64], seed: int) -> tuple[int, float]:
    """The best window in moments, and the share that is right with it, each series without itself."""
    part = np.sort(np.random.default_rng(seed).permutation(len(train))[:MOST])
    some, classes = [train[row] for row in part], labels[part]
    longest = max(one.shape[1] for one in train)
    tried: dict[int, float] = {}
    for window in sorted({round(share * longest) for share in WINDOWS}):
        distances = apart(some, some, window)
        np.fill_diagonal(distances, np.inf)
        tried[window] = float((classes[distances.argmin(1)] == classes).mean())
    best = max(tried, key=lambda window: (tried[window], -window))
    return best, tried[best]


def apart(ones: Series, others: Series, window: int) -> Distances:
    """(N, M): the least sum of squared differences along a path that is at most `window` moments off the diagonal.

    Two of unequal lengths are compared with a window at least as wide as they differ.

    Args:
        ones: N series (channels, length).
        others: M of them.
        window: In moments.
    """
    lengths = [np.array([one.shape[1] for one in series]) for series in (ones, others)]
    wide = max(window, int(np.abs(lengths[0][:, None] - lengths[1]).max()))
    first, second = (_padded(series) for series in (ones, others))
    rows = max(1, ENTRIES // (len(others) * max(first.shape[2] + 1, (wide + 1) * first.shape[1])))
    parts = (slice(start, start + rows) for start in range(0, len(ones), rows))
    made = [_by_diagonals(first[some], second, lengths[0][some], lengths[1], window) for some in parts]
    return np.concatenate(made)


def _by_diagonals(
    a: Distances, b: Distances, long_a: NDArray[np.int64], long_b: NDArray[np.int64], window: int
) -> Distances:
    """All pairs at once, diagonal by diagonal: entry i of a meets entry d - i of b."""
    count, other = len(a), len(b)
    ends = long_a[:, None] + long_b - 2  # the diagonal on which a pair's path ends
    last = np.broadcast_to(long_a[:, None] - 1, ends.shape)
    limit = np.maximum(window, np.abs(long_a[:, None] - long_b))[..., None]  # of each pair
    wide = int(limit.max())
    found = np.full((count, other), np.inf, np.float32)
    empty = np.full((count, other, a.shape[2] + 1), np.inf, np.float32)
    before, latest = empty, empty  # of the two diagonals before: entry i + 1 is that of i
    for d in range(int(ends.max()) + 1):
        low = max(0, d - b.shape[2] + 1, -(-(d - wide) // 2))
        high = min(a.shape[2] - 1, d, (d + wide) // 2)
        now = empty.copy()
        if low <= high:
            i = np.arange(low, high + 1)
            cost = np.square(a[:, None][..., i] - b[None][..., d - i]).sum(2)  # (N, M, I)
            cost = np.where(np.abs(2 * i - d) <= limit, cost, np.float32(np.inf))
            ways = np.minimum(np.minimum(latest[..., i], latest[..., i + 1]), before[..., i])
            now[..., i + 1] = cost + (0 if d == 0 else ways)
        done = ends == d
        if done.any():
            found[done] = np.take_along_axis(now, last[..., None] + 1, 2)[..., 0][done]
        before, latest = latest, now
    return found


def _padded(series: Series) -> Distances:
    whole = np.zeros((len(series), series[0].shape[0], max(one.shape[1] for one in series)), np.float32)
    for row, one in zip(whole, series, strict=True):
        row[:, : one.shape[1]] = one
    return whole
