"""Captions under their pictures, with where each word looked, and the parts of a report on them.

>>> image, looked = np.full((3, 40, 40), 200, np.uint8), np.full((2, 7, 7), 1 / 49)
>>> tiles(image, looked).shape, strip_png(image, ("a", "dog"), looked)[:4]
((2, 112, 112, 3), b'\\x89PNG')
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from striate.report.images import data_uri
from striate.report.section import Section, part

TEMPLATE = "captioned.html"
SIDE, LINE, ACROSS = 112, 18, 6  # pixels of a tile, of the word below it; tiles in a row
DARK = 0.25  # how bright a place is at which a word did not look
LONGEST = 224  # pixels of a picture in the report


@dataclass(frozen=True, eq=False)
class Drawn:
    """A picture with its caption.

    Attributes:
        image: (3, H, W).
        words: Of the caption.
        text: The caption.
        looked: (words, rows, columns): how much each word looked where; of none where that is not known.
        people: What people say.
        name: Where to find it.
    """

    image: NDArray[np.uint8]
    words: Sequence[str]
    text: str
    looked: NDArray[np.floating]
    people: Sequence[str]
    name: str


def headline(figures: Mapping[str, float], beside: Sequence[str], evaluated: str) -> Markup:
    """The first lines of a page."""
    return part(TEMPLATE, "headline", figures=figures, beside=beside, evaluated=evaluated)


def told(pictures: Sequence[Drawn], looked: bool) -> Section:
    """Pictures with captions, maybe with where each word looked; else those that are most wrong."""
    rows = []
    for one in pictures:
        whole = data_uri(one.image.transpose(1, 2, 0), LONGEST)
        uris = [data_uri(tile) for tile in tiles(one.image, one.looked)] if looked and len(one.looked) else []
        rows.append((one, whole, list(zip(one.words, uris, strict=False))))
    name, title = ("captions", "Captions") if looked else ("wrong", "Worst captions")
    return Section(name, title, part(TEMPLATE, "told", rows=rows, looked=looked))


def tiles(image: NDArray[np.uint8], looked: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The picture once for each word, (words, SIDE, SIDE, 3), brightest where the word looked."""
    small = Image.fromarray(image.transpose(1, 2, 0)).resize((SIDE, SIDE))
    pixels, made = np.asarray(small, np.float32), []
    for one in looked:
        share = (one - one.min()) / max(float(one.max() - one.min()), 1e-9)
        light = np.asarray(Image.fromarray(share.astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        made.append(pixels * (DARK + (1 - DARK) * light.clip(0, 1))[..., None])
    return np.stack(made).round().astype(np.uint8) if made else np.zeros((0, SIDE, SIDE, 3), np.uint8)


def strip_png(image: NDArray[np.uint8], words: Sequence[str], looked: NDArray[np.floating]) -> bytes:
    """The picture, then it once more for each word, with the word below."""
    shown = [np.asarray(Image.fromarray(image.transpose(1, 2, 0)).resize((SIDE, SIDE))), *tiles(image, looked)]
    across = min(ACROSS, len(shown))
    down = -(-len(shown) // across)
    sheet = Image.new("RGB", (across * SIDE, down * (SIDE + LINE)), "white")
    pen, font = ImageDraw.Draw(sheet), _font()
    for number, (tile, word) in enumerate(zip(shown, ("", *words), strict=True)):
        left, top = number % across * SIDE, number // across * (SIDE + LINE)
        sheet.paste(Image.fromarray(tile), (left, top))
        pen.text((left + SIDE / 2, top + SIDE + LINE / 2), word, fill="black", font=font, anchor="mm")
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


def _font() -> ImageFont.FreeTypeFont:
    """One with the letters of many alphabets."""
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), 12)
