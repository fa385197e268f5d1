"""The first values of a table of word vectors: others' vectors where there are any.

>>> import torch
>>> from striate.data.sentences.vectors import parsed
>>> known, first = Vocabulary(("a", "film")), torch.tensor([[0.0, 0.0], [0.25, 0.1], [0.1, -0.2], [0.2, 0.0]])
>>> fill(first, known, parsed([b"film 2 -2\\n"], known.words))
'1 of 2 words (50.0%) has a vector; the others are drawn from -3.46 to 3.46, which has its variance'
>>> first[[0, 3]].tolist()
[[0.0, 0.0], [2.0, -2.0]]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from striate.errors import InputError
from striate.notation.tree import Embed

from .vectors import WordVectors
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    from torch import Tensor


def wanted(vocabulary: Vocabulary) -> set[str]:
    """The words to look for in a file: those of a vocabulary, and in small letters those with capitals."""
    return {*vocabulary.words, *(word.lower() for word in vocabulary.words)}


def fill(table: Tensor, vocabulary: Vocabulary, vectors: WordVectors) -> str:
    """Put the vectors that were found into a table, and give the others their variance (Kim 2014, section 3.2).

    A word with capitals that the file lacks has the vector of its small letters.

    Args:
        table: (rows, width), drawn as tables begin; changed in place.
        vocabulary: The words of its rows.
        vectors: Of the words in `wanted(vocabulary)`.

    Returns:
        How many words were found, in a line.

    Raises:
        InputError: None of the words was found, or the vectors have another width than the table.
    """
    import torch

    if vectors.width != table.shape[1]:
        width = vectors.width
        raise InputError(
            f"its vectors have {width} numbers and the table's {table.shape[1]}; write embed (words)x{width}"
        )
    have = vectors.vectors
    found = {row: have.get(word, have.get(word.lower())) for word, row in vocabulary.rows.items()}
    rows = {row: vector for row, vector in found.items() if vector is not None}
    words = len(vocabulary.words)
    if not rows:
        raise InputError(f"it has none of the {words:,} words of these sentences")
    spread = spread_of(rows.values()) or Embed.SPREAD  # one of equal numbers says nothing of the others
    table *= spread / Embed.SPREAD
    for row, vector in rows.items():
        table[row] = torch.from_numpy(vector)
    share = f"{len(rows):,} of {words:,} words ({len(rows) / words:.1%}) {'has' if len(rows) == 1 else 'have'} a vector"
    return f"{share}; the others are drawn from -{spread:.3g} to {spread:.3g}, which has its variance"


def spread_of(vectors: Iterable[np.ndarray]) -> float:
    """The a for which even values from -a to a have the variance of these: a² / 3.

    >>> spread_of([np.array([3.0, -3.0])]) == 27**0.5
    True
    """
    return float(np.sqrt(3 * np.var(np.concatenate(list(vectors)), dtype=np.float64)))
