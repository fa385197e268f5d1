"""Images that are given in memory rather than as files, in the form in which a file would hold them.

>>> with as_files([np.zeros((4, 6), np.uint8)]) as paths:
...     [path.name for path in paths]
['image 1.png']
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from striate.errors import InputError

RULE = "an image is (H, W), (H, W, 1 or 3) or (1 or 3, H, W), of whole numbers 0 to 255 or floats 0 to 1"


@contextmanager
def as_files(images: Sequence[Any]) -> Iterator[list[Path]]:
    """PNG files of PIL images and of arrays or tensors, which are gone afterwards.

    An image then goes through all that a file goes through: turned upright, made flat, found by its ink.

    Raises:
        InputError: Something is no image.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"image {number}.png" for number in range(1, len(images) + 1)]
        for path, image in zip(paths, images, strict=True):
            picture = image if isinstance(image, Image.Image) else Image.fromarray(_bytes(as_array(image)))
            if picture.mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
                picture = picture.convert("RGB")
            picture.save(path, exif=picture.getexif())
        yield paths


def as_array(values: Any) -> NDArray[Any]:
    """A tensor, wherever it is, or anything else as an array."""
    return np.asarray(values.detach().cpu() if isinstance(values, torch.Tensor) else values)


def _bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    """An array as (H, W) or (H, W, 3) bytes."""
    if array.ndim == 3 and array.shape[0] in (1, 3) and array.shape[2] not in (1, 3):
        array = np.moveaxis(array, 0, -1)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    numbers = array.dtype.kind in "buif" and array.size > 0
    if not numbers or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise InputError(f"{RULE}. Received: {array.dtype} {'x'.join(map(str, array.shape))}")
    most = 1 if array.dtype.kind in "bf" else 255
    if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= most):
        raise InputError(f"{RULE}. Received: {array.dtype} from {array.min()} to {array.max()}")
    return np.rint(array.astype(np.float64) * (255 / most)).astype(np.uint8)
