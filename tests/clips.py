"""Small clips for tests: a soft picture that moves."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MEAN = "input 6x16x16 -> [ sum[ maps 0 1 2 | maps 3 4 5 ] -> layerscale 0.5 ]"  # the mean of the neighbours


def pictures(count: int, size: tuple[int, int] = (24, 32), seed: int = 0) -> list[NDArray[np.uint8]]:
    """A soft picture that moves to the right, a pixel a frame."""
    small = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (6, 30, 3), np.uint8))
    wide = np.asarray(small.resize((size[1] + count, size[0]), Image.Resampling.BICUBIC))
    return [np.ascontiguousarray(wide[:, count - number : count - number + size[1]]) for number in range(count)]


def clip(folder: Path, count: int = 8, seed: int = 0) -> Path:
    """Frames called 1.png to 12.png, whose order is that of their numbers."""
    folder.mkdir(parents=True)
    for number, pixels in enumerate(pictures(count, seed=seed), 1):
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder
