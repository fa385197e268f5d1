"""Examples as pictures that a page can show.

>>> from striate.data.examples import Table
>>> drawn(Table({"image": torch.zeros(2, 1, 4, 6, dtype=torch.uint8)}), 1, "")[0].shape
(4, 6)
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.data.examples import Examples
from striate.report.places import inside

IMAGE = "image"


def drawn(examples: Examples, row: int, root: str) -> tuple[NDArray[np.uint8], str] | None:
    """An example's image, and what it is called as seen from `root`; None where it is no picture."""
    image = examples.take([row]).get(IMAGE)
    if image is None or image.ndim != 4 or image.shape[1] not in (1, 3):
        return None
    name = examples.name(row)
    return picture(image[0]), f"number {row}" if name == str(row) else inside(name, root)


def picture(image: Tensor) -> NDArray[np.uint8]:
    """(C, H, W) as (H, W) or (H, W, 3) bytes; other numbers are scaled from their minimum to their maximum."""
    if image.dtype != torch.uint8:
        low, high = image.min(), image.max()
        image = ((image - low) / (high - low).clamp_min(1e-9) * 255).to(torch.uint8)
    made: NDArray[np.uint8] = image.permute(1, 2, 0).numpy()
    return made[:, :, 0] if made.shape[2] == 1 else made
