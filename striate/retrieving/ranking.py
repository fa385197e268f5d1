"""What a way of searching can do: say how alike all images are to a query, and name the most alike.

>>> class Same(Ranking):
...     def likenesses(self, queries):
...         return np.tile(np.float32([0.5, 0.9, 0.9, 0.1]), (len(queries), 1))
>>> Same().nearest(np.zeros(2, np.float32), 2)
(array([1, 2]), array([0.9, 0.9], dtype=float32))
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]


class Ranking(ABC):
    """A way of searching. Rows count through all chunks of an index."""

    @abstractmethod
    def likenesses(self, queries: Vectors) -> Vectors:
        """(Q, N): how alike each image is to each query (Q, D) of length 1; -inf for rows that stand for none."""

    def nearest(self, query: Vectors, count: int) -> tuple[Rows, Vectors]:
        """The rows of the `count` most alike and how alike they are, best first; of equal ones the first row is first.

        There are fewer where the index has fewer.
        """
        return best(self.likenesses(query[None])[0], count)


def best(values: Vectors, count: int) -> tuple[Rows, Vectors]:
    """The positions of the largest values and they, in order; -inf is left out."""
    few = min(count, len(values))
    least = np.partition(values, len(values) - few)[len(values) - few] if few else np.float32(np.inf)
    rows = np.flatnonzero(values >= least)  # with all that are equal to the last
    rows = rows[np.argsort(-values[rows], kind="stable")][:few]
    rows = rows[values[rows] > -np.inf]
    return rows, values[rows]
