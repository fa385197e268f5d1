"""The parts of a report on pictures in a style: the style, and photographs before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.report.images import data_uri
from striate.report.section import Section, part

TEMPLATE = "styled.html"
LARGEST = 2**16  # pixels of a side: pictures are embedded as they are


@dataclass(frozen=True, eq=False)
class Drawn:
    """Middles of a picture, (3, H, W) each, 0 to 255.

    Attributes:
        before: The photograph.
        after: What the network makes.
        name: Where to find it.
        distance: To the style.
    """

    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    name: str
    distance: float


def headline(figures: Mapping[str, float], before: float, evaluated: str) -> Markup:
    """The first lines of a page: the distances, beside that of the photographs themselves.

    Args:
        figures: `style_distance` and `content_distance`.
        before: The photographs' distance to the style.
        evaluated: On what they are measured.
    """
    return part(TEMPLATE, "headline", figures=figures, before=before, evaluated=evaluated)


def compared(pictures: Sequence[Drawn], style: NDArray[np.uint8], name: str) -> Section:
    """The style, then pictures before and after."""
    rows = [(*(_embedded(one) for one in (drawn.before, drawn.after)), drawn) for drawn in pictures]
    body = part(TEMPLATE, "compared", rows=rows, style=_embedded(style), style_name=name)
    return Section("pictures", "Pictures", body)


def _embedded(picture: NDArray[np.uint8]) -> str:
    return data_uri(picture.transpose(1, 2, 0), LARGEST)
