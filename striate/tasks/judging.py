"""How good a network's answers on labelled examples are: the same figures wherever they are shown.

>>> from striate.data.examples import Table
>>> rows = {"output": torch.tensor([[2.0, 0.0], [0.0, 2.0], [2.0, 0.0]]), "label": torch.tensor([0, 1, 1])}
>>> judged = JudgedLabels("a set", Table(rows), rows, {"loss": 0.5}, "images", ("cat", "dog"))
>>> result = judged.result()
>>> result
TestResult(accuracy=0.6666666666666666, error=0.33333333333333337, loss=0.5, examples=3)
>>> result.confusion, result.most_wrong[0].label
(((1, 0), (1, 1)), 'cat')
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from markupsafe import Markup
from numpy.typing import NDArray

from striate import metrics
from striate.data.examples import Examples
from striate.tasks.task import Judged

if TYPE_CHECKING:
    from striate.report.section import Section

MOST_WRONG = 24  # wrong images listed
TOP = 3  # classes listed for each image
MOST_CLASSES, MOST_MISTAKES = 10, 5  # printed


@dataclass(frozen=True)
class Mistake:
    """An image that was called another class.

    Attributes:
        image: Its file, or its position in the set where it has none.
        true_class: What it is.
        label: What it was called.
        probability: The softmax probability of that, 0 to 1.
    """

    image: str
    true_class: str
    label: str
    probability: float


@dataclass(frozen=True)
class TestResult:
    """How a run does on a data set. Every share is a fraction from 0 to 1.

    Attributes:
        accuracy: Fraction right.
        error: Fraction wrong.
        loss: Mean per image; not a number where the loss is not known.
        examples: Images tested.
        score: The accuracy's interval, what always saying one class gets, and the balanced accuracy.
        classes: The K names, in the order of the network's outputs.
        confusion: K rows of K counts: row = true class, column = predicted class.
        per_class: A class's precision, recall, F1 and images, in the order of `classes`.
        calibration_error: The expected calibration error.
        most_wrong: The surest mistakes, at most 24, surest first.
    """

    __test__ = False  # the name begins like a test's

    accuracy: float
    error: float
    loss: float
    examples: int
    score: metrics.Score = field(repr=False)
    classes: tuple[str, ...] = field(repr=False)
    confusion: tuple[tuple[int, ...], ...] = field(repr=False)
    per_class: tuple[metrics.ClassScore, ...] = field(repr=False)
    calibration_error: float = field(repr=False)
    most_wrong: tuple[Mistake, ...] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate test --json`."""
        return {
            **self.score.to_json(),
            "error": self.error,
            "loss": self.loss,
            "calibration_error": self.calibration_error,
            "classes": list(self.classes),
            "confusion": [list(row) for row in self.confusion],
            "per_class": [asdict(result) for result in self.per_class],
            "most_wrong": [asdict(mistake) for mistake in self.most_wrong],
        }


@dataclass(frozen=True, eq=False)
class JudgedLabels(Judged):
    """A network's answers on labelled examples; its rows are outputs (N, K), before the softmax, and labels (N,).

    Attributes:
        classes: The K names, in the order of the outputs.
    """

    classes: tuple[str, ...]

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The true classes (N,)."""
        return np.asarray(self.rows["label"].numpy(), np.int64)

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """(N, K).

        Raises:
            WorkError: An output is not finite.
        """
        outputs = self.rows["output"]
        self.check_finite(outputs)
        return np.asarray(outputs.double().softmax(1).numpy())  # in float32 two outputs could become equal

    def columns(self) -> Mapping[str, Sequence[Any]]:
        """The label, the class that it was called, and the probabilities of both."""
        called, rows = self.probabilities.argmax(1), np.arange(len(self.labels))
        named = {"label": self.labels, "called": called}
        sure = {"probability": called, "probability_of_label": self.labels}
        return {
            **{name: [self.classes[k] for k in column] for name, column in named.items()},
            **{name: self.probabilities[rows, column].round(6).tolist() for name, column in sure.items()},
        }

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """Counts (K, K): row = true class, column = predicted class."""
        return metrics.confusion_matrix(self.labels, self.probabilities)

    @cached_property
    def score(self) -> metrics.Score:
        """The accuracy, with its interval and what guessing would get."""
        return metrics.score(self.confusion, self.classes)

    @cached_property
    def calibration(self) -> metrics.Calibration:
        """Confidence against accuracy."""
        return metrics.calibration(self.labels, self.probabilities)

    @property
    def per_class(self) -> tuple[metrics.ClassScore, ...]:
        """One score of each class, in their order."""
        return metrics.by_class(metrics.class_scores(self.labels, self.probabilities), self.classes)

    @property
    def most_wrong(self) -> list[int]:
        """The positions of the surest mistakes, surest first."""
        return [int(row) for row in metrics.most_wrong(self.labels, self.probabilities, MOST_WRONG)]

    def top(self, row: int) -> tuple[tuple[str, float], ...]:
        """The three most probable classes of an example with their probabilities."""
        best = np.argsort(-self.probabilities[row], kind="stable")[:TOP]
        return tuple((self.classes[k], float(self.probabilities[row, k])) for k in best)

    def said(self) -> str:
        """The accuracy in words."""
        return f"accuracy {self.score.said(self.unit)}"

    def in_short(self) -> str:
        """The accuracy and its interval."""
        return self.score.in_short()

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate train --json`."""
        return self.score.to_json()

    def result(self) -> TestResult:
        """All figures as plain numbers."""
        mistakes = [(row, self.classes[self.labels[row]], self.top(row)[0]) for row in self.most_wrong]
        return TestResult(
            accuracy=self.score.accuracy,
            error=1 - self.score.accuracy,
            loss=self.figures["loss"],
            examples=self.score.examples,
            score=self.score,
            classes=self.classes,
            confusion=tuple(tuple(row) for row in self.confusion.tolist()),
            per_class=self.per_class,
            calibration_error=self.calibration.expected_error,
            most_wrong=tuple(Mistake(self.examples.name(row), true, *called) for row, true, called in mistakes),
        )

    def headline(self) -> str:
        """The first lines of the report."""
        from striate.report import classes  # the drawing package takes a second to import

        return classes.headline(self.score, self._evaluated(), self.unit)

    def sections(self, root: str, counts: Mapping[str, Examples]) -> Iterator[Section]:
        """What is taken for what, class by class, calibration, and the most wrong."""
        from striate.report import classes
        from striate.tasks.labelled import labels_of

        each = {name: _count(labels_of(part), len(self.classes)) for name, part in counts.items()}
        evaluated = self._evaluated()
        yield classes.confusions(self.confusion, self.classes, evaluated, self.unit)
        yield classes.table(self.per_class, self.classes, each, evaluated, self.unit)
        yield classes.calibration(self.calibration, evaluated, self.unit)
        if worst := self.worst_section(root):
            yield worst

    def worst_section(self, root: str) -> Section | None:
        """The surest mistakes; nothing where the examples can't be shown."""
        from striate.report import classes

        wrong, heat = self.wrong(self.most_wrong, root, {})
        number = self.score.examples - self.score.right
        return classes.most_wrong(wrong, self._evaluated(), number, self.unit, heat) if wrong else None

    def shown(self, rows: Sequence[int], root: str, notes: Mapping[int, str]) -> Markup:
        """Examples with their classes and the most probable ones."""
        from striate.report import classes

        wrong, heat = self.wrong(rows, root, notes)
        return classes.listed(wrong, heat) if wrong else Markup()

    def _evaluated(self) -> str:
        return f"{self.name} ({self.amount})"

    def wrong(self, rows: Sequence[int], root: str, notes: Mapping[int, str]) -> tuple[list[Any], str]:
        """Examples, drawn, and how the places that decided were found; nothing where they are no pictures."""
        from striate.report.classes import WrongImage
        from striate.tasks.pictures import pictured

        pictures, heat = pictured(self, {row: int(self.probabilities[row].argmax()) for row in rows}, root)
        return [
            WrongImage(one.image, self.classes[self.labels[row]], self.top(row), one.name, one.heat, notes.get(row, ""))
            for row, one in pictures.items()
        ], heat

    def printed(self) -> Iterator[Any]:
        """What `striate test` prints."""
        result = self.result()
        yield self.said()
        yield f"error {result.error:.2%}, loss {result.loss:.4f}, calibration error {result.calibration_error:.2%}"
        yield _table(result, self.unit)
        for mistake in result.most_wrong[:MOST_MISTAKES]:
            called = f"called {mistake.label} ({mistake.probability:.2%})"
            yield f"most wrong: {mistake.image}: {mistake.true_class}, {called}"


def gap_of(right: int, trained_on: int, score: metrics.Score) -> float:
    """How much more of the training examples is right than of the others, beyond chance."""
    return metrics.weighted_sum([(1, right, trained_on), (-1, score.right, score.examples)]).low


def guessing(score: metrics.Score, unit: str) -> str:
    """A note that always saying one class does as well, unless the figures show otherwise."""
    if score.beats_guessing:
        return ""
    share = f"'{score.majority}', which {score.majority_share:.1%} of the validation {unit} are"
    if score.accuracy <= score.majority_share:
        return f"No better than always saying {share}."
    return f"Not shown to be better than always saying {share}."


def _count(labels: torch.Tensor, num_classes: int) -> tuple[int, ...]:
    """Examples of each class."""
    return tuple(torch.bincount(labels, minlength=num_classes).tolist())


def _table(result: TestResult, unit: str) -> Any:
    """A table of the classes that occur, those with the lowest recall first."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    present = sorted((one for one in result.per_class if one.support), key=lambda one: one.recall)
    more = f", the {MOST_CLASSES} of {len(present)} with the lowest recall" if len(present) > MOST_CLASSES else ""
    table = Table(title=f"class by class{more}", box=box.SIMPLE_HEAD, title_justify="left")
    for title in ("class", "precision", "recall", "F1", unit, "most often called"):
        table.add_column(title, justify="left" if title in ("class", "most often called") else "right")
    for one in present[:MOST_CLASSES]:
        figures = (f"{one.precision:.2%}", f"{one.recall:.2%}", f"{one.f1:.2%}", f"{one.support:,}")
        table.add_row(escape(one.name), *figures, escape(_taken_for(result, one.name)))
    return table


def _taken_for(result: TestResult, name: str) -> str:
    """The wrong class most often given to a class's examples, and how often."""
    true = result.classes.index(name)
    wrong = [(count, label) for label, count in enumerate(result.confusion[true]) if label != true and count]
    if not wrong:
        return ""
    count, label = max(wrong, key=lambda pair: pair[0])
    return f"{result.classes[label]} ({count:,})"
