"""A foreign image, brought to the form of the data set that a network learned from.

The recipe then makes it the network's input, as it made every training image.

>>> read_image("seven.png", Recipe((1, 100), (1, 100), "as is", (0.0,), (0.0,), (1.0,)))  # doctest: +ELLIPSIS
Traceback (most recent call last):
striate.errors.InputError: cannot read 'seven.png' for a network that learned from arrays 1x100; ...
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from striate.errors import InputError

from .image import decode
from .ink import centred, is_inverted
from .recipe import Recipe


def read_image(path: str | Path, recipe: Recipe) -> Tensor:
    """The image at `path` as one of the data set's own, uint8 (C, H, W): `recipe(image[None])` is the network's
    input.

    Drawings in data centred by ink are inverted if need be, and one of another size is cut to its ink, scaled and
    placed as the data's are. Other images are scaled to cover the data's size and their middle is cut out. An
    image that already is as the data's are stays as it is, bit for bit.

    Raises:
        InputError: there is no such file, it is no image, or the network does not read images.
    """
    channels, *spatial = recipe.source
    if not recipe.pixels or len(spatial) != 2 or channels not in (1, 3):
        form = "x".join(map(str, recipe.source))
        raise InputError(f"cannot read '{path}' for a network that learned from arrays {form}; give it an .npz archive")
    size = spatial[0], spatial[1]
    if recipe.ink is None:
        return torch.from_numpy(decode(Path(path), channels=channels, size=size))
    grey = decode(Path(path), channels=1)[0]
    background = recipe.background[0]
    if grey.shape != size:
        grey = centred(grey, recipe.ink, size, background)
    elif is_inverted(grey, background):
        grey = np.uint8(255) - grey
    return torch.from_numpy(grey)[None]
