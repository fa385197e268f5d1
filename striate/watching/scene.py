"""What there is to see of a training. Its own thread puts in what is cheap; the page's thread makes pictures of it.

>>> from striate.training.history import Epoch
>>> scene = Scene("a net on digits", 2, 100)
>>> scene.numbers()["history"]
[]
>>> scene.history = History((Epoch(1, {"train_loss": 0.5, "validation_loss": 0.4}, 0.001, 1000.0, 1.5),))
>>> [row["train_loss"] for row in scene.numbers()["history"]]
[0.5]
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.report.images import filter_sheet, kernel_sheet
from striate.training.fields import Fields
from striate.training.history import History
from striate.training.moment import Moment

LAYERS = 2  # layers whose filters are shown
COLOURS = (1, 3)  # channels of filters that are pictures themselves


def _nothing(rows: Fields, figures: Mapping[str, float]) -> Markup:
    return Markup()


@dataclass(eq=False)
class Scene:
    """A training as it stands.

    Attributes:
        title: Network and data.
        epochs: How many there will be.
        examples: Training examples in each.
        worst: The most wrong validation examples as HTML, from what the objective keeps of them and its figures.
        begun: Epochs, and parts of one, that were done before.
        history: The epochs that are done.
        now: The newest moment of the running epoch.
        rows: Of the newest look at the validation set.
        filters: The weights of the first convolutions by name.
        copies: How often these were put in, so that the page asks for pictures only of new ones.
        said: How it ended, a sentence each; empty while it runs.
        report: The report's file, once there is one.
        started: When it began, of `time.monotonic`.
    """

    title: str
    epochs: int
    examples: int
    worst: Callable[[Fields, Mapping[str, float]], Markup] = _nothing
    begun: float = 0.0
    history: History = field(default_factory=History)
    now: Moment = field(default_factory=Moment)
    rows: Fields = field(default_factory=dict)
    filters: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    copies: int = 0
    said: tuple[str, ...] = ()
    report: Path | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> float:
        """Epochs that are done, with the part of the running one."""
        whole = len(self.history)
        return whole + (self.now.done / self.examples if self.now.epoch > whole else 0)

    def numbers(self) -> dict[str, Any]:
        """All figures, for JSON."""
        history, now, done = self.history, self.now, self.done
        metric, seconds = history.metric, time.monotonic() - self.started
        running = now if now.epoch > len(history) else None
        return {
            "title": self.title,
            "unit": history.unit,
            "epochs": self.epochs,
            "examples": self.examples,
            "metric": {"name": metric.name, "words": metric.words, "share": metric.share},
            "history": [_finite(row) for row in history.to_json()],
            "kept": history.best.epoch if history else None,
            "now": _finite({"epoch": running.epoch, "done": running.done, "loss": running.loss}) if running else None,
            "left": seconds * (self.epochs - done) / (done - self.begun) if done > self.begun else None,
            "said": list(self.said),
            "report": self.report is not None,
            "copies": self.copies,
        }

    def pictures(self) -> list[dict[str, Any]]:
        """The filters of the first convolutions, for JSON."""
        made = []
        for name, weights in self.filters.items():
            if weights.shape[1] in COLOURS and weights[0, 0].size > 1:
                many = filter_sheet(weights)
                shown = (
                    f"; the first {len(many.uris)} of {many.num_filters}" if len(many.uris) < many.num_filters else ""
                )
                made.append({"name": name, "said": many.convention + shown, "extent": many.extent, "uris": many.uris})
            else:
                sheet = kernel_sheet(weights)
                said = f"{sheet.said}; a row for each filter, a column for each channel"
                made.append(
                    {"name": name, "said": said, "extent": sheet.extent, "uris": [sheet.uri], "width": sheet.width}
                )
        return made

    def most_wrong(self) -> str:
        """The most wrong validation examples of the newest epoch, as HTML.

        Styles are in `data-style`: the page's rules let no text set one, only its script.
        """
        epoch, rows = self.history.epochs[-1:], self.rows
        return str(self.worst(rows, epoch[0].figures)).replace(' style="', ' data-style="') if epoch and rows else ""


def _finite(row: Mapping[str, float]) -> dict[str, float]:
    """What JSON can write."""
    return {name: value for name, value in row.items() if math.isfinite(value)}
