"""The rivals of networks for data that are no images, by the word that `striate baseline` takes.

>>> list(OTHERS)
['mfcc', 'dtw', 'bow']
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.errors import InputError
from striate.rival import cepstra, classifiers, warping
from striate.rival.rival import BaselineResult
from striate.tasks.labelled import LABEL
from striate.tasks.pictures import IMAGE
from striate.tasks.saying import Say
from striate.tasks.task import Wish


@dataclass(frozen=True)
class Asked:
    """What a rival is asked for; as the arguments of `rival.baseline`."""

    data: str
    classifier: str
    seed: int
    validation: float
    bad: str
    tell: Say


def against(name: str, data: str, classifier: str, seed: int, validation: float, bad: str, say: Say) -> BaselineResult:
    """What a rival of `OTHERS` does on data.

    Raises:
        InputError: They are no data of its task.
    """
    notes: list[str] = []

    def tell(line: str) -> None:
        notes.append(line)
        say(line)

    found = OTHERS[name](Asked(data, classifier, seed, validation, bad, tell))
    return BaselineResult(**{**found.to_json(), "features": name, "notes": tuple(notes)})


def _of_words(asked: Asked) -> BaselineResult:
    from striate.tasks.speech import Speech

    opened = _opened(Speech, asked)
    train, held = opened.split(asked.validation, asked.seed, Speech.unit)
    began = time.perf_counter()
    parts = (train, held, opened.test)
    x, x_held, x_test = (cepstra.described(part.take(range(len(part)))[IMAGE].numpy()) for part in parts)
    described = time.perf_counter() - began
    y, y_held, y_test = (part.columns[LABEL].numpy() for part in parts)
    middle, spread = x.mean(0), x.std(0) + np.float32(1e-6)
    x, x_held, x_test = ((rows - middle) / spread for rows in (x, x_held, x_test))
    began = time.perf_counter()
    learned = classifiers.fit(asked.classifier, x, y, x_held, y_held, seed=asked.seed, unit=Speech.unit)
    fitted = time.perf_counter() - began
    for note in learned.notes:
        asked.tell(note)
    began = time.perf_counter()
    right = learned.predict(x_test) == y_test
    seconds = (described, fitted, time.perf_counter() - began)
    validation = float((learned.predict(x_held) == y_held).mean())
    return _result(asked.classifier, opened.name, right, validation, len(train), x.shape[1], seconds)


def _of_series(asked: Asked) -> BaselineResult:
    from striate.data import series
    from striate.tasks.series import Series

    found = series.find(asked.data, bad=asked.bad)
    if found is None:
        raise InputError(Series.nothing_at(asked.data))
    for note in found.notes:
        asked.tell(note)
    train, test = found.parts["train"], found.parts["test"]
    y, y_test = (np.array([found.classes.index(label) for label in part.labels]) for part in (train, test))
    every = np.concatenate(train.values, axis=1)
    middle, spread = every.mean(1, keepdims=True), every.std(1, keepdims=True) + np.float32(1e-6)
    known, asked_about = ([(one - middle) / spread for one in part.values] for part in (train, test))
    began = time.perf_counter()
    window, validation = warping.chosen(known, y, asked.seed)
    fitted = time.perf_counter() - began
    asked.tell(f"window: {window} moments did best, with {validation:.2%} of the training series, each without itself")
    began = time.perf_counter()
    right = warping.nearest(known, y, asked_about, window) == y_test
    seconds = (0.0, fitted, time.perf_counter() - began)
    size = max(one.size for one in known)
    return _result("nearest neighbour", found.name, right, validation, len(train), size, seconds)


def _of_sentences(asked: Asked) -> BaselineResult:
    from striate.rival import bags
    from striate.tasks.text import Text, sentences_at

    found = sentences_at(asked.data, asked.bad)
    if found is None:
        raise InputError(Text.nothing_at(asked.data))
    found = found.with_test()
    for note in found.notes:
        asked.tell(note)
    assert found.test is not None
    parts = (*bags.parted(found, asked.validation, asked.seed), found.test)
    began = time.perf_counter()
    counter = bags.counter(parts[0])
    x, x_held, x_test = (counter.transform(part.sentences) for part in parts)
    described = time.perf_counter() - began
    y, y_held, y_test = (np.array(part.labels) for part in parts)
    began = time.perf_counter()
    learned, note = bags.learned(x, y, x_held, y_held)
    fitted = time.perf_counter() - began
    asked.tell(note)
    began = time.perf_counter()
    right = learned.predict(x_test) == y_test
    seconds = (described, fitted, time.perf_counter() - began)
    return _result("linear", found.name, right, float(learned.score(x_held, y_held)), len(y), x.shape[1], seconds)


OTHERS: dict[str, Callable[[Asked], BaselineResult]] = {
    "mfcc": _of_words,  # mel-frequency cepstral coefficients
    "dtw": _of_series,  # the nearest by dynamic time warping
    "bow": _of_sentences,  # a bag of words
}


def _opened(task: Any, asked: Asked) -> Any:
    found = task.open(asked.data, Wish(bad=asked.bad, named=True))
    if found is None:
        raise InputError(task.nothing_at(asked.data))
    for note in found[1].notes:
        asked.tell(note)
    return found[1]


def _result(
    classifier: str,
    data: str,
    right: Any,
    validation: float,
    trained_on: int,
    dimensions: int,
    seconds: tuple[float, float, float],
) -> BaselineResult:
    described, fitted, predicted = seconds
    accuracy = float(right.mean())
    return BaselineResult(
        features="",
        classifier=classifier,
        data=data,
        accuracy=accuracy,
        error=1 - accuracy,
        validation_accuracy=validation,
        examples=len(right),
        trained_on=trained_on,
        dimensions=dimensions,
        feature_seconds=described,
        images_per_second=(trained_on + len(right)) / described if described else 0.0,
        fit_seconds=fitted,
        predict_seconds=predicted,
        notes=(),
    )
