"""A report on examples of one class each, as one value for tests to take parts away from."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.metrics import Calibration, ClassScore, Score
from striate.report import Report, classes
from striate.report import render as render_report
from striate.report.classes import WrongImage
from tests.learning import ACCURACY


@dataclass(frozen=True, eq=False)
class Classified:
    """What `Report` and the sections on classes are given, under the same names."""

    title: str
    command: str
    evaluated: str
    score: Score
    confusion: NDArray[np.int64]
    classes: tuple[str, ...]
    per_class: tuple[ClassScore, ...]
    calibration: Calibration
    most_wrong: tuple[WrongImage, ...]
    counts: Mapping[str, tuple[int, ...]]
    facts: tuple[tuple[str, str], ...]
    network: str
    decisions: tuple[str, ...]
    verdict: tuple[str, ...]
    history: tuple[Mapping[str, float], ...]
    best_epoch: int
    filters: NDArray[np.float32] | None
    cost: tuple[Mapping[str, object], ...]
    picture: Markup = Markup()

    def report(self) -> Report:
        """The page's content, in the order that a training's report has."""
        wrong = self.score.examples - self.score.right
        sections = [
            classes.confusions(self.confusion, self.classes, self.evaluated),
            classes.table(self.per_class, self.classes, self.counts, self.evaluated),
            classes.calibration(self.calibration, self.evaluated),
            *([classes.most_wrong(self.most_wrong, self.evaluated, wrong)] if self.most_wrong else []),
        ]
        return Report(
            title=self.title,
            command=self.command,
            facts=self.facts,
            headline=classes.headline(self.score, self.evaluated),
            sections=tuple(sections),
            network=self.network,
            picture=self.picture,
            decisions=self.decisions,
            verdict=self.verdict,
            history=self.history,
            metrics=(ACCURACY,),
            best_epoch=self.best_epoch,
            filters={} if self.filters is None else {"conv1": self.filters},
            cost=self.cost,
        )


def render(content: Classified) -> str:
    """The page."""
    return render_report(content.report())
