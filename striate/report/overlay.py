"""A mask over its image: the classes in colours, where a prediction is wrong, a legend, and the masks as PNG files.

>>> image, mask = np.full((1, 2, 2), 100, np.uint8), np.array([[0, 1], [1, 1]], np.uint8)
>>> overlay(image, mask, ((0, 0, 0), (200, 0, 0)), alpha=0.5)[0].tolist()  # class 0 stays clear
[[100, 100, 100], [150, 50, 50]]
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from striate.data.masks import IGNORED, Colour

Mask = NDArray[np.uint8]  # (H, W), positions of classes, 255 where nothing is known
Picture = NDArray[np.uint8]  # (H, W, 3)

BORDER: Colour = (224, 224, 192)  # PASCAL VOC's colour of ignored pixels
WRONG: Colour = (255, 0, 160)  # outlines of what is wrong: rare in photographs, and in neither list of classes' colours
AT_ONCE = 2**20  # pixels that are blended at once: as floats they take 16 times the memory of a byte each
READABLE = 256  # pixels of a picture's width, below which it is enlarged to be read beside its legend
MOST_ROWS = 24  # of a legend: small classes come last, and are left out
SIZE, GAP = 13, 6  # of the legend's letters and between its parts, in pixels


@dataclass(frozen=True)
class LegendRow:
    """A line in a legend: what it is, its colour, None where the image is left clear, and its share of the pixels."""

    name: str
    colour: Colour | None
    share: float

    def said(self) -> str:
        """Name and share."""
        return f"{self.name} {self.share:.1%}"


def overlay(
    image: NDArray[np.uint8], mask: Mask, colours: Sequence[Colour], *, alpha: float = 0.45, clear: Sequence[int] = (0,)
) -> Picture:
    """The image with its classes in colours; ignored pixels stay as they are.

    Args:
        image: (C, H, W), 0 to 255, C = 1 or 3.
        mask: (H, W).
        colours: one for each class.
        alpha: how much of a colour covers the image, 0 to 1.
        clear: classes without colour: by default 0, the background of most data.
    """
    picture = np.array(_rgb(image))
    table = np.zeros((256, 3), np.float32)
    table[: len(colours)] = colours
    strength = np.zeros(256, np.float32)
    strength[: len(colours)] = alpha
    strength[[*clear, IGNORED]] = 0
    for top in range(0, len(mask), rows := max(1, AT_ONCE // mask.shape[1])):
        part, called = picture[top : top + rows], mask[top : top + rows]
        covered = strength[called][:, :, None]
        part[:] = np.rint(part.astype(np.float32) * (1 - covered) + table[called] * covered)
    return picture


def differing(
    image: NDArray[np.uint8],
    true: Mask,
    called: Mask,
    colours: Sequence[Colour],
    *,
    alpha: float = 0.45,
    clear: Sequence[int] = (0,),
) -> Picture:
    """The image with the predicted classes in colours, and outlines around the areas where they are wrong.

    Pixels that the true mask ignores are never wrong. Arguments as for `overlay`.
    """
    picture = overlay(image, called, colours, alpha=alpha, clear=clear)
    picture[outlines((true != called) & (true != IGNORED))] = WRONG
    return picture


def outlines(area: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels (H, W) of an area that have a neighbour outside of it, above, below, left or right.

    >>> outlines(np.ones((3, 3), bool)).any()  # the image's border is no neighbour
    np.False_
    """
    inside = area.copy()
    inside[1:] &= area[:-1]
    inside[:-1] &= area[1:]
    inside[:, 1:] &= area[:, :-1]
    inside[:, :-1] &= area[:, 1:]
    return area & ~inside


def legend(
    mask: NDArray[np.uint8], classes: Sequence[str], colours: Sequence[Colour], clear: Sequence[int] = (0,)
) -> tuple[LegendRow, ...]:
    """The classes that occur in a mask, the largest first, with their shares of the pixels that are not ignored."""
    counts = np.bincount(mask.ravel(), minlength=256)[: len(classes)]
    total = max(1, int(counts.sum()))
    order = [k for k in np.argsort(-counts, kind="stable").tolist() if counts[k]]
    return tuple(LegendRow(classes[k], None if k in clear else colours[k], int(counts[k]) / total) for k in order)


def wrong_row(true: Mask, called: Mask) -> LegendRow:
    """The legend's line for the outlines of `differing`, with the share of pixels that are wrong."""
    known = true != IGNORED
    return LegendRow("wrong, outlined", WRONG, int(((true != called) & known).sum()) / max(1, int(known.sum())))


def with_legend(picture: Picture, rows: Sequence[LegendRow]) -> Picture:
    """The picture, enlarged by a whole factor where it is small, above its legend."""
    rows = rows[:MOST_ROWS]
    factor = max(1, -(-READABLE // picture.shape[1]))
    picture = picture.repeat(factor, axis=0).repeat(factor, axis=1)
    places, height = _placed(rows, picture.shape[1])
    below = Image.new("RGB", (picture.shape[1], height), "white")
    draw = ImageDraw.Draw(below)
    for row, (left, top) in zip(rows, places, strict=True):
        draw.rectangle((left, top + 1, left + SIZE, top + 1 + SIZE), row.colour or "white", "grey")
        draw.text((left + SIZE + GAP, top), row.said(), "black", _letters())
    return np.concatenate([picture, np.asarray(below)])


def overlay_png(
    image: NDArray[np.uint8],
    mask: Mask,
    classes: Sequence[str],
    colours: Sequence[Colour],
    clear: Sequence[int] = (0,),
    whole: NDArray[np.uint8] | None = None,
) -> bytes:
    """The mask over the image, with its legend, as a PNG file.

    Args:
        image, mask, colours, clear: As for `overlay`.
        classes: Their names.
        whole: What the legend counts, of any shape, where `mask` is a part of it, such as a slice; else `mask`.
    """
    counted = mask if whole is None else whole
    picture = with_legend(overlay(image, mask, colours, clear=clear), legend(counted, classes, colours, clear))
    return _png(Image.fromarray(picture))


def label_png(mask: Mask, colours: Sequence[Colour]) -> bytes:
    """The mask as a PNG file whose values are the positions of the classes, shown in their colours by a palette.

    It is read again as the same classes; 255 is ignored.
    """
    picture = Image.frombytes("P", mask.shape[::-1], np.ascontiguousarray(mask).tobytes())
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(colours)] = colours
    palette[IGNORED] = BORDER
    picture.putpalette(palette.tobytes())
    return _png(picture)


def write_labels(path: Path, mask: Mask, colours: Sequence[Colour]) -> None:
    """Writes `label_png` to a file."""
    path.write_bytes(label_png(mask, colours))


def write_overlay(
    path: Path,
    image: NDArray[np.uint8],
    mask: Mask,
    classes: Sequence[str],
    colours: Sequence[Colour],
    clear: Sequence[int] = (0,),
) -> None:
    """Writes `overlay_png` to a file."""
    path.write_bytes(overlay_png(image, mask, classes, colours, clear))


def _rgb(image: NDArray[np.uint8]) -> Picture:
    """(C, H, W) as (H, W, 3)."""
    return np.broadcast_to(image, (3, *image.shape[1:])).transpose(1, 2, 0)


def _placed(rows: Sequence[LegendRow], width: int) -> tuple[list[tuple[int, int]], int]:
    """Where each row begins, in lines of at most `width`, and the height of all."""
    left, top, places = GAP, GAP, []
    for row in rows:
        needed = SIZE + 3 * GAP + round(_letters().getlength(row.said()))
        if left > GAP and left + needed > width:
            left, top = GAP, top + SIZE + GAP
        places.append((left, top))
        left += needed
    return places, top + SIZE + 2 * GAP


@cache
def _letters() -> ImageFont.FreeTypeFont:
    """matplotlib's own font, which has the letters of most languages."""
    import matplotlib

    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", SIZE)


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
