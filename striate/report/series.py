"""Curves of several runs in one drawing.

>>> svg = together({"a": [(1, 0.5), (2, 0.25)], "b": [(1, 0.4)]}, "validation loss", "epoch")
>>> "a" in svg and "var(--series-2)" in svg
True
"""

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from striate.report.pictures import MOST_MARKED
from striate.report.svg import SERIES, inline_svg, printable

SIZE = (6.2, 4.0)  # inches; two stand side by side
MOST_NAMED = 24  # runs with a line in the legend
DASHES = ("-", "--", ":", "-.")
MARKERS = "os^Dv"


def together(
    lines: Mapping[str, Sequence[tuple[float, float]]], title: str, along: str, share: bool = False, whole: bool = True
) -> Markup:
    """A line for each run.

    Args:
        lines: Points (x, y) by the run's name.
        title: What y is.
        along: What x is.
        share: Whether y is a fraction from 0 to 1.
        whole: Whether x has whole numbers alone.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for number, (name, points) in enumerate(lines.items()):
            axes.plot(
                *zip(*points, strict=True),
                color=SERIES[number % len(SERIES)],
                linestyle=DASHES[number // len(SERIES) % len(DASHES)],
                marker=MARKERS[number % len(MARKERS)] if len(points) <= MOST_MARKED else "",
                markersize=4,
                label=printable(name, 40) if number < MOST_NAMED else None,
            )
        axes.set_title(title)
        axes.set_xlabel(along)
        if whole:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if share:
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        if len(lines) > 1:
            axes.legend()

    name = f"{title} along {along}".replace(" ", "-").replace(",", "")
    return inline_svg(draw, SIZE, name, f"{title} of {len(lines)} runs, by {along}")
