"""Approximate search by FAISS (Johnson et al. 2017): vectors in cells, of which only the nearest are looked through.

For millions of images. Answers have their exact cosines; some may be missing.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import numpy as np

from striate.errors import WorkError
from striate.retrieving.book import Book
from striate.retrieving.derived import kept, sample_of
from striate.retrieving.exact import Exact
from striate.retrieving.ranking import Ranking, Rows, Vectors, best

FILE = "approximate.faiss"
LEAST = 64  # vectors of a cell, on average
SHARE = 16  # one of so many cells is looked through
MORE = 16  # answers beyond those asked for, of which the exact cosines are taken


class Approximate(Ranking):
    """A FAISS index of vectors.

    Args:
        index: FAISS's.
        vectors: The vectors.
    """

    def __init__(self, index: Any, vectors: Exact) -> None:
        self.index, self.vectors = index, vectors
        index.nprobe = max(1, index.nlist // SHARE)

    def likenesses(self, queries: Vectors) -> Vectors:
        """(Q, N): all of them, which are exact."""
        return self.vectors.likenesses(queries)

    def nearest(self, query: Vectors, count: int) -> tuple[Rows, Vectors]:
        """As `Ranking.nearest`, of the cells that are looked through."""
        wanted = min(count + MORE + len(self.vectors.dead), len(self.vectors))
        rows = np.setdiff1d(self.index.search(query[None], wanted)[1][0], [-1, *self.vectors.dead])
        order, found = best((self.vectors.rows(rows) @ query).clip(-1, 1), count)
        return rows[order], found


def approximate_of(book: Book, vectors: Exact) -> Approximate:
    """The FAISS index of an index's vectors.

    Raises:
        WorkError: FAISS is not installed.
    """
    faiss = _faiss()
    content = kept(book, FILE, lambda: _made(faiss, vectors))
    return Approximate(faiss.deserialize_index(np.frombuffer(content, np.uint8)), vectors)


def _made(faiss: Any, vectors: Exact) -> bytes:
    cells = max(1, min(len(vectors) // LEAST, round(4 * math.sqrt(len(vectors)))))
    length = vectors.blocks[0].shape[1]
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(length), length, cells, faiss.METRIC_INNER_PRODUCT)
    index.cp.min_points_per_centroid = 1  # else it warns of few
    index.train(sample_of(vectors))
    for block in vectors.blocks:
        index.add(np.ascontiguousarray(block))
    return bytes(faiss.serialize_index(index))


def _faiss() -> Any:
    try:
        return import_module("faiss")
    except ImportError:
        how = '`pip install "striate[approximate]"`'
        raise WorkError(f"FAISS is not installed; {how}, or search without `approximate`") from None
