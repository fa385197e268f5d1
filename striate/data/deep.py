"""The values of image files of more than 8 bits per channel: what Pillow keeps of them, and what it drops.

Pillow has grey images of 16 and 32 bits and of floats. Of a colour file of 16 bits it keeps the upper byte of each
value; the lower one comes from reading the file once more in the other byte order.

>>> deep = Deep.load(Image.fromarray(np.array([[1, 500]], np.uint16)), again=None)
>>> deep.kind, deep.values((0, 0, 2, 1))[0][:, :, 0].tolist()
('whole', [[1, 500]])
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    FILLORDER,
    II,
    OPEN_INFO,
    PHOTOMETRIC_INTERPRETATION,
    PLANAR_CONFIGURATION,
    SAMPLEFORMAT,
    TiffImageFile,
)

from striate.errors import InputError

from .levels import Extent, Kind, Range

Box = tuple[int, int, int, int]  # left, top, right, bottom

FULL = 65535  # the largest value of 16 bits
AT_ONCE = 1 << 20  # pixels processed together, which bounds the memory beyond the image itself
GREY_ALPHA = "LA;16B"  # in a PNG: grey and alpha of 16 bits, of which Pillow makes four channels of 8
_OTHER = {";16B": ";16L", ";16L": ";16B", ";16N": ";16B" if np.little_endian else ";16L"}
_COLOURS = ("RGB", "RGBA", "RGBX", "CMYK")  # not "RGBa", whose bytes Pillow has divided by the alpha


def mend_planes(image: Image.Image) -> None:
    """Makes Pillow read all bits of an opened TIFF whose channels are stored one after another.

    From the layout of such a file, "RGB;16L", Pillow takes one letter per channel and reads 8 bits.
    """
    if not isinstance(image, TiffImageFile) or image.use_load_libtiff or image.tag_v2.get(PLANAR_CONFIGURATION) != 2:
        return
    tags = image.tag_v2
    bits = tags.get(BITSPERSAMPLE, (1,))
    if len(bits) == 1:
        form = tags.get(PHOTOMETRIC_INTERPRETATION, 0), tags.get(SAMPLEFORMAT, (1,)), tags.get(FILLORDER, 1)
        _read_as(image, lambda letter: OPEN_INFO.get((tags.prefix, *form, bits, ()), ("", letter))[1])
    elif max(bits) == 16:
        _read_as(image, lambda letter: f"{letter};16{'L' if tags.prefix == II else 'B'}")


def kind(image: Image.Image) -> Kind | None:
    """The kind of numbers an opened image holds; None when they fit 8 bits."""
    if image.mode.startswith("I"):
        return "whole"
    if image.mode == "F":
        return "real"
    return "whole" if is_grey_alpha(image) or _is_colour(image) else None


def is_grey_alpha(image: Image.Image) -> bool:
    """Whether the opened image has grey and alpha of 16 bits."""
    return rawmodes(image) == [GREY_ALPHA]


def rawmodes(image: Image.Image) -> list[str]:
    """How the bytes in each part of an opened file are laid out, in Pillow's words."""
    return [_rawmode(tile) for tile in _tiles(image)]


def rows(image: Image.Image, multiple: int = 1) -> Iterator[Box]:
    """The image in strips of about `AT_ONCE` pixels, each but the last a `multiple` of rows high."""
    step = max(1, AT_ONCE // (image.width * multiple)) * multiple
    for top in range(0, image.height, step):
        yield 0, top, image.width, min(top + step, image.height)


@dataclass(frozen=True)
class Deep:
    """A loaded image of more than 8 bits per channel.

    Attributes:
        image: as Pillow loads it; of a colour image the upper bytes.
        lower: the lower bytes of a colour image.
        kind: the kind of its numbers.
        grey_alpha: whether the four channels of `image` are the bytes of grey and of alpha.
        bits: the number of bits the file states, if fewer than its format has.
    """

    image: Image.Image
    lower: Image.Image | None
    kind: Kind
    grey_alpha: bool = False
    bits: int = 0

    @staticmethod
    def load(image: Image.Image, again: Callable[[], AbstractContextManager[Image.Image]]) -> "Deep":
        """Reads the pixels of an opened image; `again` opens it once more."""
        numbers = kind(image)
        assert numbers, "8 bits hold it"
        grey_alpha, lower = is_grey_alpha(image), None
        if grey_alpha:
            _read_as(image, lambda _: "RGBA")
        elif image.mode in _COLOURS:
            with again() as lower:
                _read_as(lower, _other_half)
                lower.load()
        said = getattr(image, "tag_v2", {}).get(BITSPERSAMPLE, (0,))[0]
        image.load()
        return Deep(image, lower, numbers, grey_alpha, said if 8 < said < 16 else 0)

    def values(self, box: Box) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """The colours (H, W, C) in `box`, and how opaque they are (H, W), 0 to 65535; None when all are fully opaque.

        Raises:
            InputError: some are no numbers.
        """
        pixels = np.asarray(self.image.crop(box))
        if pixels.ndim == 2:
            pixels = pixels[:, :, None]
        if self.kind == "real" and not np.isfinite(pixels).all():
            raise InputError("holds values that are no numbers")
        if self.grey_alpha:
            pixels = pixels.view(">u2")
        elif self.lower:
            pixels = pixels.astype(np.uint16) << 8 | np.asarray(self.lower.crop(box))
        if self.grey_alpha or self.image.mode == "RGBA":
            return pixels[:, :, :-1], pixels[:, :, -1]
        clear = self.image.info.get("transparency")
        if clear is None:
            return pixels, None
        return pixels, np.where((pixels == np.array(clear)).all(2), 0, FULL)

    def extent(self) -> Extent | None:
        """The values it holds where it is not fully transparent; None when it is everywhere.

        Raises:
            InputError: some are no numbers.
        """
        found = None
        for box in rows(self.image):
            colours, alpha = self.values(box)
            seen = colours if alpha is None else colours[alpha > 0]
            if seen.size:
                integral = self.kind == "whole" or bool((seen == np.rint(seen)).all())
                here = Extent(self.kind, float(seen.min()), float(seen.max()), integral, self.bits)
                found = here if found is None else found | here
        return found

    def most_opaque(self) -> int:
        """The largest alpha."""
        alphas = (self.values(box)[1] for box in rows(self.image))
        return max(FULL if alpha is None else int(alpha.max()) for alpha in alphas)

    def in_bytes(self, box: Box, levels: Range, opaque: float) -> Image.Image:
        """The pixels in `box` with 8 bits per channel, and with alpha if the image has it.

        Args:
            box: a part of the image.
            levels: the values that become 0 and 255.
            opaque: the alpha that becomes 255.
        """
        colours, alpha = self.values(box)
        bands = [_scaled(colours[:, :, band], *levels) for band in range(colours.shape[2])]
        bands += [] if alpha is None else [_scaled(alpha, 0, opaque)]
        mode = "CMYK" if self.image.mode == "CMYK" else ("", "L", "LA", "RGB", "RGBA")[len(bands)]
        return Image.merge(mode, [Image.fromarray(band) for band in bands])


def _scaled(values: NDArray[Any], black: float, white: float) -> NDArray[np.uint8]:
    return np.rint((values.astype(np.float64) - black) / (white - black) * 255).clip(0, 255).astype(np.uint8)


def _is_colour(image: Image.Image) -> bool:
    """Whether Pillow drops the lower bytes of the opened image's 16 bits."""
    layouts = rawmodes(image)
    return image.mode in _COLOURS and bool(layouts) and all(_other_half(layout) != layout for layout in layouts)


def _tiles(image: Image.Image) -> list[Any]:
    return image.tile if isinstance(image, ImageFile) else []


def _rawmode(tile: Any) -> str:
    first = tile.args if isinstance(tile.args, str) else (tile.args or ("",))[0]
    return first if isinstance(first, str) else ""


def _other_half(rawmode: str) -> str:
    """The layout that gives the lower bytes where `rawmode` gives the upper ones; itself when there is none."""
    name, order = rawmode[:-4], rawmode[-4:]
    return name + _OTHER[order] if order in _OTHER and not name.startswith("RGBa") else rawmode


def _read_as(image: Image.Image, layout: Callable[[str], str]) -> None:
    """Makes Pillow read the parts of an opened image in another layout."""
    tiles = _tiles(image)
    for place, tile in enumerate(tiles):
        new = layout(_rawmode(tile))
        tiles[place] = tile._replace(args=new if isinstance(tile.args, str) else (new, *tile.args[1:]))
