"""Arrays that a network is asked about, from files or from memory: one example, or one in each row.

>>> rows_of(np.zeros((5, 150)), (1, 150), "x").shape, rows_of(np.zeros(150), (1, 150), "x").shape
((5, 1, 150), (1, 1, 150))
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from striate.errors import InputError, why_damaged

from .arrays import DAMAGE, STYLES, Array, as_pixels, channels_first, numbers
from .parts import PARTS, part_of
from .recipe import Recipe, written

SUFFIXES = (".npz", ".npy")
INPUTS = tuple(dict.fromkeys(inputs for inputs, _ in STYLES))  # what the examples of an archive are called


def holds_arrays(path: str | os.PathLike[str]) -> bool:
    """Whether this is a file of arrays, by its name."""
    return Path(path).suffix.lower() in SUFFIXES and Path(path).is_file()


def stored(path: Path) -> Array:
    """The array of an .npy file, or the examples in an .npz archive: `x` or `images`, else those of the test part.

    Raises:
        InputError: It is no such file, or it is not clear what the examples are.
    """
    try:
        found = np.load(path, allow_pickle=False)
        if not isinstance(found, np.lib.npyio.NpzFile):
            return _some(numbers(found, str(path)), str(path))
        with found:
            key = _inputs(found.files, path)
            return _some(numbers(found[key], f"{path}: {key}"), f"{path}: {key}")
    except InputError:
        raise
    except DAMAGE as error:
        why = why_damaged(error)
        raise InputError(f"{path} holds no plain arrays ({why}); write it with numpy.savez or numpy.save") from error


def _some(array: Array, name: str) -> Array:
    if not array.size:
        raise InputError(f"{name} is empty: {written(array.shape)}")
    return array


def _inputs(keys: Sequence[str], path: Path) -> str:
    """The key of the examples: of no part, or of the test part before the others."""
    called = {part_of(key) or ("", key.lower()): key for key in keys}
    wanted = [(part, word) for part in ("", *reversed(PARTS)) for word in INPUTS]
    found = next((called[one] for one in wanted if one in called), None)
    if found is None and len(keys) != 1:
        raise InputError(f"{path} must hold {' or '.join(INPUTS)}; it holds {', '.join(keys) or 'nothing'}")
    return found or keys[0]


def pictures_in(array: Array, in_rows: bool = False) -> list[Array]:
    """An image (H, W), (H, W, 1 or 3) or (1 or 3, H, W), or those of a stack, which has one axis more.

    Args:
        array: One of both.
        in_rows: Whether three axes are always (N, H, W), as in an archive.
    """
    grey = array.ndim == 3 and (in_rows or not {array.shape[0], array.shape[2]} & {1, 3})
    return list(array) if array.ndim == 4 or grey else [array]


def rows_of(array: Array, source: Sequence[int], name: str) -> Array:
    """(N, *source) of an array that is one example or N of them, with or without its axis of channels.

    Raises:
        InputError: It is neither.
    """
    for rows in (array, array[None]):
        turned = channels_first(rows, source)
        if turned.shape[1:] == tuple(source) and len(turned):
            return turned
    shape = written(array.shape) or "a single number"
    raise InputError(f"the network learned from arrays {written(source)}, one or N of them; {name} is {shape}")


def examples_of(array: Array, recipe: Recipe, name: str) -> torch.Tensor:
    """(N, *source), uint8 or float32, with values of the scale that was learned from.

    Raises:
        InputError: The array has another shape, or holds something other than finite numbers.
    """
    rows = rows_of(numbers(array, name), recipe.source, name)
    (made,) = as_pixels([rows]) if recipe.pixels else [rows.astype(np.float32)]
    return torch.from_numpy(np.ascontiguousarray(made))
