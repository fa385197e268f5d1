"""Classes that are too few, too small or too unequal, and labels that no class has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from .found import Finding
from .survey import Survey

FEW = 5  # examples to train on, below which a class is tiny
MANY = 10.0  # times as many examples as the smallest class has, from which on classes are unequal
RARE = 0.02  # share of the examples below which a number far from the others is no class but a slip


def classes(survey: Survey) -> Iterator[Finding]:
    """What is wrong with the classes as a whole."""
    if not survey.of_classes or not len(survey):
        return
    train = Counter(label for label, part in zip(survey.labels, survey.parts, strict=True) if part == "train")
    if len(train) == 1:
        (only,) = train
        yield Finding("single class", only, f"all {train[only]:,} training examples")
    yield from _strange(survey, train)
    yield from (Finding("tiny class", label, f"{n} to train on") for label, n in sorted(train.items()) if n < FEW)
    ((most, high), (least, low)) = train.most_common()[0], train.most_common()[-1]
    if high >= MANY * low:
        yield Finding("imbalance", least, f"{low:,} examples, and {most} has {high:,}")


def _strange(survey: Survey, train: Counter[str]) -> Iterator[Finding]:
    """Examples whose label is none of the others'."""
    outside = out_of_range(train)
    for label, part, where in zip(survey.labels, survey.parts, survey.where, strict=True):
        if label in outside:
            yield Finding("label out of range", where, f"{label}; the others are {outside[label]}")
        elif part != "train" and label not in train:
            yield Finding("unknown class", where, label)


def out_of_range(counts: Counter[str]) -> dict[str, str]:
    """Rare labels far from the others, where all are whole numbers, and the range of those.

    >>> out_of_range(Counter({"0": 99, "1": 98, "255": 1}))
    {'255': '0 to 1'}
    >>> out_of_range(Counter({"1": 50, "5": 50})), out_of_range(Counter({"0": 99, "-1": 1}))
    ({}, {'-1': '0 to 0'})
    """
    if not all(re.fullmatch(r"-?(0|[1-9]\d{0,17})", label) for label in counts):
        return {}
    numbers = sorted(map(int, counts))
    run = max(_runs(numbers), key=lambda run: sum(counts[str(n)] for n in run))
    rest = [str(n) for n in numbers if n not in run]
    slips = sum(counts[label] for label in rest) <= max(1, RARE * counts.total())
    negative = [label for label in rest if int(label) < 0]
    return dict.fromkeys(rest if slips else negative, f"{run[0]} to {run[-1]}")


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    """Numbers in runs that follow each other; a lone -1 before 0 is none of the run."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1 and number != 0:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs
