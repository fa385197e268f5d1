"""The result of a transfer: a picture, and how near it is to what was wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from striate.data.writing import whole
from striate.errors import InputError, WorkError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
OPAQUE = (".jpg", ".jpeg", ".bmp")  # formats without transparency
QUALITY = 95  # of formats that lose something


@dataclass(frozen=True, eq=False)
class Styled:
    """A picture in a style.

    Attributes:
        image: The picture, RGB, or RGBA where something of the content is transparent.
        content: How far its features are from the content's, as a share of those: 0 is the content itself.
        styles: How far its Gram matrices are from each style's, likewise: 0 is the style.
        looks: How often the network looked at the picture.
        seconds: How long it took.
        stopped: What ended it early; empty where nothing did.
        notes: What was decided, a sentence each.
    """

    image: Image.Image
    content: float
    styles: tuple[float, ...]
    looks: int
    seconds: float
    stopped: str
    notes: tuple[str, ...]

    def _repr_png_(self) -> bytes | None:
        """What a notebook shows."""
        return self.image._repr_png_()

    def save(self, path: str | Path) -> None:
        """Write the picture; a file that is there is replaced at once, so that it is always whole.

        Raises:
            InputError: Its suffix is no picture's.
            WorkError: It can't be written.
        """
        write(self.image, Path(path))

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate style --json`."""
        width, height = self.image.size
        figures = {"content": self.content, "styles": list(self.styles), "looks": self.looks, "seconds": self.seconds}
        return {"size": [height, width], **figures, "stopped": self.stopped, "notes": list(self.notes)}

    def lines(self) -> Iterator[str]:
        """What is printed of it."""
        styles = ", ".join(f"{one:.3f}" for one in self.styles)
        yield f"distance to the style {styles}; to the content {self.content:.3f} (shares of their squares)"
        width, height = self.image.size
        yield f"{height}x{width} pixels, {self.looks} looks of the network, {self.seconds:.0f} s"


def check_path(path: Path) -> None:
    """Check that a picture can have this name.

    Raises:
        InputError: Its suffix is no picture's.
        WorkError: Its folder is not there.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"a picture can't be saved as '{path}'; end its name with .png or .jpg")
    if not path.absolute().parent.is_dir():
        raise WorkError(f"can't write {path}: there is no folder {path.absolute().parent}")


def write(image: Image.Image, path: Path) -> None:
    """Write a picture to a file, whole or not at all; as `Styled.save`."""
    check_path(path)
    flat = image.convert("RGB") if path.suffix.lower() in OPAQUE else image
    try:
        with whole(path) as unfinished:
            flat.save(unfinished, quality=QUALITY)
    except OSError as error:
        raise WorkError(f"can't write {path}: {error.strerror or error}") from None
