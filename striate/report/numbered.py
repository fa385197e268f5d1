"""Objects over an image, each in a colour of its own, and the parts of a report on images with objects.

>>> image, objects = np.zeros((1, 4, 4), np.uint8), np.array([[0, 0, 0, 0]] + [[0, 1, 1, 1]] * 3)
>>> with_objects(image, objects, ((200, 100, 0),))[1:3, 1:3, 0].tolist()  # its outline is stronger than its inside
[[200, 200], [200, 60]]
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from striate.data.masks import Colour
from striate.report import wrong
from striate.report.boxed import GAP, LONGEST, enlarged
from striate.report.images import data_uri
from striate.report.section import PERCENT, Section, part

TEMPLATE = "numbered.html"
COVERS = 0.3  # how much of an object's colour covers the image
Objects = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Drawn:
    """An image to draw: what is there, what is found, its name, and how good that is."""

    image: NDArray[np.uint8]
    truth: Objects
    found: Objects
    name: str
    value: float


def headline(figures: Mapping[str, float], counts: tuple[int, int, int], floor: float, evaluated: str) -> Markup:
    """The first lines of a page: the figures, how many are found, invented and missed, and those of a threshold."""
    given = {"figures": figures, "counts": counts, "floor": floor, "evaluated": evaluated}
    return part(TEMPLATE, "headline", **given)


def table(rows: Sequence[tuple[float, float]]) -> Section:
    """Average precision at each threshold."""
    shown = [(f"{iou:.2f}", PERCENT(ap)) for iou, ap in rows]
    return Section("thresholds", "Thresholds", part(TEMPLATE, "table", rows=shown))


def worst(images: Sequence[Drawn], colours: Sequence[Colour]) -> Section:
    """The worst images, the worst first."""
    drawn = [(data_uri(_pair(one, colours), LONGEST), one.name, PERCENT(one.value)) for one in images]
    return wrong.worst(drawn, "AP50", "On the left what is there, on the right what is found, each object in a colour.")


def _pair(one: Drawn, colours: Sequence[Colour]) -> NDArray[np.uint8]:
    there, found = (with_objects(one.image, objects, colours) for objects in (one.truth, one.found))
    return np.concatenate([there, np.full((len(there), GAP, 3), 255, np.uint8), found], 1)


def with_objects(image: NDArray[np.uint8], objects: Objects, colours: Sequence[Colour]) -> NDArray[np.uint8]:
    """The image (H, W, 3) with its objects in colours, in turn.

    Args:
        image: (C, H, W), 0 to 255, C = 1 or 3.
        objects: (H, W), a number from 1 on for each.
        colours: Of which each object takes one.
    """
    picture = np.array(np.broadcast_to(image, (3, *image.shape[1:])).transpose(1, 2, 0))
    inside = objects > 0
    colour = np.asarray(colours, np.uint8)[(objects.clip(1) - 1) % len(colours)]
    mixed = np.rint(picture * (1 - COVERS) + colour * COVERS).astype(np.uint8)
    picture[inside] = np.where(_edges(objects)[..., None], colour, mixed)[inside]
    return picture


def _edges(objects: Objects) -> NDArray[np.bool_]:
    """Pixels beside one of another object, or of none."""
    edge = np.zeros(objects.shape, bool)
    for axis in (0, 1):
        first, second = (np.moveaxis(objects, axis, 0)[part] for part in (slice(1, None), slice(None, -1)))
        for part_of in (slice(1, None), slice(None, -1)):
            np.moveaxis(edge, axis, 0)[part_of] |= first != second
    return edge


def over_png(image: NDArray[np.uint8], objects: Objects, colours: Sequence[Colour]) -> bytes:
    """The same as a PNG file; small images are enlarged by a whole factor."""
    large, factor = enlarged(image)
    return _png(Image.fromarray(with_objects(large, objects.repeat(factor, 0).repeat(factor, 1), colours)))


def numbers_png(objects: Objects) -> bytes:
    """The numbers of the objects as a PNG file of 16 bits, which is read again as the same objects."""
    return _png(Image.fromarray(objects.astype(np.uint16)))


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
