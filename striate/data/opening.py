"""Opening an image file, and saying in plain words why one cannot be read.

>>> with opened(Path("words.png"), b"just words"):
...     pass
Traceback (most recent call last):
striate.data.opening.ImageError: cannot read the image 'words.png' (not an image)
"""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from striate.errors import InputError, WorkError

from .deep import mend_planes
from .formats import formats, marked
from .quiet import collected


class ImageError(InputError):
    """The file at `path` cannot be read as an image, with the reason in a few words.

    Attributes:
        is_image: Whether it begins like one, and is damaged or of a kind that is not read.
    """

    def __init__(self, path: Path, reason: str, is_image: bool = True) -> None:
        super().__init__(f"cannot read the image '{path}' ({reason})")
        self.path, self.reason, self.is_image = path, reason, is_image


@contextmanager
def opened(path: Path, data: bytes | None = None) -> Iterator[Image.Image]:
    """The image at `path`, or in `data`, opened and not loaded.

    Pillow is given an open file and not a name: it would map a named TIFF into memory with width and height exchanged
    where the orientation does so, and scramble its rows.
    """
    with collected() as words:
        try:
            with _file(path, data) as file, Image.open(file, formats=formats()) as image:
                mend_planes(image)
                yield image
        except (ImageError, WorkError):  # a lost connection says nothing of the image
            raise
        except InputError as error:
            raise ImageError(path, str(error)) from error
        except Image.DecompressionBombError as error:
            raise ImageError(path, _too_large(path, data)) from error
        except Exception as error:  # Pillow's readers raise errors of many kinds for files that are damaged
            unknown = isinstance(error, UnidentifiedImageError) and _form(path, data) is None
            raise ImageError(path, _reason(path, data, error, words), is_image=not unknown) from error


def _file(path: Path, data: bytes | None) -> BinaryIO:
    return path.open("rb") if data is None else io.BytesIO(data)


def _too_large(path: Path, data: bytes | None) -> str:
    limit = f"the {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels that are read of one image"
    width, height = _unchecked_size(path, data) or (0, 0)
    if width * height <= 2 * (Image.MAX_IMAGE_PIXELS or 0):
        return f"a part of it is larger than {limit}"  # a frame, a tile
    return f"its {height:,} x {width:,} pixels are more than {limit}; make it smaller"


def _unchecked_size(path: Path, data: bytes | None) -> tuple[int, int] | None:
    """(width, height) of an image that Pillow refuses to open because of it."""
    form = _form(path, data)
    try:
        with _file(path, data) as file:
            return Image.OPEN[form][0](file, "").size if form else None
    except Image.DecompressionBombError:  # raised for a part that the format reads at once
        return None


def _form(path: Path, data: bytes | None) -> str | None:
    """The format that the file's first bytes suggest."""
    with _file(path, data) as file:
        start = file.read(16)
    for form in marked():
        accept = Image.OPEN[form][1]
        with suppress(IndexError, TypeError, struct.error):  # raised for a file too short for the format
            if accept and accept(start) is True:
                return form
    return None


def _no_image(path: Path, data: bytes | None) -> str:
    with _file(path, data) as file:
        return "not an image" if file.read(1) else "an empty file"


def _reason(path: Path, data: bytes | None, error: Exception, words: list[str]) -> str:
    if isinstance(error, UnidentifiedImageError):
        form = _form(path, data)
        return f"damaged, or {form} of a kind that is not read" if form else _no_image(path, data)
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    said = str(error) or type(error).__name__
    if "truncated" in said:
        return "cut short"
    details = dict.fromkeys(line.splitlines()[0].strip() for line in (said, *words) if line.strip())
    return f"damaged, or of a kind that is not read: {'; '.join(details)}"
