"""One look at an image file: what its header says, whether it can be read to its end, and a small picture of it.

>>> from pathlib import Path
>>> look(Path("nowhere.png")).reason
'no such file or directory'
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from striate.data import upright
from striate.data.deep import is_grey_alpha, kind
from striate.data.duplicates import FLAT, SMALL
from striate.data.formats import IN_JPEG, suffix
from striate.data.image import ImageError, decode, is_blank
from striate.data.opening import opened

LONGEST = 256  # pixels of the longer side, to which an image is brought to be compared
EMPTY, NO_IMAGE, DAMAGED, MISSING = "empty file", "no image", "damaged", "missing"
CLEAR = ("LA", "La", "PA", "RGBA", "RGBa")


@dataclass(frozen=True)
class Look:
    """What a file holds.

    Attributes:
        fault: The kind of what is wrong with it; "" when it can be read.
        reason: What is wrong.
        odd: The kinds of what is odd by itself, with a few words on each.
        size: Upright (height, width).
        grey: Whether its format is grey.
        digest: 16 bytes that say its pixels.
        small: (64,) float16: its small grey picture of mean 0 and length 1; 0 where it shows nothing.
    """

    fault: str = ""
    reason: str = ""
    odd: tuple[tuple[str, str], ...] = ()
    size: tuple[int, int] = (0, 0)
    grey: bool = False
    digest: bytes = bytes(16)
    small: NDArray[np.float16] = field(default_factory=lambda: np.zeros(SMALL * SMALL, np.float16))


def look(item: Any) -> Look:
    """Looks at the image file `item`, a path or something else that opens."""
    try:
        with opened(item) as image:
            odd, grey = tuple(_odd(item, image)), _is_grey(image)
            width, height = upright.upright_size(image)
        pixels = decode(item, channels=3, longest=LONGEST)
    except ImageError as error:
        return Look(_kind(item, error), error.reason)
    if is_blank(pixels):
        odd = (*odd, ("blank", ""))
    digest = sha256(str(pixels.shape).encode() + pixels.tobytes()).digest()[:16]
    return Look("", "", odd, (height, width), grey, digest, small(pixels))


def small(pixels: NDArray[Any]) -> NDArray[np.float16]:
    """(C, H, W) as a vector (64,) of mean 0 and length 1, by which like images are found."""
    grey = Image.fromarray(pixels.astype(np.float32).mean(0))
    vector = np.asarray(grey.resize((SMALL, SMALL), Image.Resampling.BOX)).ravel()
    vector = vector - vector.mean()
    shown = float(np.sqrt(np.square(vector).mean())) >= FLAT
    made: NDArray[np.float16] = (vector / np.linalg.norm(vector) if shown else vector * 0).astype(np.float16)
    return made


def _kind(item: Any, error: ImageError) -> str:
    """What is wrong with a file that can't be read."""
    if isinstance(item, os.PathLike) and not os.path.exists(item):
        return MISSING
    if isinstance(item, os.PathLike) and not os.stat(item).st_size:
        return EMPTY
    return DAMAGED if error.is_image else NO_IMAGE


def _is_grey(image: Image.Image) -> bool:
    return image.mode in ("1", "L", "LA", "I", "F") or image.mode.startswith("I;16") or is_grey_alpha(image)


def _odd(item: Any, image: Image.Image) -> Any:
    """What is odd in an opened image, kinds with words."""
    end, form = suffix(str(item)), image.format
    named = Image.registered_extensions().get(end)
    if named and form and form not in (named, *(IN_JPEG if named == "JPEG" else ())):
        yield "disguised", f"it is {form}, and its name says {named}"
    turn = upright.orientation(image)
    if turn != 1:
        yield "turned", f"EXIF orientation {turn}"
    if image.mode in ("CMYK", "P"):
        yield {"CMYK": "CMYK", "P": "palette"}[image.mode], ""
    if kind(image) is not None:
        yield "16 bit", f"mode {image.mode}" if image.mode in ("I", "F") else ""
    if image.mode in CLEAR or "transparency" in image.info:
        yield "transparent", "it has an alpha channel" if image.mode in CLEAR else "it names a transparent colour"
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and form != "MPO":
        yield "animated", f"{frames} pictures"
