"""One series as it is written, made one that a network can read; or why that can't be done.

Not-a-number at the end is where a series ends, as in the UCR archive; between numbers it is a missing value.

>>> import numpy as np
>>> cleaned(np.array([[5.0]])).fault
'it has one value alone'
>>> cleaned(np.array([[np.nan, np.nan]])).fault
'it has no values'
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Clean:
    """A series.

    Attributes:
        values: (channels, length), finite.
        missing: How many values were missing, and lie on the line between their neighbours now.
        fault: Why it can't be used; empty where it can.
    """

    values: Values = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    missing: int = 0
    fault: str = ""


def cleaned(written: NDArray[np.floating]) -> Clean:
    """A series (channels, length) without what is beyond its end, and with what is missing filled in."""
    there = ~np.isnan(written)
    if np.isinf(written).any() or (np.abs(written[there]) > np.finfo(np.float32).max).any():
        return Clean(fault="it has a value that is not finite")
    ends = np.flatnonzero(there.any(0))
    if not len(ends):
        return Clean(fault="it has no values")
    values, there = written[:, : ends[-1] + 1].astype(np.float32), there[:, : ends[-1] + 1]
    if values.shape[1] < 2:
        return Clean(fault="it has one value alone")
    if not there.any(1).all():
        return Clean(fault=f"its channel {int(np.flatnonzero(~there.any(1))[0]) + 1} has no values")
    places = np.arange(values.shape[1])
    for channel, known in zip(values, there, strict=True):
        if not known.all():
            channel[~known] = np.interp(places[~known], places[known], channel[known])
    return Clean(values, int((~there).sum()))
