"""One image file, of whatever kind, as bytes of a chosen number of channels and size.

Turned upright as its EXIF says, 16 and 32 bits scaled to 8, transparency laid over white.

>>> file = io.BytesIO()
>>> Image.new("RGBA", (4, 2), (255, 0, 0, 0)).save(file, "PNG")
>>> decode(Path("clear.png"), channels=1, data=file.getvalue()).tolist()
[[[255, 255, 255, 255], [255, 255, 255, 255]]]
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from striate.errors import InputError

from .formats import formats

GREY = ("1", "L", "LA", "I", "F")  # and every "I;16…"
SIDEWAYS = (5, 6, 7, 8)  # values of the EXIF orientation that exchange width and height


class ImageError(InputError):
    """The file at `path` cannot be read as an image, with the reason in a few words."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot read the image '{path}' ({reason})")
        self.path, self.reason = path, reason


def header(path: Path) -> tuple[tuple[int, int], bool]:
    """Upright (height, width) of the image at `path`, and whether its format is grey. Decodes nothing.

    Raises:
        ImageError: the file is not an image.
    """
    with _opened(path, path) as image:
        sideways = image.getexif().get(ExifTags.Base.Orientation) in SIDEWAYS
        width, height = image.size[::-1] if sideways else image.size
        return (height, width), image.mode in GREY or image.mode.startswith("I;16")


def decode(
    path: Path, *, channels: int, size: tuple[int, int] | None = None, data: bytes | None = None
) -> NDArray[np.uint8]:
    """The image at `path` as (channels, height, width), 0..255.

    Args:
        path: the file; errors name it.
        channels: 1 (luminance) or 3 (RGB).
        size: (height, width); an image of another size is scaled until it covers that and its middle is cut
            out. None keeps its own.
        data: the file's bytes, when they do not lie at `path` but in an archive.

    Raises:
        ImageError: the file is no image, is cut short, or is absurdly large.
    """
    with _opened(path, path if data is None else io.BytesIO(data)) as image:
        if size:
            image.draft(None, (2 * max(size), 2 * max(size)))  # a large JPEG is decoded at a fraction of its size
        upright = _in_bytes(ImageOps.exif_transpose(image), channels)
        if size and upright.size != (size[1], size[0]):
            upright = ImageOps.fit(upright, (size[1], size[0]), Image.Resampling.BICUBIC)
        pixels = np.asarray(upright, np.uint8).reshape(upright.height, upright.width, channels)
        return pixels.transpose(2, 0, 1).copy()


def _in_bytes(image: Image.Image, channels: int) -> Image.Image:
    """Any mode as "L" or "RGB"."""
    if image.mode.startswith("I"):
        values = np.asarray(image).clip(0, 65535) / 257  # 16 bits to 8: 65535 = 257 · 255
        image = Image.fromarray(np.rint(values).astype(np.uint8))
    elif image.mode == "F":
        values = np.asarray(image)
        if not np.isfinite(values).all():
            raise ValueError("holds values that are no numbers")
        image = Image.fromarray(np.rint((values * (255 if values.max() <= 1 else 1)).clip(0, 255)).astype(np.uint8))
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    if channels == 1:
        return image if image.mode == "L" else image.convert("RGB").convert("L")
    return image.convert("RGB")


@contextmanager
def _opened(path: Path, file: Path | io.BytesIO) -> Iterator[Image.Image]:
    try:
        with Image.open(file, formats=formats()) as image:
            yield image
    except Exception as error:  # Pillow's readers raise errors of many kinds for files that are damaged
        raise ImageError(path, _reason(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return (str(error) or type(error).__name__).splitlines()[0]
