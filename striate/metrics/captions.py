"""How captions agree with those of people: BLEU (Papineni et al. 2002) and CIDEr-D (Vedantam et al. 2015).

As the common scripts count them (multi-bleu.perl, COCO's caption evaluation), over all captions together: an n-gram
counts at most as often as in one of the references, and the length is compared with that of the closest reference.

>>> said, references = ["a dog runs".split()], [["a dog runs fast".split(), "the dog ran".split()]]
>>> [round(one, 3) for one in bleu(said, references)]
[1.0, 1.0, 1.0, 0.0]
>>> distinct([("a", "dog"), ("a", "dog"), ("a", "cat")])
0.6666666666666666
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Words: TypeAlias = Sequence[str]
Grams: TypeAlias = Mapping[tuple[str, ...], float]
LONGEST = 4
SPREAD = 6.0  # words by which lengths may differ, of CIDEr-D


def bleu(said: Sequence[Words], references: Sequence[Sequence[Words]]) -> tuple[float, ...]:
    """BLEU-1 to BLEU-4 of one caption for each picture, 0 to 1.

    Args:
        said: The captions.
        references: Those of people, at least one for each.
    """
    matched, total = [0] * LONGEST, [0] * LONGEST
    length = closest = 0
    for words, others in zip(said, references, strict=True):
        length += len(words)
        closest += min((abs(len(other) - len(words)), len(other)) for other in others)[1]
        for n in range(LONGEST):
            own, most = grams(words, n + 1), Counter[tuple[str, ...]]()
            for other in others:
                most |= grams(other, n + 1)
            matched[n] += (own & most).total()
            total[n] += own.total()
    brief = 1.0 if length >= closest else math.exp(1 - closest / length) if length else 0.0
    shares = [found / count if count else 0.0 for found, count in zip(matched, total, strict=True)]
    return tuple(brief * _mean(shares[: n + 1]) for n in range(LONGEST))


def _mean(shares: Sequence[float]) -> float:
    """The geometric mean."""
    return math.exp(sum(map(math.log, shares)) / len(shares)) if all(shares) else 0.0


def grams(words: Words, n: int) -> Counter[tuple[str, ...]]:
    """How often each n words follow each other."""
    return Counter(tuple(words[start : start + n]) for start in range(len(words) - n + 1))


def cider(said: Sequence[Words], references: Sequence[Sequence[Words]]) -> float:
    """CIDEr-D: how alike captions are in the n-grams that few pictures have; 0 to 10.

    Args:
        said, references: As for `bleu`; how rare an n-gram is, is counted over the references.
    """
    if not said:
        return 0.0
    found = Counter(gram for others in references for gram in {g for other in others for g in _all(other)})
    rare = {gram: math.log(len(said)) - math.log(count) for gram, count in found.items()}
    most = math.log(len(said))
    scores = []
    for words, others in zip(said, references, strict=True):
        own = _weighed(words, rare, most)
        each = [_alike(own, _weighed(other, rare, most), len(words) - len(other)) for other in others]
        scores.append(10 * sum(each) / len(each))
    return sum(scores) / len(scores)


def _all(words: Words) -> list[tuple[str, ...]]:
    return [gram for n in range(LONGEST) for gram in grams(words, n + 1)]


def _weighed(words: Words, rare: Grams, most: float) -> list[dict[tuple[str, ...], float]]:
    """The n-grams of each length, by how often and how rare they are."""
    return [{gram: count * rare.get(gram, most) for gram, count in grams(words, n + 1).items()} for n in range(LONGEST)]


def _alike(own: Sequence[Grams], other: Sequence[Grams], apart: int) -> float:
    """The mean over the lengths of the cosine, in which an n-gram counts no more than the reference has it."""
    alike = 0.0
    for one, two in zip(own, other, strict=True):
        sizes = math.hypot(*one.values()) * math.hypot(*two.values())
        common = sum(min(value, two[gram]) * two[gram] for gram, value in one.items() if gram in two)
        alike += common / sizes if sizes else 0.0
    return alike / LONGEST * math.exp(-(apart**2) / (2 * SPREAD**2))


def distinct(said: Sequence[Words]) -> float:
    """How many different captions there are for each picture: 1 where all differ."""
    return len({tuple(words) for words in said}) / len(said) if said else 0.0
