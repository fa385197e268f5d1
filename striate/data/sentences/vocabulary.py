"""The words that a network knows, and their numbers: the rows of its table of word vectors.

Number 0 is padding and 1 an unknown word; then come the words of the training sentences, frequent ones first.

>>> known = learned(["a fine film", "a dull film", "a film"])
>>> known.words, len(known)
(('a', 'film', 'dull', 'fine'), 6)
>>> known.numbers("A fine evening")
(2, 5, 1)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from striate.errors import InputError

from .words import tokenised

PADDING, UNKNOWN = 0, 1
SPECIAL = 2  # numbers that are no word
UNKNOWN_WORD = "<unknown>"  # no token has these marks


@dataclass(frozen=True)
class Vocabulary:
    """Words in the order of their numbers, which begin with 2.

    Attributes:
        words: the most frequent in the training sentences first, equally frequent ones in order of the alphabet.
        lower: whether capitals are read as small letters.
    """

    words: tuple[str, ...]
    lower: bool = True

    def __len__(self) -> int:
        """The rows of a table of word vectors: the words, padding, and unknown words."""
        return len(self.words) + SPECIAL

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The number of each word."""
        return {word: number for number, word in enumerate(self.words, start=SPECIAL)}

    def numbers(self, sentence: str) -> tuple[int, ...]:
        """The numbers of a sentence's words."""
        rows = self.rows
        return tuple(rows.get(word, UNKNOWN) for word in tokenised(sentence, self.lower))

    def unknown(self, sentence: str) -> tuple[str, ...]:
        """The words of a sentence that have no number, each once, to tell who wrote it."""
        return tuple(dict.fromkeys(word for word in tokenised(sentence, self.lower) if word not in self.rows))

    def decoded(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """The words of numbers, without padding."""
        every = ("", UNKNOWN_WORD, *self.words)
        return tuple(every[number] for number in numbers if number != PADDING)

    def as_json(self) -> dict[str, Any]:
        """Plain values, for `json`.

        >>> Vocabulary(("a",)).as_json()
        {'words': ['a'], 'lower': True}
        """
        return {"words": list(self.words), "lower": self.lower}

    @classmethod
    def from_json(cls, value: Any) -> Vocabulary:
        """The vocabulary that `as_json` wrote.

        Raises:
            InputError: it is none.
        """
        words, lower = (value.get("words"), value.get("lower")) if isinstance(value, dict) else (None, None)
        if not isinstance(words, list) or not isinstance(lower, bool) or not all(isinstance(w, str) for w in words):
            raise InputError(
                "a vocabulary is a list of words and whether they are in small letters; train again to make one"
            )
        if len(set(words)) < len(words):
            twice = next(word for word, count in Counter(words).items() if count > 1)
            raise InputError(f"the vocabulary has the word '{twice}' twice; train again to make one")
        return cls(tuple(words), lower)


def learned(sentences: Iterable[str], most: int | None = None, least: int = 1, lower: bool = True) -> Vocabulary:
    """The vocabulary of training sentences; those to validate and test on must not be among them.

    Args:
        sentences: to learn from.
        most: how many words it has at most; the most frequent are kept.
        least: how often a word must occur to be kept.
        lower: whether capitals are read as small letters.

    Raises:
        InputError: no word is left.
    """
    counts = Counter(word for sentence in sentences for word in tokenised(sentence, lower))
    kept = sorted((word for word in counts if counts[word] >= least), key=lambda word: (-counts[word], word))[:most]
    if not kept:
        raise InputError(f"no word occurs {least} times in the training sentences; give longer or more sentences")
    return Vocabulary(tuple(kept), lower)


def said(vocabulary: Vocabulary, sentences: Sequence[str], called: str = "test") -> str:
    """One line: how many words of new sentences are unknown, and the first few of them.

    >>> said(Vocabulary(("a", "film")), ["a fine film", "a fine day"])
    '50.0% of the words of 2 test sentences are unknown: fine, day'
    """
    counts = Counter(word for sentence in sentences for word in tokenised(sentence, vocabulary.lower))
    missed = [word for word, _ in counts.most_common() if word not in vocabulary.rows]
    share = sum(counts[word] for word in missed) / max(1, counts.total())
    named = f": {', '.join(missed[:5])}{', …' if len(missed) > 5 else ''}" if missed else ""
    return f"{share:.1%} of the words of {len(sentences):,} {called} sentences are unknown{named}"
