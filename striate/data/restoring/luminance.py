"""The luminance of colour pictures, in the range in which figures on it are published, and colours put back.

>>> grey = np.full((3, 1, 1), 255, np.uint8)
>>> [round(255 * float(plane(grey, studio)[0, 0, 0]), 3) for studio in (False, True)]
[255.0, 235.0]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..recipe import LUMINANCE

STUDIO, BLACK = np.array([65.481, 128.553, 24.966]) / 255, 16 / 255  # `LUMINANCE` as video has it: 16 to 235


def plane(picture: NDArray[np.uint8], studio: bool) -> NDArray[np.float32]:
    """(1, H, W) from 0 to 1, of a picture (3, H, W) of 0 to 255; `studio`: 16/255 to 235/255, as published figures."""
    values = np.tensordot(STUDIO if studio else np.array(LUMINANCE), picture / 255, axes=1)
    return np.asarray(values + (BLACK if studio else 0), np.float32)[None]


def with_plane(
    picture: NDArray[np.uint8], old: NDArray[np.float32], new: NDArray[np.float32], studio: bool
) -> NDArray[np.uint8]:
    """The picture (3, H, W) with a new luminance (1, H, W) in the place of the old one, and the same colour."""
    more = (new - old) / ((235 - 16) / 255 if studio else 1)
    return as_bytes(picture / 255 + more)


def as_bytes(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Values from 0 to 1 as 0 to 255; what is outside is cut off."""
    return np.asarray(np.rint(255 * np.clip(values, 0, 1)), np.uint8)
