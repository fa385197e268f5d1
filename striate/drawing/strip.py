"""Strips of matrices as a picture: in black, white and one grey, so that it reads the same when it is printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from striate.drawing.panels import Cells, Panel, Strip
from striate.drawing.strips import strips
from striate.errors import InputError
from striate.stepping import Step

ENDINGS = (".svg", ".png", ".pdf")
CELL = 0.36  # inches
GAP, SIGN, NAME, TITLE = 0.5, 0.35, 0.6, 1.1  # below a strip; beside a sign; above a matrix; above a strip: in cells
GREY, PALE = "0.78", "0.93"
LETTER = 0.13  # cells of a title's letter
STYLE = {"svg.hashsalt": "striate", "font.family": "DejaVu Sans", "savefig.dpi": 150}


def draw(step: Step, path: str | Path) -> Path:
    """Draws a step as strips of small matrices with a legend.

    Args:
        step: What `st.step` gave, of one layer or of a chain; gradients are drawn where they are numbers.
        path: Where to, ending in .svg, .png or .pdf.

    Returns:
        The path.

    Raises:
        InputError: Another ending, a folder that is not there, or a map of more than 32 x 32 entries.
    """
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"a picture is an {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]} file. Received: {path}")
    found = strips(step)
    with matplotlib.style.context(STYLE):
        figure = _figure(found)
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else None
        try:
            figure.savefig(path, bbox_inches="tight", pad_inches=0.1, metadata=metadata)
        except OSError as error:
            raise InputError(f"{path}: can't be written ({error.strerror})") from None
    return path


def _figure(found: list[Strip]) -> Figure:
    width = max(sum(map(_width, strip.panels)) for strip in found)
    heights = [_height(strip) for strip in found]
    figure = Figure(figsize=((width + 1) * CELL, (sum(heights) + 2.4) * CELL))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-0.5, width + 0.5)
    axes.set_ylim(sum(heights) + 2.4, 0)
    axes.set_axis_off()
    top = 0.0
    for strip, height in zip(found, heights, strict=True):
        _strip(axes, strip, top, height)
        top += height
    _legend(axes, found, top + 0.3)
    return figure


def _height(strip: Strip) -> float:
    return TITLE * bool(strip.title) + NAME + max(len(panel.values) for panel in strip.panels) + GAP


def _width(panel: Panel) -> float:
    """Of a panel with its sign and its title, in cells."""
    sign = SIGN * 2 + LETTER * 2 * len(panel.sign) if panel.sign else 0
    return sign + max(_columns(panel), LETTER * 1.35 * len(panel.title)) + SIGN


def _columns(panel: Panel) -> float:
    return int(panel.values.shape[1]) * _wide(panel)


def _wide(panel: Panel) -> float:
    """How wide a panel's cells are: as its longest number needs."""
    longest = max(len(short(value)) for value in panel.values.flat)
    return max(1.0, 0.36 + 0.22 * longest)


def short(value: object) -> str:
    """A number in three digits.

    >>> short(2), short(-0.00123456), short(1234567.0)
    ('2', '-0.00123', '1.23e+06')
    """
    if value is None:
        return ""  # padding that does not count
    number = float(value) + 0.0  # type: ignore[arg-type]  # no -0
    return f"{number:.0f}" if number == int(number) and abs(number) < 1e5 else f"{number:.3g}"


def _strip(axes: Axes, strip: Strip, top: float, height: float) -> None:
    axes.text(0, top + TITLE * 0.75, strip.title, fontsize=9, fontweight="bold", va="bottom")
    tallest, x = max(len(panel.values) for panel in strip.panels), 0.0
    first = top + height - GAP - tallest
    for panel in strip.panels:
        y = first + (tallest - len(panel.values)) / 2
        if panel.sign:
            x += SIGN
            axes.text(x, first + tallest / 2, panel.sign, fontsize=11, va="center")
            x += LETTER * 2 * len(panel.sign) + SIGN
        axes.text(x, y - 0.15, panel.title, fontsize=7.5, va="bottom")
        _matrix(axes, panel, x, y)
        x += _width(panel) - (SIGN * 2 + LETTER * 2 * len(panel.sign) if panel.sign else 0)


def _matrix(axes: Axes, panel: Panel, left: float, top: float) -> None:
    wide = _wide(panel)
    rows, columns = panel.values.shape
    for row in range(rows):
        for column in range(columns):
            cell, x, y = (row, column), left + column * wide, top + row
            outside = cell in panel.padding
            face = GREY if cell in panel.shaded else PALE if outside else "white"
            line = ":" if outside else "-"
            axes.add_patch(Rectangle((x, y), wide, 1, facecolor=face, edgecolor="0.45", linewidth=0.6, linestyle=line))
            axes.text(x + wide / 2, y + 0.52, short(panel.values[cell]), fontsize=7.5, ha="center", va="center")
    for row, column in panel.framed:
        _outline(axes, panel.framed, row, column, left, top, wide)
    for row, column in panel.shaded:
        box = (left + column * wide, top + row)
        axes.add_patch(Rectangle(box, wide, 1, fill=False, edgecolor="black", linewidth=1.1))


def _outline(axes: Axes, cells: Cells, row: int, column: int, left: float, top: float, wide: float) -> None:
    """The sides of a framed entry that no framed entry shares."""
    x0, x1, y0, y1 = left + column * wide, left + (column + 1) * wide, top + row, top + row + 1
    sides = {
        (row - 1, column): ((x0, x1), (y0, y0)),
        (row + 1, column): ((x0, x1), (y1, y1)),
        (row, column - 1): ((x0, x0), (y0, y1)),
        (row, column + 1): ((x1, x1), (y0, y1)),
    }
    for beside, (xs, ys) in sides.items():
        if beside not in cells:
            axes.plot(xs, ys, color="black", linewidth=2.2, solid_capstyle="projecting")


def _legend(axes: Axes, found: list[Strip], top: float) -> None:
    """What the frames and the shade mean; only what the picture has."""
    panels = [panel for strip in found for panel in strip.panels]
    entries: list[tuple[bool, str, str, Any, float]] = [
        (any(p.framed for p in panels), "thick frame: what is read, or what the gradient reaches", "white", "-", 2.2),
        (any(p.shaded for p in panels), "grey: the entry that comes out, won, or sends its gradient", GREY, "-", 1.1),
        (any(p.padding for p in panels), "dotted: padding", PALE, ":", 0.6),
    ]
    patches = [
        Patch(facecolor=face, edgecolor="black", linestyle=line, linewidth=width, label=text)
        for there, text, face, line, width in entries
        if there
    ]
    if patches:
        anchor = (0, 1 - top / axes.get_ylim()[0])
        axes.legend(handles=patches, loc="upper left", bbox_to_anchor=anchor, frameon=False, fontsize=7.5)
