"""Series of unequal lengths as one array: zeros beyond the end, and what each moment counts in a mean.

The weights of a series of n values in rows of L are L/n within it and 0 beyond: the plain mean of weighted values, as
`gap` takes it, is then the mean over the series alone.

>>> import numpy as np
>>> rows = padded([np.ones((1, 2), np.float32)], 4)
>>> rows[0, 0].tolist(), weights([2], 4)[0, 0].tolist()
([1.0, 1.0, 0.0, 0.0], [2.0, 2.0, 0.0, 0.0])
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .cleaning import Values


def padded(series: Sequence[Values], length: int) -> Values:
    """(N, channels, length) of series no longer than that."""
    rows = np.zeros((len(series), series[0].shape[0], length), np.float32)
    for row, one in zip(rows, series, strict=True):
        row[:, : one.shape[1]] = one
    return rows


def weights(lengths: Sequence[int], length: int) -> Values:
    """(N, 1, length): what each moment counts."""
    ends = np.asarray(lengths)[:, None, None]
    made: NDArray[np.float32] = np.where(np.arange(length) < ends, length / ends, 0).astype(np.float32)
    return made


def shortened(series: Values, length: int) -> Values:
    """A series (channels, n) drawn together to `length` values where it has more."""
    count = series.shape[1]
    if count <= length:
        return series
    places = np.linspace(0, count - 1, length)
    return np.stack([np.interp(places, np.arange(count), one) for one in series]).astype(np.float32)
