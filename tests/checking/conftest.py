"""Data sets of noise, in which nothing is wrong until something is planted."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Save = Callable[..., Path]


@pytest.fixture
def save() -> Save:
    """Writes a picture of coarse noise, by number, and gives its path back."""

    def write(path: Path, number: int, size: tuple[int, int] = (40, 32), mode: str = "RGB", **how: object) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (8, 10, 3), np.uint8)
        Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).convert(mode).save(path, **how)
        return path

    return write


@pytest.fixture
def pets(tmp_path: Path, save: Save) -> Path:
    """Cats and dogs to train on and to test on."""
    root = tmp_path / "pets"
    number = 0
    for part, count in (("train", 12), ("test", 6)):
        for label in ("cat", "dog"):
            for _ in range(count):
                save(root / part / label / f"{number}.jpg", number)
                number += 1
    return root
