"""A picture with all the bits of its file and with what is transparent in it, and files that keep both.

>>> grey = np.array([[[0, FULL]]], np.uint16)  # black and white, for a camera of 12 bits
>>> Image.open(io.BytesIO(as_png(grey, top=4095))).getpixel((1, 0))
4095
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import png
from numpy.typing import NDArray
from PIL import Image

from .. import upright
from ..deep import FULL, Deep, kind, rows
from ..image import black_and_white, decode
from ..levels import Levels
from ..opening import opened
from .luminance import Picture, as_whole, white

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True, eq=False)
class Photo:
    """What a file shows.

    Attributes:
        picture: (C, H, W) from black to white, C 1 or 3: bytes, or whole numbers of 16 bits from 0 to 65,535.
        opaque: (1, H, W) of the same kind, how opaque each pixel is; None where the file does not say it.
        top: What white is in a file of 16 bits.
    """

    picture: Picture
    opaque: Picture | None
    top: int = FULL


def photo(path: Path, levels: Levels | None = None) -> Photo | None:
    """What is kept of the file at `path`; None where it has 8 bits and can't be transparent.

    Args:
        path: An image file.
        levels: What is black and white in files of more than 8 bits; by default its own values decide.

    Raises:
        ImageError: It can't be read.
    """
    with opened(path) as image:
        if kind(image) and image.mode != "CMYK":
            deep = Deep.load(image, partial(opened, path))
            return _deep(deep, path, levels, upright.orientation(image))
        if not image.has_transparency_data:
            return None
        clear = image.convert("RGBA")  # loads it first, which may change its orientation
        pixels = _planes(upright.turned(clear, upright.orientation(image)))
    return Photo(pixels[:3], pixels[3:])


def opaque_photo(path: Path, levels: Levels | None = None) -> Photo:
    """What the file at `path` shows, without transparency: where there is some it is as `decode` puts it on white.

    Raises:
        ImageError: As for `photo`.
    """
    found = photo(path, levels)
    if found and (found.opaque is None or (found.opaque == white(found.opaque.dtype)).all()):
        return Photo(found.picture, None, found.top)
    return Photo(decode(path, channels=3, levels=levels), None)


def _deep(deep: Deep, path: Path, levels: Levels | None, turn: int) -> Photo:
    black, full = black_and_white(deep, path, levels)
    strips = [deep.values(box) for box in rows(deep.image)]
    colours = np.concatenate([colours for colours, _ in strips])  # (H, W, C)
    whole = as_whole((colours.astype(np.float64) - black) / (full - black), np.dtype(np.uint16))
    planes = [_turned(plane, turn) for plane in whole.transpose(2, 0, 1)]
    alphas = [alpha for _, alpha in strips if alpha is not None]
    opaque = _turned(np.concatenate(alphas).astype(np.uint16), turn)[None] if alphas else None
    return Photo(np.stack(planes), opaque, int(full) if deep.kind == "whole" and full > 1 else FULL)


def _turned(plane: NDArray[np.uint16], turn: int) -> NDArray[np.uint16]:
    return np.asarray(upright.turned(Image.fromarray(plane), turn), np.uint16)


def _planes(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image, np.uint8).transpose(2, 0, 1)


def as_png(picture: Picture, opaque: NDArray[Any] | None = None, top: int = FULL) -> bytes:
    """A PNG file of (C, H, W), with how opaque its pixels (H, W) are where a file said so.

    Whole numbers of 16 bits stay so, from 0 to `top`.
    """
    file = io.BytesIO()
    if picture.dtype == np.uint8:
        planes = [Image.fromarray(one) for one in [*picture, *([] if opaque is None else [opaque])]]
        Image.merge(MODES[len(planes)], planes).save(file, "PNG")
        return file.getvalue()
    scaled = np.rint(picture * (top / FULL)).astype(np.uint16)
    pixels = np.stack([*scaled, *([] if opaque is None else [opaque])], axis=2)  # Pillow has no colours of 16 bits
    height, width, channels = pixels.shape
    writer = png.Writer(width, height, greyscale=channels < 3, alpha=channels % 2 == 0, bitdepth=16)
    writer.write_packed(file, [row.astype(">u2").tobytes() for row in pixels])
    return file.getvalue()
