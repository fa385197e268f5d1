"""The figures of every epoch, in memory and as CSV.

>>> epoch = Epoch(1, {"train_loss": 0.5, "validation_loss": 0.4, "validation_accuracy": 0.9}, 0.001, 1000.0, 1.5)
>>> History((epoch,)).best.validation_accuracy
0.9
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from striate.metrics.metric import Metric

TRAIN, VALIDATION, LOSS = "train_", "validation_", "loss"
SPEED = "_per_second"
IMAGES = "images"  # what examples are unless a task says otherwise


@dataclass(frozen=True)
class Epoch:
    """One pass over the training examples. Each figure is also an attribute: `epoch.train_loss`.

    Attributes:
        epoch: Its number, from 1.
        figures: By name: `train_…` while the weights were moving, `validation_…` on the validation set, after the
            epoch; `…_loss` is the mean loss per example.
        learning_rate: The learning rate of the epoch's last step.
        per_second: Examples per second, training steps only.
        seconds: The whole epoch with its validation.
        first_rate: The learning rate of the epoch's first step; None in runs from before it was recorded.
        validated: How many examples the validation figures are of; None in runs from before it was recorded.
    """

    epoch: int
    figures: Mapping[str, float]
    learning_rate: float
    per_second: float
    seconds: float
    first_rate: float | None = None
    validated: int | None = None

    def __getattr__(self, name: str) -> float:
        if name.startswith((TRAIN, VALIDATION)) and name in self.figures:
            return self.figures[name]
        raise AttributeError(f"an epoch has no figure '{name}'; it has {', '.join(self.figures)}")

    def row(self, unit: str) -> dict[str, Any]:
        """Its figures under the names of the CSV file, for examples that are called `unit`."""
        after = {f"{unit}{SPEED}": self.per_second, "seconds": self.seconds, "first_rate": self.first_rate}
        return {
            "epoch": self.epoch,
            **self.figures,
            "learning_rate": self.learning_rate,
            **after,
            VALIDATION + unit: self.validated,
        }


@dataclass(frozen=True)
class History:
    """The epochs so far, in order.

    Attributes:
        epochs: One entry each.
        metrics: What is measured besides the loss; the first chooses the epoch whose weights are kept.
        unit: What examples are called: "images".
    """

    epochs: tuple[Epoch, ...] = ()
    metrics: tuple[Metric, ...] = ()
    unit: str = IMAGES

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def metric(self) -> Metric:
        """The one that chooses the epoch; of a history that says nothing of its metrics, the first that it has."""
        return self.metrics[0] if self.metrics else next(_measured(self.epochs), Metric(LOSS, up=False, share=False))

    def value(self, epoch: Epoch) -> float:
        """What the metric is on an epoch's validation examples; not a number where it was not measured then."""
        return epoch.figures.get(VALIDATION + self.metric.name, math.nan)

    @property
    def highest(self) -> Epoch:
        """The best validation epoch by its figures alone; among equals, the one with the lowest validation loss."""
        return max(self.epochs, key=self._rank)

    @property
    def best(self) -> Epoch:
        """The last epoch whose metric is within one standard error of the best until then.

        The examples can't tell such epochs apart, the best of many is so by chance in part, and the later one has
        learned more (the "one standard error rule" of Breiman et al. 1984). Without a standard error: the best.
        """
        best = highest = self.epochs[0]
        for epoch in self.epochs[1:]:
            higher = self._rank(epoch) > self._rank(highest)
            margin = self.metric.margin(self.value(highest), highest.validated)
            least = self.metric.rank(self.value(highest)) - margin
            if higher or (margin and epoch.validated is not None and self.metric.rank(self.value(epoch)) >= least):
                best = epoch
            highest = epoch if higher else highest
        return best

    def choice(self) -> str:
        """The best epoch in words, and why it is that one where another has a higher figure."""
        best, highest = self.best, self.highest
        if best is highest or self.value(best) == self.value(highest):
            return f"epoch {best.epoch}"
        rival = f"epoch {highest.epoch}'s {self.metric.shown(self.value(highest))}"
        return f"epoch {best.epoch}, the last that {best.validated:,} {self.unit} can't tell from {rival}"

    @property
    def last_is_best(self) -> bool:
        """Whether the newest epoch is the best one."""
        return self.best is self.epochs[-1]

    def plus(self, epoch: Epoch) -> History:
        """With one more epoch."""
        return History((*self.epochs, epoch), self.metrics, self.unit)

    def _rank(self, epoch: Epoch) -> tuple[float, float]:
        rank = self.metric.rank(self.value(epoch))  # not a number where the examples tell nothing of it
        return -math.inf if math.isnan(rank) else rank, -epoch.figures[VALIDATION + LOSS]

    def to_csv(self) -> str:
        """A header line and one line per epoch."""
        columns = dict.fromkeys(name for epoch in self.epochs for name in epoch.row(self.unit))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns or Epoch(0, {}, 0, 0, 0).row(self.unit), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.to_json())
        return text.getvalue()

    def to_json(self) -> list[dict[str, Any]]:
        """A list of objects, which `from_json` reads; unknown figures are left out."""
        rows = [epoch.row(self.unit) for epoch in self.epochs]
        return [{name: figure for name, figure in row.items() if figure is not None} for row in rows]

    @staticmethod
    def from_json(rows: list[dict[str, Any]], config: Mapping[str, Any] | None = None) -> History:
        """What `to_json` made; entries of another version are ignored.

        Args:
            rows: One per epoch.
            config: The run's; it names the metrics and the unit, unless it is older than both.

        Raises:
            TypeError: A figure that every history must have is missing.
        """
        about = config or {}
        metrics = tuple(map(Metric.from_json, about.get("metrics", ())))
        unit = about.get("unit", IMAGES)
        history = History(tuple(_epoch(row, unit) for row in rows), metrics, unit)
        figures = [epoch.figures for epoch in history.epochs]
        if any(VALIDATION + LOSS not in one for one in figures):
            raise TypeError(f"the history lacks {VALIDATION}{LOSS}")
        if figures and not any(VALIDATION + history.metric.name in one for one in figures):
            raise TypeError(f"the history lacks {VALIDATION}{history.metric.name}")
        return history

    @staticmethod
    def from_csv(text: str, config: Mapping[str, Any] | None = None) -> History:
        """What `to_csv` made; read as `from_json` reads.

        Raises:
            TypeError: A figure that every history must have is missing.
            ValueError: A figure is no number.
        """
        rows = csv.DictReader(io.StringIO(text))
        return History.from_json([{name: float(word) for name, word in row.items() if word} for row in rows], config)


def _epoch(row: Mapping[str, Any], unit: str) -> Epoch:
    """An epoch from its row.

    Raises:
        TypeError: An entry is missing.
    """
    missing = [name for name in ("epoch", "learning_rate", f"{unit}{SPEED}", "seconds") if name not in row]
    if missing or TRAIN + LOSS not in row:
        raise TypeError(f"the history lacks {', '.join(missing) or TRAIN + LOSS}")
    validated = row.get(VALIDATION + unit)
    figures = {
        name: value for name, value in row.items() if name.startswith((TRAIN, VALIDATION)) and name != VALIDATION + unit
    }
    return Epoch(
        int(row["epoch"]),
        figures,
        row["learning_rate"],
        row[f"{unit}{SPEED}"],
        row["seconds"],
        row.get("first_rate"),
        None if validated is None else int(validated),
    )


def _measured(epochs: tuple[Epoch, ...]) -> Iterator[Metric]:
    """The metrics of runs from before they were named: shares of the validation images, beside the loss."""
    for name in epochs[0].figures if epochs else ():
        if name.startswith(VALIDATION) and name != VALIDATION + LOSS:
            yield Metric(name.removeprefix(VALIDATION), counted=True)
