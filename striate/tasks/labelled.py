"""Tasks whose examples have one class each: the loss and the metrics, whatever the examples are.

>>> from striate.training.fields import OUTPUT
>>> goal = Labelled(("cat", "dog")).objective("hinge")
>>> outputs, targets = {OUTPUT: torch.tensor([[2.0, 0.0], [2.0, 0.0]])}, {LABEL: torch.tensor([0, 1])}
>>> goal.figures(goal.rows(outputs, targets)), {name: float(part) for name, part in goal.loss(outputs, targets).items()}
({'accuracy': 0.5}, {'hinge': 1.5})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate import data
from striate.data.examples import Examples, Opened, Table
from striate.data.restoring.finding import side
from striate.errors import InputError, nearest
from striate.losses import ALSO, LOSSES, Loss, loss_named
from striate.metrics import wilson
from striate.metrics.metric import Metric
from striate.native.losses import GIVEN
from striate.notation.rules import product
from striate.notation.rules.shape import shown
from striate.notation.thumb import CLASSES
from striate.tasks.judging import TOP, JudgedLabels, gap_of, guessing
from striate.tasks.task import OWN, Answer, Asked, Bound, LossName, Task, Wish
from striate.tasks.together import classes_of
from striate.training.fields import OUTPUT, Fields
from striate.training.history import TRAIN, Epoch
from striate.training.objective import Net, Objective
from striate.training.verdict import Standing

LABEL = "label"
USUAL = "cross-entropy"
WEAK = 0.8  # share of the way from guessing to perfect that training must reach
TIMES = 2.0  # how much more often than training examples validation examples are wrong where a network has overfit
ACCURACY = Metric("accuracy", counted=True)


@dataclass(frozen=True)
class Prediction(Answer):
    """What a run says about one example.

    Attributes:
        path: Where it comes from.
        label: The most probable class.
        probability: Its softmax probability, 0 to 1.
        top: The three most probable classes with their probabilities.
    """

    label: str = ""
    probability: float = 0.0
    top: tuple[tuple[str, float], ...] = ()

    @staticmethod
    def of(path: str, top: tuple[tuple[str, float], ...]) -> Prediction:
        """From the most probable classes."""
        (label, probability), *others = top
        rest = ", ".join(f"{name} {share:.1%}" for name, share in others)
        pairs = [{"class": name, "probability": share} for name, share in top]
        values = {"class": label, "probability": probability, "top": pairs}
        said = f"{label} {probability:.1%}   ({rest})"
        return Prediction(path, said, values, label=label, probability=probability, top=top)


@dataclass(frozen=True)
class Labelled(Task):
    """One class an example.

    Attributes:
        classes: The name of each output.
    """

    classes: tuple[str, ...]

    word: ClassVar[str] = ""
    reads: ClassVar[str] = ""
    metrics: ClassVar[tuple[Metric, ...]] = (ACCURACY,)
    unit: ClassVar[str] = "images"
    decides: ClassVar[str] = "accuracy"

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Nothing by itself: what the examples are is another's to say."""
        return None

    def letters(self) -> Mapping[str, int]:
        """The number of classes."""
        return {CLASSES: len(self.classes)}

    def fits(self, output: tuple[int | None, ...], name: str) -> str:
        """One output for each class."""
        if product(output) == len(self.classes):
            return ""
        pairs = {side((kind,)) for kind in self.classes} == {True, False}
        return (
            f"gives {shown(output)} outputs and {name} has {len(self.classes)} classes; "
            f"end the network with fc {len(self.classes)}"
            f"{', or name the task restore, which learns one picture of each pair from the other' * pairs}"
        )

    # what is made small, and what is measured

    def objective(self, loss: LossName) -> Objective:
        """With a loss of this name, a user's own, or cross-entropy."""
        by, name = self._loss(loss), self.loss_name(loss)
        return Bound(self, lambda outputs, targets: {name: by(logits(outputs), targets[LABEL])})

    def loss_name(self, loss: LossName) -> str:
        """The name of that loss, as a run keeps it."""
        return OWN if callable(loss) else loss or USUAL

    def _loss(self, loss: LossName) -> Loss:
        name = loss or USUAL
        if not callable(name) and name not in LOSSES:
            hint = nearest(name, LOSSES, ALSO)
            raise InputError(f"{self.word} has no loss '{name}'{hint}; there are {', '.join(LOSSES)}")
        return loss_named(name)

    def native(self, loss: LossName) -> str:
        """The engine has all of the named losses."""
        return GIVEN if callable(loss) else loss or USUAL

    def class_of_each(self, examples: Examples) -> Tensor:
        """Their labels."""
        return labels_of(examples)

    def softens(self, loss: LossName) -> str:
        """Cross-entropy does."""
        return "" if loss in (None, USUAL) else f"the loss {self.loss_name(loss)} takes no shares of classes"

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """Cross-entropy."""
        return self.objective(None).loss(outputs, targets)

    def right(self, outputs: Fields, targets: Fields) -> tuple[Tensor, int]:
        """The examples whose largest output is their class's, or the one of which they have the largest share."""
        labels = targets[LABEL] if targets[LABEL].ndim == 1 else targets[LABEL].argmax(1)
        return (logits(outputs).argmax(1) == labels).sum(), len(labels)

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """The outputs (N, K) and the labels (N,)."""
        return {OUTPUT: logits(outputs), LABEL: targets[LABEL]}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """The fraction of examples that are right."""
        return {"accuracy": int((rows[OUTPUT].argmax(1) == rows[LABEL]).sum()) / len(rows[LABEL])}

    def loss_of_guessing(self, loss: LossName) -> float:
        """Of outputs that are all 0: a network that knows nothing of the example."""
        if callable(loss):
            return float("inf")
        return float(self._loss(loss)(torch.zeros(1, len(self.classes)), torch.zeros(1, dtype=torch.int64)))

    # what is told

    def positions(self, classes: Sequence[str], name: str) -> list[int]:
        """The label that each class of other data, called `name`, has here.

        Raises:
            InputError: One is not known.
        """
        if unknown := [label for label in classes if label not in self.classes]:
            learned = ", ".join(self.classes[:10])
            raise InputError(f"{name} has a class '{unknown[0]}' that the run has not learned; it knows {learned}")
        return [self.classes.index(label) for label in classes]

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Prediction]:
        """The most probable classes of each example."""
        rows = logits(outputs).softmax(1)
        best = rows.topk(min(TOP, rows.shape[1]))
        return [
            Prediction.of(name, tuple((self.classes[k], p) for k, p in zip(labels, values, strict=True)))
            for name, labels, values in zip(asked.names, best.indices.tolist(), best.values.tolist(), strict=True)
        ]

    def meaning(self) -> tuple[Any, ...]:
        """The classes."""
        return self.classes

    def together(self, outputs: Sequence[Fields]) -> Fields:
        """The mean of the probabilities."""
        return {OUTPUT: classes_of([logits(one) for one in outputs])}

    def shares(self, outputs: Fields) -> Mapping[str, float]:
        """The probabilities of the classes."""
        return dict(zip(self.classes, logits(outputs).softmax(1)[0].tolist(), strict=True))

    def disputed(self, rows: Fields) -> NDArray[np.bool_]:
        """Those that are called another class as surely as examples of that class are (Northcutt et al. 2021)."""
        return disputed(rows[OUTPUT].softmax(1), rows[LABEL])

    def judged(self, name: str, examples: Examples, rows: Fields, figures: Mapping[str, float]) -> JudgedLabels:
        """How a network does on labelled examples."""
        return JudgedLabels(name, examples, rows, figures, self.unit, self.classes)

    def doubts(self, parts: Mapping[str, Examples], name: str) -> list[str]:
        """Classes that can't be learned or judged well."""
        return data.too_few(
            self.classes, {part: labels_of(examples) for part, examples in parts.items()}, unit=self.unit
        )

    def standing(self, last: Epoch, trained_on: int, judged: JudgedLabels) -> Standing:
        """How the best weights do on the validation examples."""
        score, learned = judged.score, last.figures[TRAIN + "accuracy"]
        if score.num_present == 1:
            only = f"Not judged: all validation {self.unit} are '{score.majority}'."
            return Standing("", unjudged=(only, f"Give {self.unit} of at least two classes to validate on."))
        right, (low, high), share = round(learned * trained_on), score.interval, score.majority_share
        return Standing(
            f"{learned:.1%} right on {trained_on:,} training {self.unit}, {score.accuracy:.1%} on "
            f"{score.examples:,} validation {self.unit} ({low:.1%} to {high:.1%})",
            gap=gap_of(right, trained_on, score),
            often=1 - score.accuracy > TIMES * (1 - learned),
            wrong=score.examples - score.right,
            guessing=guessing(score, self.unit),
            above=score.accuracy > share,
            lost=wilson(right, trained_on).low <= share,
            weak=max(learned, score.accuracy) - share < WEAK * (1 - share),  # changed and mixed images are harder
            more=self.unit,
            doubtful="the labels",
        )


def disputed(probabilities: Tensor, labels: Tensor) -> NDArray[np.bool_]:
    """Examples (N,) whose most probable class is not their own, and at least as probable as in the mean over its own.

    This is the count of "confident learning" (Northcutt et al. 2021, equation 1): a class of which a network is never
    very sure needs less than one of which it always is.

    >>> shares = torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.95, 0.05]])
    >>> disputed(shares, torch.tensor([0, 0, 1, 1]))
    array([False, False, False,  True])

    Args:
        probabilities: (N, K).
        labels: (N,).
    """
    sums = torch.zeros(probabilities.shape[1]).index_add_(0, labels, probabilities[range(len(labels)), labels].float())
    usual = sums / torch.bincount(
        labels, minlength=len(sums)
    )  # of a class without examples not a number: never reached
    share, called = probabilities.max(1)
    found: NDArray[np.bool_] = ((called != labels) & (share >= usual[called])).numpy()
    return found


def logits(outputs: Fields) -> Tensor:
    """The one output as (N, K): also maps of one entry, after gap."""
    return outputs[OUTPUT].flatten(1)


def labels_of(examples: Examples, name: str = LABEL) -> Tensor:
    """The labels (N, …) of examples, without reading anything else of them."""
    labels = examples.columns[name] if isinstance(examples, Table) else None
    assert isinstance(labels, Tensor)
    return labels
