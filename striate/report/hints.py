"""The parts of a report on what may be wrong with the data: labels, and examples that are in two parts.

>>> disputed([DisputedPart("2 of 100 images", Markup("<p>two</p>"))], "images").name
'Perhaps mislabelled'
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.report.section import Section, part

TEMPLATE = "hints.html"


@dataclass(frozen=True)
class DisputedPart:
    """Examples of one part of the data.

    Attributes:
        said: Which, how many, and how they were found.
        shown: Some of them, as HTML.
    """

    said: str
    shown: Markup


@dataclass(frozen=True, eq=False)
class Twins:
    """A training image and one of another part that are nearly the same.

    Attributes:
        first, second: (H, W) or (H, W, 3), uint8.
        first_name, second_name: Where to find them.
        part: What the other part is called: "test".
        likeness: The correlation of their pixels.
        exact: Whether all pixels are equal.
    """

    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    first_name: str
    second_name: str
    part: str
    likeness: float
    exact: bool


def disputed(parts: Sequence[DisputedPart], unit: str) -> Section:
    """Examples whose targets the network disputes; `unit` is what examples are called."""
    return Section("disputed", "Perhaps mislabelled", part(TEMPLATE, "disputed", parts=parts, unit=unit))


def not_compared(why: str) -> Section:
    """In the place of near duplicates, why nobody looked for them."""
    return Section("duplicates", "Near duplicates", part(TEMPLATE, "not_compared", why=why))


def duplicates(pairs: Sequence[Twins], count: int, exact: int, others: str, unit: str, least: float) -> Section:
    """Examples that are in two parts of the data.

    Args:
        pairs: Some of them.
        count: How many there are, of which `exact` are the same in every pixel.
        others: The part in which they should not be: "10,000 test images".
        unit: What examples are called.
        least: The least correlation of near duplicates.
    """
    about = {"count": count, "exact": exact, "others": others, "unit": unit, "least": least}
    return Section("duplicates", "Near duplicates", part(TEMPLATE, "duplicates", pairs=pairs, **about))
