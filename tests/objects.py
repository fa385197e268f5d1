"""Small sets of images whose objects touch, with a number for each object, that tests write to disk."""

from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 24


def discs(root: Path, train: int, test: int) -> Path:
    """Two bright discs that touch in each image: train/ and test/ with images/ and labels/."""
    chance, (down, right) = np.random.default_rng(0), np.mgrid[:SIDE, :SIDE]
    for part, first, count in (("train", 0, train), ("test", train, test)):
        for folder in ("images", "labels"):
            (root / part / folder).mkdir(parents=True)
        for number in range(first, first + count):
            row, column = chance.integers(6, 17), chance.integers(6, 10)
            middles = ((row, column), (row, column + 8))
            one, other = ((down - y) ** 2 + (right - x) ** 2 <= 16 for y, x in middles)
            pixels = chance.integers(20, 60, (SIDE, SIDE), np.uint8) + 150 * (one | other).astype(np.uint8)
            Image.fromarray(pixels).save(root / part / "images" / f"{number}.png")
            Image.fromarray((one + 2 * (other & ~one)).astype(np.uint8)).save(root / part / "labels" / f"{number}.png")
    return root
