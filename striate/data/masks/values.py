"""What is stored in a mask's file: numbers, shades or colours, before anything is known of classes.

>>> import io; file = io.BytesIO(); Image.fromarray(np.array([[0, 1], [1, 2]], np.uint8)).save(file, "PNG")
>>> raw = read_values(Path("mask.png"), data=file.getvalue())
>>> raw.kind, raw.values.tolist()
('grey', [[0, 1], [1, 2]])
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import upright
from ..image import IN_FLIGHT
from ..opening import ImageError, opened

Kind = Literal["bit", "grey", "palette", "colour"]

MOST_VALUES = 4096  # distinct values of one file that are listed
MOST = 2**31 - 1  # a whole number of 32 bits
MOST_SHADES = 32  # distinct values, and
ROUGH = 0.25  # share of neighbours that differ, beyond which a file is a photograph: classes fill areas
LOSSY = ("JPEG", "WEBP")
BLACK_WHITE = (0x000000, 0xFFFFFF)
GREY_LEVELS = 0x010101  # a shade times this is its colour


@dataclass(frozen=True, eq=False)
class Raw:
    """A mask as it is stored.

    Attributes:
        kind: "bit" for 0 and 255, "grey" and "palette" for numbers, "colour" for 65536 red + 256 green + blue.
        values: (height, width), whole numbers.
        palette: the colour of each number of a palette, as for "colour".
        turned: whether it was turned as its own EXIF says.
    """

    kind: Kind
    values: NDArray[Any]
    palette: tuple[int, ...] = ()
    turned: bool = False

    def colours(self) -> NDArray[np.int32]:
        """The colour of each pixel, as for "colour"."""
        if self.kind == "palette":
            table = np.array(self.palette + (0,) * (256 - len(self.palette)), np.int32)
            return np.asarray(table[self.values])
        return np.asarray(self.values.astype(np.int32) * (1 if self.kind == "colour" else GREY_LEVELS))


class MaskFacts(NamedTuple):
    """What a first look at a mask's file says; JSON can hold it.

    Attributes:
        kind: as for `Raw`.
        size: (height, width).
        turned: as for `Raw`.
        values: each value that occurs, its number of pixels, and the colour that a palette gives it (else -1);
            empty where there are more than can be listed.
        rough: the share of horizontal neighbours that differ.
        lossy: whether its format changes values.
    """

    kind: Kind
    size: tuple[int, int]
    turned: bool
    values: list[tuple[int, int, int]]
    rough: float
    lossy: bool

    @property
    def is_photograph(self) -> bool:
        """Whether its values are too many and too mixed for classes."""
        return not self.values or (len(self.values) > MOST_SHADES and self.rough > ROUGH)


def mask_facts(path: Path) -> MaskFacts:
    """A first look at the mask at `path`.

    Raises:
        ImageError: the file is no image, or holds values that are no whole numbers.
    """
    with opened(path) as image:
        lossy = image.format in LOSSY
    raw = read_values(path)
    values, counts = np.unique(raw.values, return_counts=True)
    listed = []
    if len(values) <= MOST_VALUES:
        colours = [raw.palette[v] if v < len(raw.palette) else -1 for v in values.tolist()]
        listed = list(zip(values.tolist(), counts.tolist(), colours, strict=True))
    differ = raw.values[:, 1:] != raw.values[:, :-1]
    rough = float(differ.mean()) if differ.size else 0.0
    height, width = raw.values.shape
    return MaskFacts(raw.kind, (height, width), raw.turned, listed, rough, lossy)


def read_values(path: Path, data: bytes | None = None) -> Raw:
    """The mask at `path`, or in `data`, as it is stored; turned only where its own EXIF says so.

    Raises:
        ImageError: as for `mask_facts`.
    """
    with opened(path, data) as image, IN_FLIGHT.held(8 * image.width * image.height):
        image.load()
        turn = upright.orientation(image)
        image = upright.turned(image, turn)
        kind, values = _values(image, path)
        if values.min() < 0:
            raise ImageError(path, f"holds {values.min()}, and classes are numbers from 0 on")
        palette = _palette(image) if kind == "palette" else ()
        if palette[:2] == BLACK_WHITE and values.max() <= 1:  # a GIF, say: the same as bits
            return Raw("bit", values * np.uint8(255), turned=turn != 1)
        return Raw(kind, values, palette, turn != 1)


def _values(image: Image.Image, path: Path) -> tuple[Kind, NDArray[Any]]:
    if image.mode == "1":
        return "bit", np.asarray(image).astype(np.uint8) * np.uint8(255)
    if image.mode == "P":
        return "palette", np.asarray(image)
    if image.mode == "L" or image.mode.startswith("I"):
        return "grey", np.asarray(image)
    if image.mode == "F":
        return "grey", _whole(np.asarray(image), path)
    return _of_colours(np.asarray(image.convert("RGBA")))


def _whole(values: NDArray[Any], path: Path) -> NDArray[np.int32]:
    whole = np.rint(values)
    if not np.array_equal(whole, values) or np.abs(whole).max() > MOST:
        raise ImageError(path, "holds fractions or endless numbers, and a mask holds whole numbers")
    return np.asarray(whole.astype(np.int32))


def _of_colours(pixels: NDArray[np.uint8]) -> tuple[Kind, NDArray[Any]]:
    """Colours as numbers, those that are transparent as black; shades where there is no colour."""
    red, green, blue, alpha = (pixels[:, :, band].astype(np.int32) for band in range(4))
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return "grey", np.where(alpha > 0, red, 0).astype(np.uint8)
    return "colour", np.where(alpha > 0, red << 16 | green << 8 | blue, 0)


def _palette(image: Image.Image) -> tuple[int, ...]:
    flat = image.getpalette("RGB") or []
    return tuple(red << 16 | green << 8 | blue for red, green, blue in zip(*[iter(flat)] * 3, strict=True))
