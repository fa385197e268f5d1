"""The parts of a report on images with a class per pixel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.metrics.regions import RegionScores
from striate.report import wrong
from striate.report.images import data_uri
from striate.report.overlay import differing
from striate.report.section import PERCENT, Section, part

TEMPLATE = "regions.html"
LONGEST = 320  # pixels of a drawn image's longer side
Colours = Sequence[tuple[int, int, int]]


@dataclass(frozen=True, eq=False)
class Drawn:
    """An image to draw.

    Attributes:
        image: (C, H, W), 0 to 255.
        mask: (H, W), its true classes.
        called: (H, W), what the network calls them.
        name: where to find it.
        mean_iou: how good the mask is.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    called: NDArray[np.uint8]
    name: str
    mean_iou: float


def headline(scores: RegionScores, floor: tuple[str, RegionScores], evaluated: str) -> Markup:
    """The first lines of a page: the figures, and those of naming one class everywhere.

    Args:
        scores: the figures.
        floor: the most common class, and the figures of always naming it.
        evaluated: the set on which they are measured: "the test set (6 images)".
    """
    most, guess = floor
    return part(TEMPLATE, "headline", scores=scores, most=most, floor=guess, evaluated=evaluated)


def table(scores: RegionScores, classes: Sequence[str], colours: Colours, evaluated: str) -> Section:
    """Class by class."""
    rows = [
        (name, f"rgb{colour}", *(PERCENT(figure) if figure == figure else "–" for figure in figures))
        for (name, *figures), colour in zip(scores.by_class(classes), colours, strict=True)
    ]
    return Section("classes", "Classes", part(TEMPLATE, "table", rows=rows, evaluated=evaluated))


def worst(images: Sequence[Drawn], classes: Sequence[str], colours: Colours) -> Section:
    """The worst images, the worst first."""
    drawn = [(data_uri(_picture(one, colours), LONGEST), one.name, PERCENT(one.mean_iou)) for one in images]
    note = "The classes that the network names, in colours over the image; what is wrong is outlined."
    return wrong.worst(drawn, "mean IoU", note)


def _picture(one: Drawn, colours: Colours) -> NDArray[np.uint8]:
    return differing(one.image, one.mask, one.called, list(colours))
