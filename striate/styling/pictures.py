"""Pictures as they are read for a transfer: the content with its transparency, styles, and masks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from striate.data.image import decode
from striate.data.recipe import LUMINANCE
from striate.data.restoring.luminance import white
from striate.data.restoring.photo import Photo, photo
from striate.errors import InputError
from striate.tasks.pictures import IMAGE, asked_images


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture.

    Attributes:
        name: Where it is from.
        pixels: (3, H, W), 0 to 1.
        opaque: (1, H, W), 0 to 1, how opaque each is; None where the file does not say it.
    """

    name: str
    pixels: Tensor
    opaque: Tensor | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.pixels.shape[1], self.pixels.shape[2]


def read(image: Any) -> Picture:
    """A picture of a file, a PIL image or an array.

    Raises:
        InputError: It is none, or can't be read.
    """
    if isinstance(image, str | os.PathLike):
        path = Path(image)
        own = photo(path) or Photo(decode(path, channels=3), None)
        opaque = None if own.opaque is None else _floats(own.opaque)
        return Picture(str(path), _floats(own.picture).expand(3, -1, -1), opaque)
    asked = asked_images([image], None, "refuse", 3)
    return Picture(asked.names[0], _floats(asked.inputs[0][IMAGE][0].numpy()))


def read_mask(mask: Any, size: tuple[int, int]) -> Tensor:
    """(1, H, W), 0 to 1: how far a style holds at each pixel of a content of this size; white is all.

    Raises:
        InputError: It is of another size, or black all over.
    """
    found = read(mask)
    if found.size != size:
        height, width = size
        of = f"the content's {height}x{width} pixels (height x width)"
        raise InputError(f"a mask has {of}. Received: {found.name} of {found.size[0]}x{found.size[1]}")
    values = (found.pixels * found.pixels.new_tensor(LUMINANCE).view(3, 1, 1)).sum(0, keepdim=True)
    if float(values.max()) < 0.5:
        raise InputError(f"mask {found.name} is black: its style would be nowhere; white is where a style holds")
    return values.clamp(0, 1)


def resized(values: Tensor, size: tuple[int, int]) -> Tensor:
    """(C, H, W) at another size, filtered as Pillow's bicubic; of 0 to 1."""
    if values.shape[1:] == size:
        return values
    return F.interpolate(values[None], size, mode="bicubic", antialias=True)[0].clamp(0, 1)


def fitted(size: tuple[int, int], longer: int) -> tuple[int, int]:
    """A size of the same shape with a longer side of so many pixels.

    >>> fitted((300, 400), 100)
    (75, 100)
    """
    return (max(1, round(size[0] * longer / max(size))), max(1, round(size[1] * longer / max(size))))


def as_image(pixels: Tensor, opaque: Tensor | None = None) -> Image.Image:
    """A picture (3, H, W) of 0 to 1, with how opaque (1, H, W) it is where the file said so."""
    planes = pixels if opaque is None else torch.cat([pixels, opaque])
    values = (planes.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(np.ascontiguousarray(values))


def _floats(pixels: NDArray[Any]) -> Tensor:
    return torch.from_numpy(pixels.astype(np.float32) / white(pixels.dtype))
