"""From what the files of each part hold to one data set: classes, labels, and what to say.

>>> one = Entry("train", "good", "a fine film", "mr.txt:1")
>>> other = Entry("train", "bad", "dull", "mr.txt:2")
>>> gather("mr", "mr.txt", [one, other], Told()).classes
('bad', 'good')
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from striate.data.left_out import LeftOut, said
from striate.data.parts import PARTS, Part
from striate.errors import InputError, nearest

from .labelled import Sentences, SentenceSet

MOST_NAMED = 10  # classes or notes named in one line


@dataclass(frozen=True)
class Entry:
    """A labelled sentence, the part that it is in, and where it was found."""

    part: Part
    label: str
    sentence: str
    name: str


@dataclass(frozen=True)
class Told:
    """What was decided on reading, a sentence each, and what was left out."""

    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def gather(name: str, source: str, entries: Sequence[Entry], told: Told, known: Sequence[str] = ()) -> SentenceSet:
    """The data set of all entries.

    Args:
        name: of the data set.
        source: as it was given.
        entries: those of each part in their order.
        told: what reading them decided.
        known: classes that a network has learned; a set to test on may hold as few as one of them.

    Raises:
        InputError: there is one class only, or a class to validate or test on is not among those to learn from.
    """
    classes = in_order({entry.label for entry in entries if entry.part == "train"})
    if len(classes) < 2 and not (classes and classes[0] in known):
        has = f"has only one class, '{classes[0]}'" if classes else "holds no labelled sentence"
        raise InputError(f"'{source}' {has}; give sentences of at least two classes{_because(told)}")
    labels = {label: position for position, label in enumerate(classes)}
    for entry in entries:
        if entry.label not in labels:
            other = f"{entry.name}: the class '{entry.label}' is not among those of the training sentences"
            raise InputError(
                f"{other}{nearest(entry.label, classes) or '; they are ' + _named(classes)}{_because(told)}"
            )
    parts = {part: _part([entry for entry in entries if entry.part == part], labels) for part in PARTS}
    lines = [*_counted(parts.items(), classes), *told.notes, *_repeated(parts["train"], parts)]
    lines += [said(told.left_out)] if told.left_out else []
    notes = tuple(f"{name}: {line}" for line in lines)
    train, validation, test = (parts[part] for part in PARTS)
    return SentenceSet(name, source, train, validation or None, test or None, classes, notes, told.left_out)


def in_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Classes in order of their values where all are whole numbers, else of the alphabet, as folders of images are.

    >>> in_order({"10", "9", "2"}), in_order({"pos", "neg"})
    (('2', '9', '10'), ('neg', 'pos'))
    """
    every = set(labels)
    whole = all(re.fullmatch(r"-?[0-9]{1,18}", label) for label in every)
    return tuple(sorted(every, key=lambda label: (int(label), label)) if whole else sorted(every))


def _part(entries: Sequence[Entry], labels: dict[str, int]) -> Sentences:
    columns = zip(*((entry.sentence, labels[entry.label], entry.name) for entry in entries), strict=True)
    sentences, positions, names = columns if entries else ((), (), ())
    return Sentences(sentences, positions, names)


def _counted(parts: Iterable[tuple[str, Sentences]], classes: Sequence[str]) -> list[str]:
    """How many sentences each part and each class has."""
    counts = Counter(label for _, part in parts for label in part.labels)
    sizes = ", ".join(f"{len(part):,} {name}" for name, part in parts if part)
    each = [f"{label} {counts[position]:,}" for position, label in enumerate(classes)]
    more = f", … ({len(each)} in all)" if len(each) > MOST_NAMED else ""
    return [f"{sizes} sentences of {len(classes)} classes", f"classes: {', '.join(each[:MOST_NAMED])}{more}"]


def _repeated(train: Sentences, parts: dict[Part, Sentences]) -> list[str]:
    """A line for each part with sentences that are also learned from."""
    learned, lines = set(train.sentences), []
    for part in PARTS[1:]:
        if count := sum(sentence in learned for sentence in parts[part].sentences):
            lines.append(f"{count:,} {part} sentences are training sentences too, so {part} figures come out too high")
    return lines


def _because(told: Told) -> str:
    lines = [*told.notes[:MOST_NAMED], *([said(told.left_out)] if told.left_out else [])]
    return "".join(f"; {line}" for line in lines)


def _named(classes: Sequence[str]) -> str:
    return ", ".join(classes[:MOST_NAMED]) + (", …" if len(classes) > MOST_NAMED else "")
