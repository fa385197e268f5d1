"""Sentences with their classes: reading them, their words, and the numbers that a network reads (Kim 2014).

>>> known = learned(["a fine film", "a dull film"])
>>> encoded(known, ["A fine day"], length=5, margin=1).numbers.tolist()
[[0, 2, 5, 1, 0]]
"""

from .encoding import MARGIN, MOST_WORDS, Encoded, encoded, length_for
from .labelled import Sentences, SentenceSet
from .opening import of_hub, read
from .table import fill, wanted
from .vectors import WordVectors, read_vectors
from .vocabulary import PADDING, UNKNOWN, Vocabulary, learned, said
from .words import tokenised

__all__ = [
    "MARGIN",
    "MOST_WORDS",
    "PADDING",
    "UNKNOWN",
    "Encoded",
    "SentenceSet",
    "Sentences",
    "Vocabulary",
    "WordVectors",
    "encoded",
    "fill",
    "learned",
    "length_for",
    "of_hub",
    "read",
    "read_vectors",
    "said",
    "tokenised",
    "wanted",
]
