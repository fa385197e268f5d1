"""Exact search: the cosine of a query with every vector, block by block.

All vectors have length 1, so a block's cosines are one matrix product, whose time is that of reading the block.

>>> blocks = [np.float32([[1, 0], [0, 1]]), np.float32([[0.6, 0.8]])]
>>> rows, likenesses = Exact(blocks, [1]).nearest(np.float32([1, 0]), 3)
>>> rows.tolist(), likenesses.round(6).tolist()
([0, 2], [1.0, 0.6000000238418579])
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from striate.retrieving.ranking import Ranking, Rows, Vectors, best

MORE = 16  # vectors beyond those asked for that are compared again in double precision


class Exact(Ranking):
    """All vectors.

    Args:
        blocks: (N_i, D) each.
        dead: Rows that stand for no image.
    """

    def __init__(self, blocks: Sequence[Vectors], dead: Sequence[int] = ()) -> None:
        self.blocks, self.dead = blocks, np.sort(np.asarray(dead, np.int64))
        self.starts = np.cumsum([0, *map(len, blocks)])
        edges = np.searchsorted(self.dead, self.starts)
        self._dead = [self.dead[a:b] - start for a, b, start in zip(edges, edges[1:], self.starts, strict=False)]

    def __len__(self) -> int:
        return int(self.starts[-1])

    def likenesses(self, queries: Vectors) -> Vectors:
        """(Q, N): cosines."""
        made = np.empty((len(queries), len(self)), np.float32)
        for start, block in zip(self.starts, self.blocks, strict=False):
            np.matmul(queries, block.T, out=made[:, start : start + len(block)])
        made[:, self.dead] = -np.inf
        return made

    def nearest(self, query: Vectors, count: int) -> tuple[Rows, Vectors]:
        """As `Ranking.nearest`; cosines are summed again in double precision, so equal vectors have equal ones."""
        rows = np.sort(self._likely(query, count + MORE))
        if not len(rows):
            return rows, np.zeros(0, np.float32)
        again = self.rows(rows).astype(np.float64) @ query.astype(np.float64)
        order, found = best(again.clip(-1, 1).astype(np.float32), count)
        return rows[order], found

    def _likely(self, query: Vectors, count: int) -> Rows:
        """The rows of the `count` largest products; a block's are dropped at once where enough are larger."""
        rows, values, least = np.zeros(0, np.int64), np.zeros(0, np.float32), np.float32(-np.inf)
        for start, block, dead in zip(self.starts, self.blocks, self._dead, strict=False):
            made = block @ query
            made[dead] = -np.inf
            more = np.flatnonzero(made > least)
            rows, values = np.concatenate([rows, start + more]), np.concatenate([values, made[more]])
            if len(rows) > count:
                kept, values = best(values, count)
                rows, least = rows[kept], values[-1] if len(kept) == count else least
        return rows

    def rows(self, rows: Rows) -> Vectors:
        """(R, D): the vectors of rows."""
        made = np.empty((len(rows), self.blocks[0].shape[1] if self.blocks else 0), np.float32)
        numbers = np.searchsorted(self.starts, rows, side="right") - 1
        for number in np.unique(numbers):
            here = numbers == number
            made[here] = self.blocks[number][rows[here] - self.starts[number]]
        return made
