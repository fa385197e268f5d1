"""How good a ranking of a collection is: average precision of each query, and the precision of its first answers.

>>> hits = np.array([[True, False, True]])
>>> average_precision(hits).round(4).tolist(), precision_at(hits, 2).tolist()
([0.8333], [0.5])
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def average_precision(hits: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(Q,): the mean, over the right answers of each query, of the precision down to each of them.

    Args:
        hits: (Q, N) whether each answer is right, the nearest first, over the whole collection. A query without any
            right answer has no average: not a number.
    """
    found = np.cumsum(hits, 1)
    precision = found / np.arange(1, hits.shape[1] + 1)
    count = found[:, -1] if hits.shape[1] else np.zeros(len(hits))
    total = (precision * hits).sum(1)
    made: NDArray[np.float64] = np.divide(total, count, out=np.full(len(hits), np.nan), where=count > 0)
    return made


def precision_at(hits: NDArray[np.bool_], count: int) -> NDArray[np.float64]:
    """(Q,): the share of right ones among the first `count` answers of each query; of a smaller collection, of all.

    Args:
        hits: (Q, N), as for `average_precision`.
        count: 1 or more.
    """
    shares: NDArray[np.float64] = hits[:, :count].mean(1)
    return shares
