"""The page of several runs: their figures, the settings that differ, their curves together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from markupsafe import Markup

from striate.report.series import together
from striate.report.tabled import Table, render_page
from striate.runs.listed import Listed
from striate.runs.side_by_side import about, figures, headline, settings
from striate.training.history import LOSS, TRAIN, VALIDATION

if TYPE_CHECKING:
    from striate.runs.compared import Comparison


def page(made: Comparison) -> str:
    """The page as one HTML document."""
    parts = [
        Table("figures", "Figures", *figures(made), note=about(made), marked=made.best),
        Table("curves", "Curves together", drawings=tuple(_curves(made))),
    ]
    if made.settings:
        parts.insert(1, Table("settings", "What differs", ("setting", *made.names), tuple(settings(made))))
    return render_page(f"{len(made.runs)} runs compared", parts, headline=headline(made))


def _curves(made: Comparison) -> list[Markup]:
    """Every figure over the epochs; the one that counts also over the time that training took."""
    runs = {name: run for name, run in zip(made.names, made.runs, strict=True) if run.history}
    drawn = []
    for metric in dict.fromkeys(run.metric for run in runs.values() if run.metric):
        some = {name: run for name, run in runs.items() if run.metric == metric}
        column, title = VALIDATION + metric.name, f"validation {metric.words}"
        drawn.append(_drawn(some, column, title, metric.share))
        drawn.append(_drawn(some, column, title, metric.share, seconds=True))
    drawn.append(_drawn(runs, VALIDATION + LOSS, "validation loss"))
    drawn.append(_drawn(runs, TRAIN + LOSS, "training loss"))
    return [one for one in drawn if one]


def _drawn(runs: dict[str, Listed], column: str, title: str, share: bool = False, seconds: bool = False) -> Markup:
    along: Callable[[Listed], Sequence[float]] = _seconds if seconds else _epochs
    lines = {
        name: [(x, epoch.figures[column]) for x, epoch in zip(along(run), run.history.epochs, strict=True)]
        for name, run in runs.items()
        if all(column in epoch.figures for epoch in run.history.epochs)
    }
    if not lines:
        return Markup()
    return together(lines, title, "seconds of training" if seconds else "epoch", share, whole=not seconds)


def _epochs(run: Listed) -> list[float]:
    return [epoch.epoch for epoch in run.history.epochs]


def _seconds(run: Listed) -> list[float]:
    return list(accumulate(epoch.seconds for epoch in run.history.epochs))
