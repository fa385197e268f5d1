"""How good a network's answers on labelled images are: the same figures wherever they are shown.

>>> split = Split(torch.zeros(3, 1, 2, 2), torch.tensor([0, 1, 1]))
>>> result = Judged("a set", ("cat", "dog"), split, torch.tensor([[2.0, 0.0], [0.0, 2.0], [2.0, 0.0]]), 0.5).result()
>>> result
TestResult(accuracy=0.6666666666666666, error=0.33333333333333337, loss=0.5, examples=3)
>>> result.confusion, result.most_wrong[0].label
(((1, 0), (1, 1)), 'cat')
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate import metrics
from striate.data import Split
from striate.errors import WorkError
from striate.losses.classification import Loss

MOST_WRONG = 24  # wrong images listed
TOP = 3  # classes listed for each image


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
class Judged:
    """A network's answers on labelled images.

    Attributes:
        name: What the set is called: "the test set".
        classes: The K names, in the order of the outputs.
        split: N images with their labels.
        outputs: (N, K), before the softmax.
        loss: Mean per image.
    """

    name: str
    classes: tuple[str, ...]
    split: Split
    outputs: Tensor
    loss: float = float("nan")

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The true classes (N,)."""
        return np.asarray(self.split.labels.numpy(), np.int64)

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """(N, K).

        Raises:
            WorkError: An output is not finite.
        """
        finite = torch.isfinite(self.outputs).all(dim=1)
        if not bool(finite.all()):
            image = self.image(int(finite.logical_not().nonzero()[0]))
            raise WorkError(f"the outputs for image {image} of {self.name} are not finite; look at its values")
        return np.asarray(self.outputs.double().softmax(1).numpy())  # in float32 two outputs could become equal

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
        """The three most probable classes of an image with their probabilities."""
        best = np.argsort(-self.probabilities[row], kind="stable")[:TOP]
        return tuple((self.classes[k], float(self.probabilities[row, k])) for k in best)

    def image(self, row: int) -> str:
        """Where to find an image: its file, or its position."""
        return self.split.paths[row] if self.split.paths else str(row)

    def result(self) -> TestResult:
        """All figures as plain numbers."""
        mistakes = [(row, self.classes[self.labels[row]], self.top(row)[0]) for row in self.most_wrong]
        return TestResult(
            accuracy=self.score.accuracy,
            error=1 - self.score.accuracy,
            loss=self.loss,
            examples=self.score.examples,
            score=self.score,
            classes=self.classes,
            confusion=tuple(tuple(row) for row in self.confusion.tolist()),
            per_class=self.per_class,
            calibration_error=self.calibration.expected_error,
            most_wrong=tuple(Mistake(self.image(row), true, *called) for row, true, called in mistakes),
        )


def loss_of_guessing(loss: Loss, num_classes: int) -> float:
    """The loss of outputs that are all 0: a network that knows nothing of the image.

    >>> from striate.losses import cross_entropy
    >>> round(loss_of_guessing(cross_entropy, 3), 4)  # ln 3
    1.0986
    """
    return float(loss(torch.zeros(1, num_classes), torch.zeros(1, dtype=torch.int64)))
