"""Figures that may not be known, in words and as JSON; and whether answers are better than a guess.

>>> percent(0.5), percent(float("nan")), known(float("nan"))
('50.00%', '–', None)
"""

import math

import numpy as np
from numpy.typing import NDArray

ALIKE = 1.0  # pixels: places that differ less between images are the same


def known(value: float) -> float | None:
    """A number for JSON, which has no other word for one that is not known."""
    return None if math.isnan(value) else float(value)


def percent(value: float) -> str:
    """A share in percent; a dash for one that is not known."""
    return "–" if math.isnan(value) else f"{value:.2%}"


def no_better(found: NDArray[np.floating], what: str, figure: float, floor: float) -> str:
    """Why places are no better than a guess, in a sentence; empty where they are.

    Args:
        found: (N, …), pixels, for N images.
        what: What they are: "pose".
        figure: How good they are, and `floor`, how good it is to say the mean for every image.
    """
    if len(found) > 1 and np.nanmax(np.ptp(found, 0)) < ALIKE:
        died = "the units that looked may have died; batch norm after each fully connected layer keeps them alive"
        return f"Every image gets the same {what}: {died}."
    return "" if not figure <= floor else f"No better than always saying the mean {what}, which gets {percent(floor)}."
