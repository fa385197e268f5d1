"""A bag of words: how often words and pairs of neighbours stand in a sentence, and logistic regression on that.

A count weighs by its logarithm, and less the more sentences a word stands in (tf-idf). Words are parted as for
networks, in any alphabet. Validation sentences choose how strongly weights are held small. scikit-learn does the work.

>>> terms("A fine film!")
['a', 'fine', 'film', '!', 'a fine', 'fine film', 'film !']
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from striate.data.examples import Opened, Schema, Table
from striate.data.kinds import Label
from striate.data.sentences import Sentences, SentenceSet, tokenised
from striate.errors import InputError
from striate.rival.classifiers import ITERATIONS, LINEAR_C, Labels, check_classes
from striate.tasks.labelled import LABEL

UNIT = "sentences"


def terms(sentence: str) -> list[str]:
    """The words of a sentence, and each two neighbours."""
    words = tokenised(sentence)
    return [*words, *(f"{one} {other}" for one, other in pairwise(words))]


def parted(found: SentenceSet, fraction: float, seed: int) -> tuple[Sentences, Sentences]:
    """Sentences to learn from and to validate by: those on which a network is trained and validated.

    Raises:
        InputError: There are too few.
    """
    if found.validation is not None:
        return found.train, found.validation
    labels, rows = found.train.labels, range(len(found.train))
    table = Table({LABEL: torch.tensor(labels)}, tuple(map(str, rows)))
    opened = Opened(found.name, "", Schema({}, {LABEL: Label(len(found.classes))}), table, strata=list(labels))
    train, held = (
        found.train.take([int(part.name(row)) for row in range(len(part))])
        for part in opened.split(fraction, seed, UNIT)
    )
    return train, held


def counter(train: Sentences) -> Any:
    """What counts the words of sentences, and knows those of the training sentences: scikit-learn's.

    Raises:
        InputError: They hold no word.
    """
    if not any(map(tokenised, train.sentences)):
        raise InputError("no training sentence holds a word")
    return TfidfVectorizer(analyzer=terms, token_pattern=None, sublinear_tf=True).fit(train.sentences)


def learned(rows: Any, labels: Labels, held_rows: Any, held_labels: Labels) -> tuple[Any, str]:
    """A classifier of counts, scikit-learn's, and what was decided in a line; held-out sentences choose its C.

    Raises:
        InputError: All are of one class.
    """
    check_classes(labels, UNIT)
    models = [LogisticRegression(C=value, max_iter=ITERATIONS).fit(rows, labels) for value in LINEAR_C]
    best = max(models, key=lambda model: float(model.score(held_rows, held_labels)))
    return best, (
        f"classifier: logistic regression on {rows.shape[1]:,} words and pairs of neighbours of {rows.shape[0]:,} "
        f"training {UNIT}, by tf-idf; C = {best.C:g} did best on the validation {UNIT}"
    )
