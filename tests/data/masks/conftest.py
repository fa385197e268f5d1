"""Small folders of images and masks, written by the tests."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Draw = Callable[..., Path]
Write = Callable[..., Path]


@pytest.fixture
def draw_mask() -> Write:
    """Writes rows of values, shades or colours as a mask at a path, and gives the path back."""

    def write(path: Path, rows: Sequence[Sequence[object]], palette: Sequence[int] = (), mode: str = "") -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        values = np.array(rows)
        image = Image.fromarray(values.astype(np.uint16 if values.max() > 255 else np.uint8))
        if palette:
            image = Image.frombytes("P", image.size, image.tobytes())
            image.putpalette(palette)
        (image.convert(mode) if mode else image).save(path)
        return path

    return write


@pytest.fixture
def pair(draw: Draw, draw_mask: Write) -> Callable[..., None]:
    """Writes an image and a mask of its size at two paths under a folder."""

    def write(root: Path, image: str, mask: str, rows: Sequence[Sequence[object]], **options: object) -> None:
        number = sum(map(ord, image)) % 1000
        draw(root / image, number, size=(len(rows[0]), len(rows)))
        draw_mask(root / mask, rows, **options)

    return write
