"""An image from elsewhere, brought to the form of the data set that a network was trained on.

The recipe then makes it the network's input, as it made every training image.

>>> read_image("seven.png", Recipe((1, 100), (1, 100), "as is", (0.0,), (0.0,), (1.0,)))  # doctest: +ELLIPSIS
Traceback (most recent call last):
striate.errors.InputError: cannot read 'seven.png' for a network that learned from arrays 1x100; ...
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.errors import InputError

from .deep import FULL
from .image import ImageError, decode, extent, header, is_blank
from .ink import centred, is_inverted
from .levels import Levels, settled
from .recipe import Recipe

LONGEST = 2048  # pixels of the longer side to which a page is reduced to find its drawing


def read_image(path: str | Path, recipe: Recipe) -> Tensor:
    """The image at `path` as one of the data set's own, uint8 (C, H, W): `recipe(image[None])` is the network's
    input.

    Where the data are centred by ink, a drawing is inverted if need be, and one of another size is cut to its ink,
    scaled and placed as the data's are. Other images are scaled to cover the data's size and their middle is cut out.
    An image already in the data's form is unchanged, bit for bit.

    Raises:
        InputError: there is no such file, it is no image, or the network does not read images.
    """
    return read_and_tell(path, recipe)[0]


def read_and_tell(path: str | Path, recipe: Recipe) -> tuple[Tensor, list[str]]:
    """The result of `read_image`, and one line per thing to report: that the image is blank, or how its values, of
    more than 8 bits, were read.

    Raises:
        InputError: as for `read_image`.
    """
    channels, *spatial = recipe.source
    if not recipe.of_pictures:
        form = "x".join(map(str, recipe.source))
        ask = "give it an .npz archive or an .npy file of such arrays"
        raise InputError(f"cannot read '{path}' for a network that learned from arrays {form}; {ask}")
    size = spatial[0], spatial[1]
    levels, notes = _levels(Path(path), recipe.levels)
    if recipe.ink is None:
        pixels = decode(Path(path), channels=channels, size=size, levels=levels)
    else:
        pixels = _drawing(decode(Path(path), channels=1, longest=LONGEST, levels=levels)[0], size, recipe)[None]
    if is_blank(pixels):
        notes.append(f"'{path}' is blank")
    return torch.from_numpy(pixels), notes


def _drawing(grey: NDArray[np.uint8], size: tuple[int, int], recipe: Recipe) -> NDArray[np.uint8]:
    """`grey` (H, W) in the form of the data set's drawings."""
    background = recipe.background[0]
    if recipe.ink and grey.shape != size:
        return centred(grey, recipe.ink, size, background)
    return np.uint8(255) - grey if is_inverted(grey, background) else grey


def _levels(path: Path, learned: Levels | None) -> tuple[Levels | None, list[str]]:
    """What is black and white in the file, and what to say about it."""
    found = extent(path) if header(path).deep else None
    if found is None:
        return learned, []
    levels, refused, notes = settled({path: found}, learned)
    if refused:
        raise ImageError(path, refused[path])
    plain = not learned and levels == Levels(whole=(0, FULL))  # all 16 bits are in use
    return levels, [] if plain else list(notes)
