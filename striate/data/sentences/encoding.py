"""Sentences as rows of word numbers of one length, as a network reads them.

A row is a margin of padding, the words, and padding to its end. The margin lets every word stand at every place of
every window, as in Kim (2014), who pads by the widest window less one; without it a phrase of one or two words, of
which MPQA has many, would be seen by the first weights of each window only.

>>> from striate.data.sentences.vocabulary import Vocabulary
>>> known = Vocabulary(("a", "film", "fine"))
>>> encoded(known, ["a fine film", "film"], length=6, margin=1).numbers
tensor([[0, 2, 4, 3, 0, 0],
        [0, 3, 0, 0, 0, 0]])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from striate.errors import InputError

from .vocabulary import PADDING, UNKNOWN, Vocabulary
from .words import tokenised

if TYPE_CHECKING:
    from torch import Tensor

MARGIN = 4  # the widest window of Kim's network, 5, less one
MOST_WORDS = 400  # to which the length is limited unless more are asked for


@dataclass(frozen=True, eq=False)
class Encoded:
    """Sentences as numbers.

    Attributes:
        numbers: (N, length) int64.
        words: how many words were read.
        unknown: how many of them have no number of their own.
        cut: how many sentences are longer than a row and lost their end.
        kept: the most words that a row holds.
    """

    numbers: Tensor
    words: int
    unknown: int
    cut: int
    kept: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said: how many sentences were cut."""
        are = f"{self.cut:,} of {len(self.numbers):,} sentences are longer than {self.kept:,} words and are cut there"
        return (are,) if self.cut else ()


def encoded(vocabulary: Vocabulary, sentences: Sequence[str], length: int, margin: int = MARGIN) -> Encoded:
    """Sentences as rows of numbers.

    Args:
        vocabulary: the numbers of the words.
        sentences: N of them; one without words becomes padding only.
        length: of a row, the margins included.
        margin: padding before the first word, and after the last of the longest sentence.

    Raises:
        InputError: no word fits.
    """
    import torch

    kept = length - 2 * margin
    if kept < 1:
        raise InputError(
            f"rows of {length} numbers leave no place for words beside 2 x {margin} of padding; lengthen them"
        )
    found = [vocabulary.numbers(sentence) for sentence in sentences]
    numbers = torch.full((len(found), length), PADDING, dtype=torch.int64)
    for row, words in zip(numbers, found, strict=True):
        row[margin : margin + len(words[:kept])] = torch.tensor(words[:kept], dtype=torch.int64)
    unknown = sum(words.count(UNKNOWN) for words in found)
    return Encoded(numbers, sum(map(len, found)), unknown, sum(len(words) > kept for words in found), kept)


def length_for(sentences: Sequence[str], margin: int = MARGIN, most: int = MOST_WORDS) -> int:
    """The length of rows that hold the longest of the training sentences, or its first `most` words.

    >>> length_for(["a fine film", "film"], margin=4)
    11
    """
    return 2 * margin + max(1, min(most, max((len(tokenised(sentence)) for sentence in sentences), default=1)))
