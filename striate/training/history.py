"""The figures of every epoch, in memory and as CSV.

>>> epoch = Epoch(1, 0.5, 0.8, 0.4, 0.9, 0.001, 1000.0, 1.5)
>>> History((epoch,)).best.validation_accuracy
0.9
"""

from __future__ import annotations

import csv
import dataclasses
import io
import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Epoch:
    """One pass over the training images.

    Attributes:
        epoch: Its number, from 1.
        train_loss: Mean loss per image while the weights were moving.
        train_accuracy: Fraction right while the weights were moving.
        validation_loss: Mean loss per image on the validation set, after the epoch.
        validation_accuracy: Fraction right on the validation set, after the epoch.
        learning_rate: The learning rate of the epoch's last step.
        images_per_second: Training steps only.
        seconds: The whole epoch with its validation.
        first_rate: The learning rate of the epoch's first step; None in runs from before it was recorded.
        validation_images: How many images the validation figures are of; None in runs from before it was recorded.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    images_per_second: float
    seconds: float
    first_rate: float | None = None
    validation_images: int | None = None

    @property
    def margin(self) -> float:
        """The standard error of the validation accuracy (Agresti & Coull 1998: not 0 where all are right); else 0."""
        if self.validation_images is None:
            return 0.0
        count = self.validation_images + 4
        p = (self.validation_accuracy * self.validation_images + 2) / count
        return math.sqrt(p * (1 - p) / count)


FIELDS = [field.name for field in dataclasses.fields(Epoch)]


@dataclass(frozen=True)
class History:
    """The epochs so far, in order."""

    epochs: tuple[Epoch, ...] = ()

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def highest(self) -> Epoch:
        """The epoch with the highest validation accuracy; among equals, the one with the lowest validation loss."""
        return max(self.epochs, key=_right)

    @property
    def best(self) -> Epoch:
        """The last epoch whose validation accuracy is within one standard error of the highest until then.

        The images can't tell such epochs apart, the highest of many is high by chance in part, and the later one has
        learned more (the "one standard error rule" of Breiman et al. 1984). Without the number of images: the highest.
        """
        best = highest = self.epochs[0]
        for epoch in self.epochs[1:]:
            higher = _right(epoch) > _right(highest)
            least = highest.validation_accuracy - highest.margin
            if higher or (epoch.validation_images is not None and epoch.validation_accuracy >= least):
                best = epoch
            highest = epoch if higher else highest
        return best

    @property
    def last_is_best(self) -> bool:
        """Whether the newest epoch is the best one."""
        return self.best is self.epochs[-1]

    def plus(self, epoch: Epoch) -> History:
        """With one more epoch."""
        return History((*self.epochs, epoch))

    def to_csv(self) -> str:
        """A header line and one line per epoch."""
        text = io.StringIO()
        writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.to_json())
        return text.getvalue()

    def to_json(self) -> list[dict[str, Any]]:
        """A list of objects, which `from_json` reads; unknown figures are left out."""
        rows = [dataclasses.asdict(epoch) for epoch in self.epochs]
        return [{name: figure for name, figure in row.items() if figure is not None} for row in rows]

    @staticmethod
    def from_json(rows: list[dict[str, Any]]) -> History:
        """What `to_json` made; figures of another version are ignored.

        Raises:
            TypeError: A figure that every history must have is missing.
        """
        return History(tuple(Epoch(**{name: row[name] for name in FIELDS if name in row}) for row in rows))

    @staticmethod
    def from_csv(text: str) -> History:
        """What `to_csv` made; read as `from_json` reads.

        Raises:
            TypeError: A figure that every history must have is missing.
            ValueError: A figure is no number.
        """
        rows = csv.DictReader(io.StringIO(text))
        return History.from_json([{name: _figure(name, word) for name, word in row.items() if word} for row in rows])


def _right(epoch: Epoch) -> tuple[float, float]:
    return epoch.validation_accuracy, -epoch.validation_loss


def _figure(name: str, word: str) -> float:
    return int(word) if name in ("epoch", "validation_images") else float(word)
