"""A report's pictures, drawn by matplotlib once for each way they look: it takes most of a small training's time.

The figures are made each time, of the numbers of that training; what is spared is turning them into SVG. The tests of
the report itself draw all of theirs.
"""

import io
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_pictures: dict[object, str] = {}


class DrawnOnce(Figure):
    """A figure that gives the picture of an earlier one that looks as it does, but for its numbers."""

    def savefig(self, fname: Any, **how: Any) -> None:
        look = (*self.get_size_inches(), *map(_look, self.axes))
        if look not in _pictures:
            made = io.StringIO()
            super().savefig(made, **how)
            _pictures[look] = made.getvalue()
        fname.write(_pictures[look])


def _look(axes: Axes) -> tuple[object, ...]:
    """Words and scales, the kinds of what is in it, and whether lines are single points or have gaps."""
    words = (axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel(), axes.get_xscale(), axes.get_yscale())
    lines = [(len(line.get_xdata()) > 1, bool(np.isfinite(line.get_ydata()).all())) for line in axes.lines]
    return (*words, *lines, *(type(child) for child in axes.get_children()))
