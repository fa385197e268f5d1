"""Reading an image and its mask as arrays of one size, and bringing a mask to another size.

>>> resized(np.array([[1, 2], [3, 4]], np.uint8), (4, 2)).tolist()
[[1, 2], [1, 2], [3, 4], [3, 4]]
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from ..image import decode
from ..levels import Levels
from ..opening import ImageError
from ..upright import SIDEWAYS
from .coding import Coding
from .found import Pair
from .values import read_values


def read_pair(
    pair: Pair, coding: Coding, channels: int, levels: Levels | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The image (channels, H, W), 0 to 255, and the class position of each pixel (H, W), 255 where it is ignored.

    Args:
        pair: as `find` gives it.
        coding: what the mask's values mean.
        channels: 1 or 3.
        levels: black and white of images of more than 8 bits, as for `decode`.

    Raises:
        ImageError: a file cannot be read, the mask's size is not the image's, or it holds values that are no class.
    """
    image = decode(pair.image, channels=channels, levels=levels)
    mask = read_mask(pair, coding)
    if image.shape[1:] != mask.shape:
        raise ImageError(Path(pair.where), other_size(mask.shape, image.shape[1:]))
    return image, mask


def read_mask(pair: Pair, coding: Coding) -> NDArray[np.uint8]:
    """The class position of each pixel (H, W), upright; 255 where it is ignored.

    Raises:
        ImageError: as for `read_pair`.
    """
    if not isinstance(pair.mask, Path):
        return uprighted(pair.mask.mask(), pair.turn)
    try:
        return uprighted(coding.positions(read_values(pair.mask)), pair.turn)
    except ImageError:
        raise
    except InputError as error:
        raise ImageError(pair.mask, str(error)) from error


def uprighted(mask: NDArray[np.uint8], turn: int) -> NDArray[np.uint8]:
    """A mask (H, W) whose rows and columns are stored in the EXIF orientation `turn`, made upright.

    >>> uprighted(np.array([[1, 2, 3]], np.uint8), 6).tolist()
    [[1], [2], [3]]
    """
    if turn in SIDEWAYS:
        mask = mask.T
    down, right = turn in (3, 4, 7, 8), turn in (2, 3, 6, 7)
    return np.ascontiguousarray(mask[:: -1 if down else 1, :: -1 if right else 1])


def resized(mask: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The mask (H, W) at `size` (height, width), each pixel the class of the old one that its centre is in."""
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(int) for old, new in zip(mask.shape, size, strict=True)
    )
    return np.asarray(mask[rows[:, None], columns])


def other_size(mask: tuple[int, ...], image: tuple[int, ...]) -> str:
    """That a mask has another size than its image."""
    return f"it is {mask[0]}x{mask[1]} and its image {image[0]}x{image[1]}"
