"""The luminance of colour pictures, in the range in which figures on it are published, and colours put back.

>>> grey = np.full((3, 1, 1), 255, np.uint8)
>>> [round(255 * float(plane(grey, studio)[0, 0, 0]), 3) for studio in (False, True)]
[255.0, 235.0]
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..recipe import LUMINANCE

Picture = NDArray[Any]  # (C, H, W), C 1 or 3, of bytes or of whole numbers of 16 bits
STUDIO, BLACK = np.array([65.481, 128.553, 24.966]) / 255, 16 / 255  # `LUMINANCE` as video has it: 16 to 235


def plane(picture: Picture, studio: bool) -> NDArray[np.float32]:
    """(1, H, W) from 0 to 1, of a picture (3, H, W); `studio`: 16/255 to 235/255, as published figures."""
    values = np.tensordot(STUDIO if studio else np.array(LUMINANCE), picture / white(picture.dtype), axes=1)
    return np.asarray(values + (BLACK if studio else 0), np.float32)[None]


def with_plane(picture: Picture, old: NDArray[np.float32], new: NDArray[np.float32], studio: bool) -> Picture:
    """The picture (3, H, W) with a new luminance (1, H, W) in the place of the old one, and the same colour."""
    more = (new - old) / ((235 - 16) / 255 if studio else 1)
    return as_whole(picture / white(picture.dtype) + more, picture.dtype)


def as_bytes(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Values from 0 to 1 as 0 to 255; what is outside is cut off."""
    return as_whole(values, np.dtype(np.uint8))


def as_whole(values: NDArray[np.floating], kind: np.dtype[Any]) -> NDArray[Any]:
    """Values from 0 to 1 as whole numbers of a kind, from 0 to its largest; what is outside is cut off."""
    return np.asarray(np.rint(white(kind) * np.clip(values, 0, 1)), kind)


def white(kind: np.dtype[Any]) -> int:
    """The largest of a kind of whole numbers."""
    return int(np.iinfo(kind).max)
