"""The pages' pictures, in one plain style: `save(figure, name)` writes them into `pictures/`, the same bytes each time.

A matrix is drawn on a `canvas`, whose unit is one square cell; curves and bars are drawn on ordinary `plots`.
"""

import contextlib
import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

BLUE, ORANGE, GREEN, PINK, SKY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9"  # Okabe and Ito's: distinct
INK, GREY, PALE = "#1f2937", "#6b7280", "#e5e7eb"  # with every kind of colour vision
CYCLE = (BLUE, ORANGE, GREEN, PINK, SKY, "#000000")
SHADES = LinearSegmentedColormap.from_list("shades", ["#f3b27f", "#ffffff", "#8ec5ea"])  # below 0, 0, above 0
CELL = 0.36  # inches a side
COLOURS = 48  # of a picture saved as PNG: it stays small

STYLE = {
    "svg.fonttype": "path",  # letters as shapes: the picture looks the same without our font
    "svg.hashsalt": "companion",  # ids come from the drawing alone, not from chance
    "figure.facecolor": "white",
    "figure.dpi": 100,
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": PALE,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 2,
}

folder = Path(__file__).parent / "pictures"  # where pictures go


@contextlib.contextmanager
def into(place: Path) -> Iterator[None]:
    """While this is open, pictures go into another folder."""
    global folder
    before, folder = folder, place
    try:
        yield
    finally:
        folder = before


def plots(columns: int = 1, rows: int = 1, size: tuple[float, float] = (6, 3.5)) -> tuple[Figure, list[Axes]]:
    """A figure of `size` inches and its axes, row by row."""
    figure = Figure(figsize=size, layout="constrained")
    return figure, list(figure.subplots(rows, columns, squeeze=False).ravel())


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure that counts in cells: x to the right, y down, no axes to be seen."""
    figure = Figure(figsize=(width * CELL, height * CELL))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return figure, axes


def matrix(axes: Axes, cells: Any, x: float, y: float, title: str = "", shades: Any = None) -> None:
    """Squares with their numbers or words, the upper left corner at (x, y), the title above.

    Args:
        axes: Of a canvas.
        cells: Rows of numbers or words.
        x, y: In cells.
        title: Stands above.
        shades: Numbers that colour the squares, blue above 0 and orange below; by default the cells themselves.
    """
    words = np.atleast_2d(np.array(cells, dtype=object))
    values = np.atleast_2d(np.array(words if shades is None else shades, dtype=float))
    most = np.abs(values).max() or 1
    for (row, column), word in np.ndenumerate(words):
        colour = SHADES(0.5 + 0.5 * values[row, column] / most)
        place = (x + column, y + row)
        axes.add_patch(Rectangle(place, 1, 1, facecolor=colour, edgecolor="#9ca3af", linewidth=0.8))
        size = 10 if len(written(word)) < 5 else 8
        axes.text(place[0] + 0.5, place[1] + 0.53, written(word), ha="center", va="center", fontsize=size)
    if title:
        label(axes, x, y - 0.35, title, weight="bold")


def written(value: Any) -> str:
    """A number as short as it goes, with a real minus sign; words as they are.

    >>> written(-3.0), written(Fraction(11, 3)), written("p")
    ('−3', '11/3', 'p')
    """
    if isinstance(value, str):
        return value
    return (str(value) if isinstance(value, Fraction) else f"{float(value):.4g}").replace("-", "−")


def frame(axes: Axes, x: float, y: float, width: float = 1, height: float = 1, colour: str = ORANGE) -> None:
    """A thick frame around cells."""
    axes.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=colour, linewidth=2.6, zorder=3))


def label(axes: Axes, x: float, y: float, words: str, **options: Any) -> None:
    """Words on a canvas, from (x, y) to the right unless said otherwise."""
    axes.text(x, y, words, **{"va": "center", "fontsize": 10, **options})


def arrow(axes: Axes, start: Sequence[float], end: Sequence[float], colour: str = GREY) -> None:
    """An arrow on a canvas."""
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.4})


def save(figure: Figure, name: str) -> None:
    """Writes the picture: `name` ends in .svg, or in .png for photographs."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    if path.suffix == ".svg":
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        return
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    Image.open(buffer).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
