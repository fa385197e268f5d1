"""Joints over an image, and the parts of a report on images with joints.

>>> image, places = np.zeros((1, 40, 60), np.uint8), np.array([[10.0, 10.0], [30.0, 10.0]])
>>> picture = with_joints(image, places, ("left_hip", "left_knee"), [(0, 1)])
>>> picture.shape, picture[10, 20].any().item(), picture[30, 20].any().item()
((40, 60, 3), True, False)
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from striate.data.joints.body import told
from striate.data.joints.found import Joined
from striate.data.masks import Colour
from striate.report import wrong
from striate.report.boxed import GAP, LONGEST, enlarged
from striate.report.images import data_uri
from striate.report.section import Section, part

TEMPLATE = "posed.html"
COLOURS: dict[str, Colour] = {"left": (255, 140, 0), "right": (0, 190, 255), "": (80, 220, 80)}


@dataclass(frozen=True, eq=False)
class Drawn:
    """An image to draw: where joints are, where they are found, its name, and how good that is, in words."""

    image: NDArray[np.uint8]
    truth: NDArray[np.floating]
    found: NDArray[np.floating]
    name: str
    said: str


def headline(
    figures: Sequence[str], floor: Sequence[str], stages: Sequence[str], close: float, evaluated: str
) -> Markup:
    """The first lines of a page: PCK and PCP, and those of always the mean pose."""
    pck, pcp = figures
    given = {"pck": pck, "pcp": pcp, "floor": floor, "stages": stages, "close": f"{close:g}", "evaluated": evaluated}
    return part(TEMPLATE, "headline", **given)


def table(rows: Sequence[tuple[str, str]], close: float) -> Section:
    """Joint by joint: name and PCK."""
    return Section("joints", "Joints", part(TEMPLATE, "table", rows=rows, close=f"{close:g}"))


def worst(images: Sequence[Drawn], names: Sequence[str], limbs: Sequence[Joined]) -> Section:
    """The worst images, the worst first."""
    drawn = [(data_uri(_pair(one, names, limbs), LONGEST), one.name, one.said) for one in images]
    return wrong.worst(drawn, "PCK", part(TEMPLATE, "sides", colours=_css()).strip())


def _css() -> list[tuple[str, str]]:
    return [(side, f"rgb{colour}") for side, colour in COLOURS.items() if side]


def _pair(one: Drawn, names: Sequence[str], limbs: Sequence[Joined]) -> NDArray[np.uint8]:
    there, found = (_large(one.image, places, names, limbs) for places in (one.truth, one.found))
    return np.concatenate([there, np.full((len(there), GAP, 3), 255, np.uint8), found], 1)


def with_joints(
    image: NDArray[np.uint8], places: NDArray[np.floating], names: Sequence[str], limbs: Sequence[Joined]
) -> NDArray[np.uint8]:
    """The image (H, W, 3) with its joints and limbs: left ones orange, right ones blue, others green.

    Args:
        image: (C, H, W), 0 to 255, C = 1 or 3.
        places: (J, 2) x and y; those that are not numbers are not drawn.
        names: Of the joints.
        limbs: Which of them are joined.
    """
    picture = Image.fromarray(np.ascontiguousarray(np.broadcast_to(image, (3, *image.shape[1:])).transpose(1, 2, 0)))
    draw, wide = ImageDraw.Draw(picture), max(1, round(max(picture.size) / 160))
    sides, seen = [told(name)[0] for name in names], np.isfinite(places).all(1)
    for a, b in limbs:
        if seen[a] and seen[b]:
            colour = COLOURS[sides[a] if sides[a] == sides[b] else ""]
            draw.line([tuple(places[a].tolist()), tuple(places[b].tolist())], colour, wide)
    for (x, y), side, there in zip(places.tolist(), sides, seen, strict=True):
        if there:
            draw.ellipse((x - wide, y - wide, x + wide, y + wide), COLOURS[side], "black")
    return np.asarray(picture)


def drawn_png(
    image: NDArray[np.uint8], places: NDArray[np.floating], names: Sequence[str], limbs: Sequence[Joined]
) -> bytes:
    """The same as a PNG file; small images are enlarged by a whole factor. Arguments as for `with_joints`."""
    buffer = io.BytesIO()
    Image.fromarray(_large(image, places, names, limbs)).save(buffer, "PNG")
    return buffer.getvalue()


def _large(
    image: NDArray[np.uint8], places: NDArray[np.floating], names: Sequence[str], limbs: Sequence[Joined]
) -> NDArray[np.uint8]:
    large, factor = enlarged(image)
    return with_joints(large, (places + 0.5) * factor - 0.5, names, limbs)
