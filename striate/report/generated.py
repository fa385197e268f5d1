"""The parts of a report on pictures that a network made: a grid of them, and some beside training pictures.

>>> grid(np.zeros((6, 1, 4, 5), np.uint8), 3).shape
(14, 11)
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from striate.report.images import data_uri
from striate.report.section import Section, part

TEMPLATE = "generated.html"
LARGEST = 2**16  # pixels of a side: pictures are embedded as they are
GAP = 1  # pixels between pictures
Picture = NDArray[np.uint8]


def grid(pictures: Picture, rows: int) -> Picture:
    """Pictures (N, C, H, W) in rows as one, (H, W) or (H, W, 3), with a grey line between them."""
    count, channels, height, width = pictures.shape
    columns = -(-count // rows)
    sheet = np.full((channels, rows * (height + GAP) - GAP, columns * (width + GAP) - GAP), 128, np.uint8)
    for number, one in enumerate(pictures):
        top, left = number // columns * (height + GAP), number % columns * (width + GAP)
        sheet[:, top : top + height, left : left + width] = one
    return shown(sheet)


def shown(picture: Picture) -> Picture:
    """(C, H, W) as (H, W) or (H, W, 3)."""
    return picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0)


def samples(made: Picture, classes: Sequence[str]) -> Section:
    """Pictures (N, C, H, W), a row for each class."""
    each = len(made) // len(classes)
    height = made.shape[2]
    rows = [(name, data_uri(grid(made[k * each : (k + 1) * each], 1), LARGEST)) for k, name in enumerate(classes)]
    return Section("samples", "Samples", part(TEMPLATE, "samples", rows=rows, height=_drawn(height)))


def beside(pairs: Sequence[tuple[Picture, Picture, float]], names: Sequence[str]) -> Section:
    """Pictures that were made beside the nearest training picture.

    Args:
        pairs: A picture, the nearest training picture, (C, H, W) each, and how far they are apart.
        names: The class of each.
    """
    rows = [
        (name, *(data_uri(shown(one), LARGEST) for one in (made, near)), f"{apart:.3f}")
        for name, (made, near, apart) in zip(names, pairs, strict=True)
    ]
    height = _drawn(pairs[0][0].shape[1])
    return Section("nearest", "Nearest training pictures", part(TEMPLATE, "beside", rows=rows, height=height))


def _drawn(height: int) -> int:
    """CSS pixels at which a picture is drawn: small ones several times as large."""
    return height * max(1, round(56 / height))
