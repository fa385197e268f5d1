"""Small sets of images that tests write to disk."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def colours(
    root: Path, names: Sequence[str], count: int, size: tuple[int, int] = (12, 16), noise: int = 100, light: int = 120
) -> Path:
    """A folder per class of images (height, width) of noise, in which one of red, green and blue is brighter."""
    chance = np.random.default_rng(0)
    for channel, name in enumerate(names):
        (root / name).mkdir(parents=True)
        for number in range(count):
            pixels = chance.integers(0, noise, (*size, 3), np.uint8)
            pixels[:, :, channel] += light
            Image.fromarray(pixels).save(root / name / f"{number:02}.png")
    return root


def cells(root: Path, train: int, test: int) -> Path:
    """Bright squares with masks, of two sizes."""
    chance = np.random.default_rng(0)
    for part, count in (("train", train), ("test", test)):
        for folder in ("images", "masks"):
            (root / part / folder).mkdir(parents=True)
        for number in range(count):
            mask = np.zeros((18 + number % 2, 20), np.uint8)
            top, left = chance.integers(2, 8, 2)
            mask[top : top + 8, left : left + 8] = 1
            pixels = chance.integers(0, 60, mask.shape, np.uint8) + 150 * mask
            Image.fromarray(pixels.astype(np.uint8)).save(root / part / "images" / f"{number}.png")
            Image.fromarray(mask * 255).save(root / part / "masks" / f"{number}.png")
    return root
