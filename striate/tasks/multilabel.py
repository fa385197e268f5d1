"""Multilabel classification: any number of labels an image, each decided by itself.

>>> import torch
>>> task = Multilabel(("cat", "dog"))
>>> outputs, targets = {OUTPUT: torch.tensor([[2.0, -1.0], [-1.0, 1.0]])}, {LABELS: torch.tensor([[1, 0], [0, 1]])}
>>> task.figures(task.rows(outputs, targets))
{'map': 1.0, 'macro_f1': 1.0, 'label_accuracy': 1.0}
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate import data
from striate.data import kinds, multilabel
from striate.data.dataset import Split
from striate.data.examples import Examples, Opened, Schema, Table, digest_of
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.losses import BINARY, Loss, binary_cross_entropy, loss_named
from striate.metrics import weighted_sum, wilson
from striate.metrics.metric import Metric
from striate.metrics.multilabel import multilabel_scores
from striate.native.losses import GIVEN
from striate.notation.rules import product
from striate.notation.rules.shape import shown
from striate.notation.thumb import CLASSES
from striate.tasks import together
from striate.tasks.judging import TOP
from striate.tasks.labelled import TIMES, WEAK, labels_of, logits
from striate.tasks.pictures import IMAGE, placed_as_trained
from striate.tasks.ranked import LABELS, JudgedMultilabel
from striate.tasks.task import OWN, Answer, Asked, Bound, LossName, Task, Wish, is_place
from striate.training.fields import OUTPUT, Fields
from striate.training.history import TRAIN, Epoch
from striate.training.objective import Net, Objective
from striate.training.verdict import Standing

ONE_EACH = "every image has exactly one label, so classify would do: it chooses one class an image"


@dataclass(frozen=True)
class Multilabel(Task):
    """Any number of labels an image.

    Attributes:
        labels: The name of each output.
    """

    labels: tuple[str, ...]

    word: ClassVar[str] = "multilabel"
    reads: ClassVar[str] = (
        "a CSV or TSV table of image files with a column of lists (cat dog, cat;dog) or a column of 0 and 1 for each "
        "label; a folder with such a table, or with one for each part (train.csv, test.csv); or an .npz archive of "
        "images whose labels are (N, K) of 0 and 1"
    )
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("map"), Metric("macro_f1"), Metric("label_accuracy"))
    unit: ClassVar[str] = "images"
    decides: ClassVar[str] = "label_accuracy"

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Images with rows of labels."""
        if not is_place(source):
            return None
        known = like.labels if like else ()
        found = multilabel.load(
            source,
            named=wish.named or like is not None,
            shape=wish.shape,
            bad=wish.bad,
            known=known,
            progress=wish.progress,
            levels=wish.levels,
        )
        if found is None:
            return None
        found = found.like(known) if like else found.checked()
        found = found.with_test() if wish.hold_out else found
        if not like:
            found.check_validation()
        return like or cls(found.labels), _opened(found, known=like is not None)

    # the network

    def letters(self) -> Mapping[str, int]:
        """The number of labels."""
        return {CLASSES: len(self.labels)}

    def fits(self, output: tuple[int | None, ...], name: str) -> str:
        """One output for each label."""
        many = len(self.labels)
        if product(output) == many:
            return ""
        return f"gives {shown(output)} outputs and {name} has {many} labels; end the network with fc {many}"

    # what is made small, and what is measured

    def objective(self, loss: LossName) -> Objective:
        """With binary cross-entropy, or a user's own loss of outputs and targets (N, K)."""
        by, name = self._loss(loss), self.loss_name(loss)
        return Bound(self, lambda outputs, targets: {name: by(logits(outputs), targets[LABELS])})

    def loss_name(self, loss: LossName) -> str:
        """The name of that loss, as a run keeps it."""
        return OWN if callable(loss) else BINARY

    def _loss(self, loss: LossName) -> Loss:
        if callable(loss):
            return loss_named(loss)
        if loss not in (None, BINARY):
            raise InputError(f"{self.word} has one loss, {BINARY}; leave `loss` out. Received: {loss}")
        return binary_cross_entropy

    def native(self, loss: LossName) -> str:
        """The engine has binary cross-entropy."""
        return GIVEN if callable(loss) else BINARY

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """Binary cross-entropy."""
        return self.objective(None).loss(outputs, targets)

    def right(self, outputs: Fields, targets: Fields) -> tuple[Tensor, int]:
        """The labels that are rightly decided for or against."""
        true = targets[LABELS] > 0
        return ((logits(outputs) >= 0) == true).sum(), true.numel()

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """The outputs and the labels, (N, K) each."""
        return {OUTPUT: logits(outputs), LABELS: targets[LABELS]}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """Mean average precision, macro F1 and label accuracy over all images."""
        scores = multilabel_scores(rows[LABELS].numpy(), rows[OUTPUT].double().numpy())
        return {
            "map": scores.mean_average_precision,
            "macro_f1": scores.macro_f1,
            "label_accuracy": scores.label_accuracy,
        }

    def loss_of_guessing(self, loss: LossName) -> float:
        """Of outputs that are all 0."""
        return float("inf") if callable(loss) else math.log(2)

    # what is told

    def as_trained(self, examples: Examples, recipe: Recipe | None) -> tuple[Examples, list[str]]:
        """Examples from elsewhere in the form of those a run learned from."""
        return placed_as_trained(examples, recipe)

    def doubts(self, parts: Mapping[str, Examples], name: str) -> list[str]:
        """Labels that can't be learned or judged well."""
        found = {part: labels_of(examples, LABELS).nonzero()[:, 1] for part, examples in parts.items()}
        return data.too_few(self.labels, found, "labels")

    def meaning(self) -> tuple[Any, ...]:
        """The labels."""
        return self.labels

    def together(self, outputs: Sequence[Fields]) -> Fields:
        """The mean of the probabilities of each label."""
        return {OUTPUT: together.labels_of([logits(one) for one in outputs])}

    def shares(self, outputs: Fields) -> Mapping[str, float]:
        """The probability of each label, which do not add up to 1."""
        return dict(zip(self.labels, logits(outputs).sigmoid()[0].tolist(), strict=True))

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Answer]:
        """The labels that are likelier there than not, and the likeliest ones."""
        rows = logits(outputs).double().sigmoid()
        return [self._answer(path, row.tolist()) for path, row in zip(asked.names, rows, strict=True)]

    def _answer(self, path: str, probabilities: list[float]) -> Answer:
        ranked = sorted(zip(self.labels, probabilities, strict=True), key=lambda pair: -pair[1])
        named = [(label, probability) for label, probability in ranked if probability >= 0.5]
        said = _listed(named) or f"none above 50%   ({_listed(ranked[:TOP])})"
        pairs = {"labels": named, "top": ranked[:TOP]}
        values = {
            name: [{"label": label, "probability": share} for label, share in some] for name, some in pairs.items()
        }
        return Answer(path, said, values)

    def disputed(self, rows: Fields) -> NDArray[np.bool_]:
        """Those with a label that is decided otherwise as surely as for images of which that is true."""
        shares, true = rows[OUTPUT].sigmoid(), rows[LABELS] > 0
        of = (shares * true).sum(0) / true.sum(0)  # a label that no image has is not a number: never reached
        others = (shares * ~true).sum(0) / (~true).sum(0)
        wrong = (shares >= 0.5) != true
        found: NDArray[np.bool_] = (wrong & torch.where(true, shares <= others, shares >= of)).any(1).numpy()
        return found

    def judged(self, name: str, examples: Examples, rows: Fields, figures: Mapping[str, float]) -> JudgedMultilabel:
        """How a network does on labelled examples."""
        return JudgedMultilabel(name, examples, rows, figures, self.unit, self.labels)

    def standing(self, last: Epoch, trained_on: int, judged: JudgedMultilabel) -> Standing:
        """How the best weights do on the validation examples."""
        scores, learned, count = judged.scores, last.figures[TRAIN + self.decides], len(judged.examples)
        if not scores.present.any():
            return Standing("", unjudged=("Not judged: no validation image has a label.", "Give images with labels."))
        value, right = scores.mean_average_precision, round(learned * trained_on)
        floor = scores.constant_accuracy
        others = round(scores.label_accuracy * count)  # as if the labels of an image were decided together
        return Standing(
            f"{learned:.1%} of the labels right on {trained_on:,} training {self.unit}, {scores.label_accuracy:.1%} "
            f"and mAP {value:.1%} on {count:,} validation {self.unit}",
            gap=weighted_sum([(1, right, trained_on), (-1, others, count)]).low,
            often=1 - scores.label_accuracy > TIMES * (1 - learned),
            wrong=count - others,
            guessing="" if value > scores.chance else f"No better than a ranking by chance, which gets {judged.floor}.",
            lost=wilson(right, trained_on).low <= floor,
            weak=learned - floor < WEAK * (1 - floor),
            more=self.unit,
            doubtful="the labels",
        )


def _listed(pairs: list[tuple[str, float]]) -> str:
    return ", ".join(f"{label} {probability:.1%}" for label, probability in pairs)


def _opened(found: multilabel.LabelRows, known: bool) -> Opened:
    tables = {part: _table(split) for part, split in found.parts.items()}
    train, validation = tables["train"], tables.get("validation")
    schema = Schema({IMAGE: kinds.Image()}, {LABELS: kinds.Labels(len(found.labels))})
    one_each = (f"{found.name}: {ONE_EACH}",) if found.one_each and not known else ()
    return Opened(
        found.name,
        found.source,
        schema,
        train,
        tables.get("test"),
        validation,
        (*found.notes, *one_each),
        found.left_out,
        strata=multilabel.rarest(labels_of(train, LABELS)).tolist(),
        sha256="" if known else digest_of(train, validation),
        levels=found.levels,
    )


def _table(split: Split) -> Table:
    return Table({IMAGE: split.images, LABELS: split.labels}, split.paths)
