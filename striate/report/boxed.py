"""Boxes over an image, and the parts of a report on images with boxes.

>>> image, box = np.zeros((1, 40, 60), np.uint8), np.array([[10, 10, 30, 30]])
>>> picture = with_boxes(image, box, [0], None, ("cat",), ((255, 0, 0),))
>>> picture.shape, picture[10, 20].tolist()
((40, 60, 3), [255, 0, 0])
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from striate.data.masks import Colour
from striate.metrics.detection import Curve, Detections, Objects
from striate.report import wrong
from striate.report.images import data_uri
from striate.report.section import PERCENT, Section, part
from striate.report.series import together

TEMPLATE = "boxed.html"
LONGEST = 640  # pixels of a drawn pair's longer side
READABLE = 480  # pixels of the longer side below which a picture is enlarged
DARK = 140  # the brightness of a colour below which letters on it are white
GAP = 4  # pixels between two pictures


@dataclass(frozen=True, eq=False)
class Drawn:
    """An image to draw: what is there, what is found, its name, and how good that is."""

    image: NDArray[np.uint8]
    truth: Objects
    found: Detections
    name: str
    value: float


def headline(map50: str, map: str, floor: str, evaluated: str) -> Markup:
    """The first lines of a page: the figures, and those of saying always the same."""
    return part(TEMPLATE, "headline", map50=map50, map=map, floor=floor, evaluated=evaluated)


def localized(figures: Mapping[str, float], floor: tuple[float, str, float], evaluated: str) -> Markup:
    """The first lines of a page on images with one box each."""
    iou, most, share = floor
    return part(TEMPLATE, "localized", figures=figures, iou=iou, most=most, share=share, evaluated=evaluated)


def table(rows: Sequence[tuple[str, int, str, str]], colours: Sequence[Colour], evaluated: str) -> Section:
    """Class by class: name, objects, AP50, AP."""
    shown = [
        (name, f"rgb{colour}", f"{count:,}", *aps) for (name, count, *aps), colour in zip(rows, colours, strict=True)
    ]
    return Section("classes", "Classes", part(TEMPLATE, "table", rows=shown, evaluated=evaluated))


def curves(made: Sequence[Curve], classes: Sequence[str]) -> Section:
    """Precision over recall of each class."""
    lines = {
        name: list(zip(curve.recall.tolist(), curve.precision.tolist(), strict=True))
        for name, curve in zip(classes, made, strict=True)
        if curve.objects and len(curve.scores)
    }
    drawing = together(lines, "precision", "recall", share=True, whole=False) if lines else Markup()
    return Section("precision", "Precision", part(TEMPLATE, "curves", drawing=drawing))


def confusion(counts: NDArray[np.int64], classes: Sequence[str], sure: float) -> Section:
    """What is taken for what, with the background last."""
    names = [*classes, "background"]
    rows = list(zip(names, counts.tolist(), strict=True))
    return Section("confusion", "Confusion", part(TEMPLATE, "confusion", rows=rows, classes=names, sure=f"{sure:g}"))


def worst(
    images: Sequence[Drawn], classes: Sequence[str], colours: Sequence[Colour], sure: float, figure: str = "F1"
) -> Section:
    """The worst images, the worst first, by a figure of this name."""
    drawn = [(data_uri(_pair(one, classes, colours, sure), LONGEST), one.name, PERCENT(one.value)) for one in images]
    least = f" with a probability of {sure} or more" if sure else ""
    return wrong.worst(drawn, figure, f"On the left what is there, on the right what is found{least}.")


def _pair(one: Drawn, classes: Sequence[str], colours: Sequence[Colour], sure: float) -> NDArray[np.uint8]:
    rows = one.found.scores >= sure
    there = with_boxes(one.image, one.truth.boxes, one.truth.classes, None, classes, colours)
    found = with_boxes(
        one.image, one.found.boxes[rows], one.found.classes[rows], one.found.scores[rows], classes, colours
    )
    return np.concatenate([there, np.full((len(there), GAP, 3), 255, np.uint8), found], 1)


def with_boxes(
    image: NDArray[np.uint8],
    boxes: NDArray[np.floating],
    kinds: Sequence[int] | NDArray[np.integer],
    chances: NDArray[np.floating] | None,
    classes: Sequence[str],
    colours: Sequence[Colour],
) -> NDArray[np.uint8]:
    """The image (H, W, 3) with its boxes in the colours of their classes; the surest are drawn last.

    Args:
        image: (C, H, W), 0 to 255, C = 1 or 3.
        boxes: (B, 4), left, top, right and bottom edge in pixels.
        kinds: (B,) classes.
        chances: (B,) probabilities, which are written beside the boxes; None for the classes alone.
        classes, colours: Of each class.
    """
    picture = Image.fromarray(np.ascontiguousarray(np.broadcast_to(image, (3, *image.shape[1:])).transpose(1, 2, 0)))
    draw, wide = ImageDraw.Draw(picture), max(1, round(max(picture.size) / 320))
    letters = _letters(max(9, min(16, max(picture.size) // 40)))
    order = range(len(boxes)) if chances is None else np.argsort(chances, kind="stable").tolist()
    for row in order:
        left, top, right, bottom = (float(edge) for edge in boxes[row])
        colour = colours[int(kinds[row])]
        draw.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), outline=colour, width=wide)
        if chances is None:
            continue
        said = f"{classes[int(kinds[row])]} {chances[row]:.2f}"
        above = draw.textbbox((left + 1, max(0, top - letters.size - 3)), said, letters)
        draw.rectangle((above[0] - 1, above[1] - 1, above[2] + 1, above[3] + 1), fill=colour)
        draw.text((left + 1, max(0, top - letters.size - 3)), said, _on(colour), letters)
    return np.asarray(picture)


def drawn_png(
    image: NDArray[np.uint8],
    boxes: NDArray[np.floating],
    kinds: NDArray[np.integer],
    chances: NDArray[np.floating],
    classes: Sequence[str],
    colours: Sequence[Colour],
) -> bytes:
    """The same as a PNG file; small images are enlarged by a whole factor. Arguments as for `with_boxes`."""
    large, factor = enlarged(image)
    buffer = io.BytesIO()
    Image.fromarray(with_boxes(large, boxes * factor, kinds, chances, classes, colours)).save(buffer, "PNG")
    return buffer.getvalue()


def enlarged(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """An image (C, H, W) by a whole factor, so that what is drawn on it can be read, and the factor."""
    factor = max(1, READABLE // max(image.shape[1:]))
    return image.repeat(factor, 1).repeat(factor, 2), factor


def _on(colour: Colour) -> str:
    """Letters that can be read on a colour."""
    red, green, blue = colour
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < DARK else "black"


@cache
def _letters(size: int) -> ImageFont.FreeTypeFont:
    """matplotlib's own font, which has the letters of most languages."""
    import matplotlib

    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", size)
