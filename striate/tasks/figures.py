"""Figures that may not be known, in words and as JSON.

>>> percent(0.5), percent(float("nan")), known(float("nan"))
('50.00%', '–', None)
"""

import math


def known(value: float) -> float | None:
    """A number for JSON, which has no other word for one that is not known."""
    return None if math.isnan(value) else float(value)


def percent(value: float) -> str:
    """A share in percent; a dash for one that is not known."""
    return "–" if math.isnan(value) else f"{value:.2%}"
