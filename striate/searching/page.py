"""The page of a search: its trials in order, which option mattered, and how values and figures go together."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from math import log
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from striate.metrics.metric import Metric
from striate.report.svg import AXIS, INK, MARK, TRAIN, VALIDATION, inline_svg, printable
from striate.report.tabled import Table, render_page

if TYPE_CHECKING:
    from striate.searching.found import Found, Tried

SIZE, WIDE = (6.2, 3.6), (12.0, 3.8)  # inches
STRONGER = "A line for each trial that is done, stronger the better it is; the best is in another colour."
STEPS = 3  # values that are written beside an axis of numbers


def page(found: Found) -> str:
    """The page as one HTML document."""
    best = found.best
    drawings = [_in_order(found)] + ([_importance(found)] if found.importance else [])
    parts = [
        Table("best", "The best trial", ("option", "value"), tuple(_best(found)), note=_about(found)),
        Table("search", "The search", drawings=tuple(drawings)),
        Table(
            "parallel",
            "All trials",
            drawings=(_parallel(found),),
            note=STRONGER,
        ),
        Table("trials", "The trials in numbers", *_rows(found)),
    ]
    figure = f"a validation {found.metric.words} of {found.metric.shown(best.figure)}"
    headline = f"{len(found.trials)} trials; the best, trial {best.number}, has {figure}."
    return render_page(f"Search {found.root.name}", parts, headline=headline)


def _about(found: Found) -> str:
    test = f" On the test examples, which no other trial has seen: {found.test.said()}." if found.test else ""
    chosen = "It was chosen by its validation figure, which for the best of many is a little too good."
    return f"{chosen}{test} Its run: {found.best.run}"


def _best(found: Found) -> list[tuple[str, ...]]:
    return [(name, _short(value)) for name, value in found.best.values.items()]


def _rows(found: Found) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    names = list(found.best.values)
    heads = ("trial", "state", *names, f"validation {found.metric.words}", "epochs", "seconds", "run")
    rest = [one for one in found.trials if one.value is None]
    return heads, tuple(_row(found, one, names) for one in (*found.ranked, *rest))


def _row(found: Found, one: Tried, names: list[str]) -> tuple[str, ...]:
    value = one.value if one.value is not None else one.epochs[-1] if one.epochs else None
    shown = "–" if value is None else found.metric.shown(value)
    values = (_short(one.values.get(name, "–")) for name in names)
    return (str(one.number), one.state, *values, shown, str(len(one.epochs)), f"{one.seconds:.1f}", one.run.name)


def _in_order(found: Found) -> Markup:
    """Figures in the order of the trials, with the best until then."""
    done = found.done
    stopped = [one for one in found.trials if one.value is None and one.epochs]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        numbers, figures = [one.number for one in done], [one.figure for one in done]
        left = [one.number for one in stopped], [one.epochs[-1] for one in stopped]
        axes.scatter(*left, color=AXIS, marker="x", label="stopped early")
        axes.scatter(numbers, figures, color=TRAIN, label="done", zorder=3)
        axes.step(numbers, _best_until(figures, found.metric), where="post", color=VALIDATION, label="best until then")
        axes.set_title(f"validation {found.metric.words}")
        axes.set_xlabel("trial")
        _as_shares(axes, found)
        axes.legend()

    return inline_svg(draw, SIZE, "in-order", f"Validation {found.metric.words} of {len(done)} trials in order")


def _best_until(figures: list[float], metric: Metric) -> list[float]:
    """The best of the figures up to each."""
    better: Callable[[float, float], float] = max if metric.up else min
    return list(accumulate(figures, better))


def _importance(found: Found) -> Markup:
    names = list(found.importance)[::-1]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.barh([printable(name) for name in names], [found.importance[name] for name in names], color=TRAIN)
        axes.set_title("importance (fANOVA)")
        axes.set_xlabel("share in how the figure varies")
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))

    said = ", ".join(f"{name} {share:.0%}" for name, share in found.importance.items())
    return inline_svg(draw, SIZE, "importance", f"Importance: {said}")


def _parallel(found: Found) -> Markup:
    """An axis for each option, and one for the figure; a line for each trial (Inselberg 1985)."""
    names = list(found.best.values)
    scales = [Scale([one.values[name] for one in found.ranked]) for name in names]
    scales.append(Scale([one.figure for one in found.ranked]))

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for place, one in reversed(list(enumerate(found.ranked))):
            values = [*(one.values[name] for name in names), one.figure]
            heights = [scale.height(value) for scale, value in zip(scales, values, strict=True)]
            strength = 1.0 if not place else 0.15 + 0.6 * (1 - place / len(found.ranked))
            colour, width = (VALIDATION, 2.5) if not place else (TRAIN, 1.2)
            axes.plot(range(len(scales)), heights, color=colour, alpha=strength, linewidth=width)
        for place, scale in enumerate(scales):
            axes.axvline(place, color=MARK, linewidth=1)
            for height, word in scale.marks():
                axes.text(place + 0.02, height, word, fontsize=8, color=INK, va="center")
        axes.set_xticks(range(len(scales)), [*map(printable, names), f"validation {found.metric.words}"])
        axes.set_xlim(-0.1, len(scales) - 0.6)
        axes.set_yticks([])
        axes.grid(False)
        axes.spines[:].set_visible(False)

    return inline_svg(draw, WIDE, "parallel", f"Parallel coordinates of {len(found.ranked)} trials")


class Scale:
    """Where values stand on an axis from 0 to 1.

    Those that span a decade stand by their order of magnitude, words at even distances.

    Args:
        values: All that it must show.
    """

    def __init__(self, values: list[Any]) -> None:
        self.words = sorted({str(one) for one in values}) if any(isinstance(one, str) for one in values) else []
        if not self.words:
            self.low, self.high = min(values), max(values)
            self.log = self.low > 0 and self.high / self.low >= 10

    def height(self, value: Any) -> float:
        """The place of a value."""
        if self.words:
            return self.words.index(str(value)) / max(1, len(self.words) - 1)
        if self.high == self.low:
            return 0.5
        shown = log if self.log else float
        return (shown(value) - shown(self.low)) / (shown(self.high) - shown(self.low))

    def marks(self) -> list[tuple[float, str]]:
        """The values written beside it, with their places."""
        if self.words:
            return [(self.height(word), printable(word)) for word in self.words]
        if self.high == self.low:
            return [(0.5, _short(self.low))]
        at = [step / (STEPS - 1) for step in range(STEPS)]
        if self.log:
            return [(place, f"{self.low * (self.high / self.low) ** place:.3g}") for place in at]
        return [(place, f"{self.low + place * (self.high - self.low):.4g}") for place in at]


def _as_shares(axes: Axes, found: Found) -> None:
    if found.metric.share:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
