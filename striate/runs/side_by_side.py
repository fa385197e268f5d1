"""Several runs in words: their figures, the settings that differ, and which is best."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from striate.metrics.interval import wilson
from striate.runs.listed import Listed, clock
from striate.training.history import LOSS, VALIDATION

if TYPE_CHECKING:
    from striate.runs.compared import Comparison

LONG = 120  # characters of a setting that are shown


def headline(made: Comparison) -> str:
    """Which run is best, and which others can't be told from it."""
    if made.best is None:
        return "These runs have other data or other metrics, so their figures do not compare."
    others = [name for name, one in zip(made.names, made.differences, strict=True) if one and not one.beyond_chance]
    known = any(made.differences)
    apart = f"; chance alone may be why it is ahead of {', '.join(others)}" if others else ""
    ahead = "; the others are behind it by more than chance" if known and not others else ""
    return f"{made.names[made.best]} has the best figure{apart}{ahead}."


def about(made: Comparison) -> str:
    on = "test" if made.tested else "validation"
    chosen = "" if made.tested else ", by which each run's epoch was chosen"
    return f"Figures are of the {on} examples{chosen}. {made.method}{'.' if made.method else ''}"


def figures(made: Comparison) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The heads and the rows of the table of figures."""
    ahead = bool(any(made.differences))
    tests = ("test",) if made.tested else ()
    heads = ("run", "best", *tests, "95% interval", "loss", "epoch", "parameters", "time", "state")
    rows = []
    for place, (name, run) in enumerate(zip(made.names, made.runs, strict=True)):
        one = made.differences[place] if made.differences else None
        row = (name, shown(run), *_tested(made, place), within(made, place), *_more(run))
        rows.append((*row, one.said() if one else "") if ahead else row)
    return ((*heads, "the best one is ahead by") if ahead else heads), tuple(rows)


def shown(run: Listed) -> str:
    """The figure of a run."""
    return f"{run.metric.words} {run.metric.shown(run.value)}" if run.metric and run.value is not None else "–"


def within(made: Comparison, place: int) -> str:
    """The interval of a run's figure: of the test's where there is one."""
    interval = wilson(*made.tested[place]) if made.tested else made.runs[place].interval
    return "–" if interval is None else f"{interval.low:.2%} to {interval.high:.2%}"


def _tested(made: Comparison, place: int) -> tuple[str, ...]:
    if not made.tested:
        return ()
    right, count = made.tested[place]
    return (f"{right / count:.2%} of {count:,}",)


def _more(run: Listed) -> tuple[str, ...]:
    loss = f"{run.best.figures[VALIDATION + LOSS]:.4f}" if run.best else "–"
    epoch = f"{run.best.epoch} of {len(run.history)}" if run.best else "–"
    count = "–" if run.parameters is None else f"{run.parameters:,}"
    return loss, epoch, count, clock(run.seconds), run.state


def settings(made: Comparison) -> list[tuple[str, ...]]:
    """A row for each setting that differs."""
    return [(name, *words_of(values)) for name, values in made.settings.items()]


def words_of(values: Sequence[Any]) -> list[str]:
    """The values of a setting in words; of long texts, the lines in which they differ from the first."""
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) == len(values) and any("\n" in text or len(text) > LONG for text in texts):
        return ["" if text == texts[0] else _changes(texts[0], text) for text in texts]
    return ["–" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value) for value in values]


def _changes(before: str, after: str) -> str:
    lines = difflib.ndiff([line.strip() for line in before.splitlines()], [line.strip() for line in after.splitlines()])
    changed = " ".join(line for line in lines if line[:1] in "+-")
    return changed if len(changed) <= LONG else changed[:LONG] + "…"
