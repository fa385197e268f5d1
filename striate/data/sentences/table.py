"""The first values of a table of word vectors: others' vectors where there are any, and drawn ones.

>>> from striate.data.sentences.vectors import parsed
>>> known = Vocabulary(("a", "film"))
>>> table = table_for(known, parsed([b"film 2 -2\\n"], known.words), seed=0)
>>> table.weights[[0, 3]].tolist(), table.found
([[0.0, 0.0], [2.0, -2.0]], 1)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from striate.notation import tree

from .vectors import WordVectors
from .vocabulary import PADDING, SPECIAL, Vocabulary

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Table:
    """First values of word vectors.

    Attributes:
        weights: (len(vocabulary), width) float32; that of padding is 0.
        found: how many words have others' vectors.
        spread: the others are drawn evenly from -spread to spread.
    """

    weights: Tensor
    found: int
    spread: float

    @property
    def said(self) -> str:
        """One line: how many words were found.

        >>> drawn(12, 5, seed=0).said
        'none of 10 words has a vector of others; all are drawn from -0.25 to 0.25'
        """
        words = len(self.weights) - SPECIAL
        if not self.found:
            ends = f"-{self.spread:g} to {self.spread:g}"
            return f"none of {words:,} words has a vector of others; all are drawn from {ends}"
        share = f"{self.found:,} of {words:,} words ({self.found / words:.1%}) have a vector"
        return f"{share}; the others are drawn from -{self.spread:.3g} to {self.spread:.3g}, which has its variance"


def wanted(vocabulary: Vocabulary) -> set[str]:
    """The words to look for in a file: those of a vocabulary, and in small letters those with capitals."""
    return {*vocabulary.words, *(word.lower() for word in vocabulary.words)}


def table_for(vocabulary: Vocabulary, vectors: WordVectors, seed: int) -> Table:
    """A table with the vectors that were found, and others drawn with the variance of these (Kim 2014, section 3.2).

    A word with capitals that the file lacks has the vector of its small letters.
    """
    import torch

    have = vectors.vectors
    found = {row: have.get(word, have.get(word.lower())) for word, row in vocabulary.rows.items()}
    rows = {row: vector for row, vector in found.items() if vector is not None}
    spread = spread_of(rows.values()) or tree.Embed.SPREAD
    table = drawn(len(vocabulary), vectors.width, seed, spread)
    for row, vector in rows.items():
        table.weights[row] = torch.from_numpy(vector)
    return Table(table.weights, len(rows), spread)


def drawn(rows: int, width: int, seed: int, spread: float = tree.Embed.SPREAD) -> Table:
    """A table of drawn vectors; the same seed gives the same ones."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    weights = (torch.rand(rows, width, generator=generator) * 2 - 1) * spread
    weights[PADDING] = 0
    return Table(weights, 0, spread)


def spread_of(vectors: Iterable[np.ndarray]) -> float:
    """The a for which even values from -a to a have the variance of these: a² / 3; 0 without any.

    >>> spread_of([np.array([3.0, -3.0])]) == 27**0.5
    True
    """
    every = list(vectors)
    return float(np.sqrt(3 * np.var(np.concatenate(every), dtype=np.float64))) if every else 0.0
