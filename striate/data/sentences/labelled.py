"""Sentences with their classes, in the parts to learn from, to choose by and to judge by.

>>> films = Sentences(("a fine film", "dull", "so bad"), (1, 0, 0), ("mr:1", "mr:2", "mr:3"))
>>> len(films), films.take([0, 2]).sentences
(3, ('a fine film', 'so bad'))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from striate.data.amounts import so_many
from striate.data.dataset import TEST_SHARE, held_out
from striate.data.left_out import LeftOut
from striate.errors import InputError
from striate.tables import html_table

MOST_NOTES = 10  # told in an error


@dataclass(frozen=True)
class Sentences:
    """Sentences with their classes.

    Attributes:
        sentences: N strings, as they were written.
        labels: N positions in `SentenceSet.classes`.
        names: N places, a file and a line (`mr.txt:17`) or a file of its own.
    """

    sentences: tuple[str, ...]
    labels: tuple[int, ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Sequence[int]) -> Sentences:
        """The sentences at the positions `rows`, in that order."""
        sentences, labels, names = self.sentences, self.labels, self.names
        return Sentences(
            tuple(sentences[row] for row in rows), tuple(labels[row] for row in rows), tuple(names[row] for row in rows)
        )


@dataclass(frozen=True)
class SentenceSet:
    """A data set of sentences, and what was decided on the way.

    Attributes:
        name: short name for titles and tables.
        source: the path as it was given.
        train: the sentences to learn from.
        validation: those to choose the best epoch by; None when a part of `train` is to be taken for that.
        test: those to judge by; None when there are none.
        classes: the name of each label: in order of their values where all are whole numbers, else of the alphabet.
        notes: one line for each thing to report: what was decided, what was left out.
        left_out: lines and files that were found and not read.
    """

    name: str
    source: str
    train: Sentences
    validation: Sentences | None
    test: Sentences | None
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def parts(self) -> dict[str, Sentences]:
        """The parts that there are, by name."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in parts.items() if part}

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(part):,} {name}" for name, part in self.parts.items())
        return f"SentenceSet({self.name!r}: {counts}; {len(self.classes)} classes)"

    def _repr_html_(self) -> str:
        """What a notebook shows: how many sentences each class has in each part."""
        rows = [
            [name, *(f"{part.labels.count(label):,}" for part in self.parts.values())]
            for label, name in enumerate(self.classes)
        ]
        return html_table(repr(self), ["class", *self.parts], rows)

    def with_test(self, fraction: float = TEST_SHARE) -> SentenceSet:
        """The set itself if it has a test part; else with some training sentences of each class held out as one.

        A sentence's text decides, so it is the same part on every machine, and a sentence that stands twice is not
        in both parts (but for one at the border).

        Raises:
            InputError: no class has two sentences.
        """
        if self.test:
            return self
        chosen = held_out(self.train.labels, self.train.sentences, fraction)
        if not chosen:
            more = "; ".join(("give more, so that some can be the test", *self.notes[:MOST_NOTES]))
            raise InputError(f"'{self.source}' has one sentence per class; {more}")
        rest = sorted(set(range(len(self.train))) - set(chosen))
        said = f"{self.name}: held out {so_many(len(chosen), 'sentences')} as test, about {fraction:.0%} of each class"
        test, train = self.train.take(chosen), self.train.take(rest)
        return replace(self, train=train, test=test, notes=(*self.notes, f"{said} (always the same)"))
