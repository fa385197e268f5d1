"""The parts of a report on restored pictures: before and after, with an edge between them that can be drawn aside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.report.images import data_uri
from striate.report.section import Section, part

TEMPLATE = "restored.html"
LARGEST = 2**16  # pixels of a side: pictures are embedded as they are


@dataclass(frozen=True, eq=False)
class Drawn:
    """Middles of a picture, (C, H, W) each, 0 to 255.

    Attributes:
        before: What the network was given, as large.
        after: What it makes.
        good: What is asked for.
        name: Where to find it.
        psnr, psnr_before: In dB.
    """

    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    good: NDArray[np.uint8]
    name: str
    psnr: float
    psnr_before: float


def headline(figures: Mapping[str, float], before: Mapping[str, float], baseline: str, evaluated: str) -> Markup:
    """The first lines of a page: the figures beside the baseline's.

    Args:
        figures: `psnr` and `ssim`.
        before: Those of the baseline.
        baseline: What it is.
        evaluated: On what they are measured.
    """
    return part(TEMPLATE, "headline", figures=figures, before=before, baseline=baseline, evaluated=evaluated)


def compared(pictures: Sequence[Drawn], baseline: str) -> Section:
    """Before, after, and what is asked for."""
    rows = [
        (*(data_uri(_shown(one), LARGEST) for one in (drawn.before, drawn.after, drawn.good)), drawn)
        for drawn in pictures
    ]
    return Section("pictures", "Pictures", part(TEMPLATE, "compared", rows=rows, baseline=baseline))


def _shown(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0)
