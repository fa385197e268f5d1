"""One image file, of whatever kind, as bytes of a chosen number of channels and size.

It is turned upright as its EXIF says, more than 8 bits are reduced to 8, and transparent parts are placed on white, or
on black where a drawing would not be visible on white.

>>> import io; file = io.BytesIO()
>>> Image.new("RGBA", (4, 2), (255, 0, 0, 0)).save(file, "PNG")
>>> decode(Path("clear.png"), channels=1, data=file.getvalue()).tolist()
[[[255, 255, 255, 255], [255, 255, 255, 255]]]
"""

import math
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import upright
from .budget import Budget
from .deep import Deep, is_grey_alpha, kind
from .flat import Flat
from .levels import Extent, Levels, Range, settled
from .opening import ImageError as ImageError
from .opening import opened

GREY = ("1", "L", "LA", "I", "F")  # and every "I;16…"
KEPT = 3  # source pixels per result pixel, along each side, to which a large image is first averaged
IN_FLIGHT = Budget(1 << 30)  # bytes of decoded images in memory at once, over all threads


class Header(NamedTuple):
    """What a file says before its pixels are decoded.

    Attributes:
        size: upright (height, width).
        grey: whether its format is grey.
        deep: whether it has more than 8 bits per channel, so that its `extent` must be known to decode it.
    """

    size: tuple[int, int]
    grey: bool
    deep: bool


def header(path: Path) -> Header:
    """The header of the image at `path`. Decodes no pixels, except in a PNG whose orientation follows them.

    Raises:
        ImageError: the file is not an image.
    """
    with opened(path) as image:
        grey = image.mode in GREY or image.mode.startswith("I;16") or is_grey_alpha(image)
        deep = kind(image) is not None
        with IN_FLIGHT.held(_num_bytes(image) if upright.tells_late(image) else 0):
            width, height = upright.upright_size(image)
        return Header((height, width), grey, deep)


def size_or_reason(path: Path) -> tuple[int, int] | str:
    """Its upright (height, width), or why it can't be read."""
    try:
        return header(path).size
    except ImageError as error:
        return error.reason


def extent(path: Path) -> Extent | None:
    """The range of values in the image of more than 8 bits at `path`; None when all of it is transparent.

    Raises:
        ImageError: as for `decode`.
    """
    with opened(path) as image, IN_FLIGHT.held(_num_bytes(image)):
        return Deep.load(image, partial(opened, path)).extent()


def decode(
    path: Path,
    *,
    channels: int,
    size: tuple[int, int] | None = None,
    longest: int | None = None,
    levels: Levels | None = None,
    data: bytes | None = None,
) -> NDArray[np.uint8]:
    """The image at `path` as (channels, height, width), 0..255.

    Args:
        path: the file; errors name it.
        channels: 1 (luminance) or 3 (RGB).
        size: (height, width); an image of another size is scaled until it covers that and its middle is cut
            out. None keeps its own.
        longest: without `size`, an image whose longer side is more than this is made smaller, by a whole factor.
        levels: what is black and white in files of more than 8 bits; by default this file's own values
            decide.
        data: the file's bytes, when they are not stored at `path` but in an archive.

    Raises:
        ImageError: the file is no image, is cut short, is absurdly large, or holds values of no known range.
    """
    with opened(path, data) as image:
        aim = 2 * max(size) if size else longest
        if aim:
            image.draft(None, (aim, aim))  # a large JPEG is decoded at a fraction of its size
        with IN_FLIGHT.held(_num_bytes(image)):
            flat = _loaded(image, path, data, levels)
            turn = upright.orientation(image)
            stored = size[::-1] if size and turn in upright.SIDEWAYS else size
            small = _small(flat, channels, stored, longest)
            pixels = np.asarray(upright.turned(small, turn), np.uint8)
            return pixels.reshape(*pixels.shape[:2], channels).transpose(2, 0, 1).copy()


def blank(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(N,): which of the `images` (N, …), 0..255, show nothing: their values differ by at most one level."""
    values: NDArray[np.uint8] = np.ptp(images.reshape(len(images), math.prod(images.shape[1:])), axis=1)
    return values <= 1


def is_blank(pixels: NDArray[np.uint8]) -> bool:
    """Whether `pixels` show nothing, as for `blank`."""
    return bool(blank(pixels[None])[0])


def _loaded(image: Image.Image, path: Path, data: bytes | None, levels: Levels | None) -> Flat:
    """The pixels of an opened image, ready to be made flat."""
    if kind(image) is None:
        return Flat.load(image)
    deep = Deep.load(image, partial(opened, path, data))
    return Flat(image, deep, black_and_white(deep, path, levels))


def black_and_white(deep: Deep, path: Path, levels: Levels | None) -> Range:
    """Those values in the loaded image at `path`, as `levels` say or its own values.

    Raises:
        ImageError: Its values have no range that is known.
    """
    if levels and (known := levels.of(deep.kind)):
        return known
    found = deep.extent()
    own, refused, _ = settled({path: found} if found else {})
    if refused:
        raise ImageError(path, refused[path])
    return (own and own.of(deep.kind)) or (0.0, 1.0)  # an image that is transparent everywhere shows nothing


def _small(flat: Flat, channels: int, size: tuple[int, int] | None, longest: int | None) -> Image.Image:
    """The image at `size` (height, width), cut to its middle, or at most `longest`."""
    width, height = flat.image.size
    if not size:
        return flat.made(channels, -(-max(width, height) // longest) if longest else 1)
    if size == (height, width):
        return flat.made(channels, 1)
    scale = min(width / size[1], height / size[0])  # source pixels per result pixel
    factor = max(1, int(scale / KEPT))
    left, top = (max(0.0, all_ - scale * part) / 2 / factor for all_, part in ((width, size[1]), (height, size[0])))
    made = flat.made(channels, factor)
    right, bottom = min(width / factor - left, made.width), min(height / factor - top, made.height)  # rounding errors
    return made.resize(size[::-1], Image.Resampling.BICUBIC, (left, top, right, bottom))


def _num_bytes(image: Image.Image) -> int:
    """About how much memory it takes to decode the opened image."""
    num_bytes = 1 if image.mode in ("1", "L", "P") else 2 if image.mode.startswith("I;16") else 4
    copies = 2 if kind(image) or image.format in ("TIFF", "WEBP", "AVIF") else 1  # halves; turned; library buffers
    return image.width * image.height * num_bytes * (6 if image.format == "JPEG2000" else copies)
