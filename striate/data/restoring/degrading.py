"""Named ways in which pictures become worse, rendered from good ones: `bicubic:3`, `noise:25`, `blur:1.6,jpeg:30`.

What chance decides in a picture depends on its name alone, so that all see the same picture; a training may ask for
other ones with a number of its own.

>>> worse = degradation("bicubic:3,noise:25")
>>> worse.scale, worse(np.zeros((3, 11, 9), np.uint8), "a.png").shape
(3, (3, 3, 3))
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from striate.errors import InputError, nearest

from .dark_channel import clear
from .fog import THICK, foggy
from .luminance import Picture, as_whole, white
from .rain import rainy

LONGEST = 65_500  # pixels of a side of a JPEG file, as libjpeg writes it
PAIRS = "pairs"  # the worse pictures are files

Undone = tuple[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]]


@dataclass(frozen=True)
class Way:
    """A way in which a picture becomes worse.

    Attributes:
        amount: How much, where nobody says.
        least, most: What it may be.
        what: What the amount is.
        made: The worse picture.
        whole: Whether the amount is a whole number.
        drawn: Whether chance decides something.
        undone: What undoes it without learning, in words and from (C, H, W), 0 to 1: what a network has to beat.
    """

    amount: float
    least: float
    most: float
    what: str
    made: Callable[[Picture, float, np.random.Generator], Picture]
    whole: bool = False
    drawn: bool = False
    undone: Undone | None = None


def _smaller(picture: Picture, factor: float, chance: np.random.Generator) -> Picture:
    height, width = (side // int(factor) for side in picture.shape[1:])
    return _from_image(_to_image(picture).resize((width, height), Image.Resampling.BICUBIC))


def _noisy(picture: Picture, spread: float, chance: np.random.Generator) -> Picture:
    return _bytes(picture + spread * chance.standard_normal(picture.shape))


def _blurred(picture: Picture, spread: float, chance: np.random.Generator) -> Picture:
    return _bytes(gaussian_filter(picture.astype(np.float64), (0, spread, spread)))


def _compressed(picture: Picture, quality: float, chance: np.random.Generator) -> Picture:
    file = io.BytesIO()
    if max(picture.shape) > LONGEST:
        raise InputError(f"a JPEG file has at most {LONGEST:,} pixels a side")
    _to_image(picture).save(file, "JPEG", quality=int(quality))
    return _from_image(Image.open(file))


PRIOR: Undone = ("the dark channel prior", clear)
WAYS = {
    "bicubic": Way(2, 2, 8, "times smaller, by Pillow's bicubic filter", _smaller, whole=True),
    "noise": Way(25, 0.1, 200, "of 255, the standard deviation of Gaussian noise", _noisy, drawn=True),
    "blur": Way(1.6, 0.1, 50, "pixels, the standard deviation of a Gaussian blur", _blurred),
    "jpeg": Way(20, 1, 100, "the quality of a JPEG file", _compressed, whole=True),
    "rain": Way(5, 1, 20, "layers of streaks", rainy, whole=True, drawn=True),
    "fog": Way(0, 0, 10, f"how thick it is (β); 0 draws {THICK[0]} to {THICK[1]}", foggy, drawn=True, undone=PRIOR),
}
ALSO = {
    "bicubic": ("downsample", "downscale", "sr", "resize", "x"),
    "noise": ("gaussian", "awgn", "gaussian-noise"),
    "blur": ("gaussian-blur", "defocus"),
    "jpeg": ("jpg", "compression"),
    "rain": ("rainy", "streaks", "derain", "deraining"),
    "fog": ("foggy", "haze", "hazy", "mist", "dehaze", "dehazing"),
    PAIRS: ("paired", "pair"),
}


@dataclass(frozen=True)
class Degradation:
    """Ways, one after the other.

    Attributes:
        steps: The word and the amount of each; none for pictures that are there in pairs.
    """

    steps: tuple[tuple[str, float], ...]

    @cached_property
    def scale(self) -> int:
        """How many times smaller the worse picture is."""
        return int(np.prod([amount for word, amount in self.steps if word == "bicubic"], dtype=int))

    @property
    def drawn(self) -> bool:
        """Whether chance decides something."""
        return any(WAYS[word].drawn for word, _ in self.steps)

    @property
    def undone(self) -> Undone | None:
        """What undoes a step of it without learning, where something does."""
        return next((WAYS[word].undone for word, _ in self.steps if WAYS[word].undone), None)

    def __call__(self, picture: Picture, name: str, *number: int) -> Picture:
        """The worse picture (C, h, w) of (C, H, W), of which what no multiple of the scale holds is cut off.

        Args:
            picture: A good one.
            name: What chance depends on.
            number: What it depends on beside, from 1, where the same picture is to become worse in several ways.
        """
        picture = whole_part(picture, self.scale)
        named = crc32(name.encode(errors="surrogateescape"))
        chance = np.random.default_rng([named, *number] if number else named)
        for word, amount in self.steps:
            picture = WAYS[word].made(picture, amount, chance)
        return picture

    def __str__(self) -> str:
        return ",".join(f"{word}:{amount:g}" if amount else word for word, amount in self.steps) or PAIRS


def degradation(text: str) -> Degradation:
    """What a text such as `blur:1.6,bicubic:3` says.

    Raises:
        InputError: There is no such way, or no such amount of it.
    """
    if text.strip() == PAIRS:
        return Degradation(())
    return Degradation(tuple(_step(part.strip()) for part in text.split(",")))


def _step(part: str) -> tuple[str, float]:
    word, given, amount = part.partition(":")
    if word not in WAYS:
        known = [*WAYS] if word == PAIRS else [*WAYS, PAIRS]
        raise InputError(f"degrade has no '{word}'{nearest(word, known, ALSO)}; there are {', '.join(known)}")
    way = WAYS[word]
    try:
        value = float(amount) if given else way.amount
    except ValueError:
        value = float("nan")
    if not way.least <= value <= way.most or (way.whole and value != int(value)):
        kind = "a whole number" if way.whole else "a number"
        raise InputError(f"{word} takes {kind} from {way.least:g} to {way.most:g}, {way.what}. Received: '{part}'")
    return word, value


def enlarged(picture: Picture, factor: int) -> Picture:
    """(C, H, W) as many times as large, by Pillow's bicubic filter."""
    if factor == 1:
        return picture
    size = picture.shape[2] * factor, picture.shape[1] * factor
    if picture.dtype == np.uint8:
        return _from_image(_to_image(picture).resize(size, Image.Resampling.BICUBIC))
    planes = [Image.fromarray(np.float32(one)).resize(size, Image.Resampling.BICUBIC) for one in picture]
    return as_whole(np.stack([np.asarray(one) for one in planes]) / white(picture.dtype), picture.dtype)


def whole_part(picture: Picture, scale: int) -> Picture:
    """(C, H, W) without the last rows and columns that make no multiple of the scale.

    Raises:
        InputError: Nothing is left.
    """
    height, width = (side // scale * scale for side in picture.shape[1:])
    if not height or not width:
        raise InputError(f"{picture.shape[1]}x{picture.shape[2]} pixels are too few to be made {scale} times smaller")
    return picture[:, :height, :width]


def _to_image(picture: Picture) -> Image.Image:
    return Image.fromarray(picture[0] if len(picture) == 1 else np.ascontiguousarray(picture.transpose(1, 2, 0)))


def _from_image(image: Image.Image) -> Picture:
    pixels = np.asarray(image, np.uint8)
    return (pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)).copy()


def _bytes(values: NDArray[np.floating]) -> Picture:
    return np.asarray(np.rint(np.clip(values, 0, 255)), np.uint8)
