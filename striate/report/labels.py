"""The parts of a report on images with several labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.metrics.multilabel import MultilabelScores
from striate.report.section import Section, part

TEMPLATE = "labels.html"


@dataclass(frozen=True, eq=False)
class WorstImage:
    """An image of which labels are wrong.

    Attributes:
        image: grey values of shape (H, W) or colours of shape (H, W, 3), uint8.
        true: the labels that it has.
        mistakes: name, probability, and whether it is there, of each label that is wrong.
        name: where to find it: a file name, or its number in the set.
        heat: what the network read with the places that spoke for the first mistake, (H, W, 3), uint8; None without.
        note: what else there is to say.
    """

    image: NDArray[np.uint8]
    true: tuple[str, ...]
    mistakes: tuple[tuple[str, float, bool], ...]
    name: str
    heat: NDArray[np.uint8] | None = None
    note: str = ""


def headline(scores: MultilabelScores, evaluated: str) -> Markup:
    """The first lines of a page: the figures, and those of a ranking by chance.

    Args:
        scores: The figures.
        evaluated: The set on which they are measured: "the test set (200 images)".
    """
    return part(TEMPLATE, "headline", scores=scores, evaluated=evaluated)


def table(scores: MultilabelScores, labels: Sequence[str], evaluated: str, unit: str) -> Section:
    """Label by label; `unit` is what examples are called."""
    body = part(TEMPLATE, "table", rows=scores.by_label(labels), evaluated=evaluated, unit=unit)
    return Section("labels", "Labels", body)


def worst(images: Sequence[WorstImage], evaluated: str, unit: str, heat: str = "") -> Section:
    """The images whose labels are most wrong, the worst first; `heat` says how the places that decided were found."""
    body = part(TEMPLATE, "worst", listed=listed(images, heat), evaluated=evaluated, unit=unit)
    return Section("wrong", "Worst images", body)


def listed(images: Sequence[WorstImage], heat: str = "") -> Markup:
    """Images side by side, each with its labels and those that are wrong; `heat` as for `worst`."""
    return part(TEMPLATE, "images", images=images) + part("heat.html", "legend", heat=heat)
