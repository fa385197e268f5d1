"""Arrays in an .npz archive: images, signals or volumes with their labels.

>>> channels_first(np.zeros((5, 28, 28)), None).shape, channels_first(np.zeros((5, 32, 32, 3)), None).shape
((5, 1, 28, 28), (5, 3, 32, 32))
"""

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from striate.errors import InputError

from .dataset import Dataset, Split, carve

KEYS = (("x_train", "y_train"), ("images", "labels"), ("x", "y"))
TEST_KEYS = ("x_test", "y_test")
TEST_SHARE = 0.15
CHANNELS = (1, 3, 4)  # a last axis of this length is channels

# What numpy and zipfile raise at a file that is damaged, encrypted, or no archive.
DAMAGE = (OSError, ValueError, EOFError, KeyError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)

Array = NDArray[Any]


def load(
    path: Path, source: str, *, shape: Sequence[int | None] | None, hold_out: bool, known: Sequence[str] = ()
) -> Dataset:
    """Reads the archive at `path`; see `striate.data.load`."""
    arrays = _read(path)
    pairs = _pairs(arrays, path)
    images = _as_pixels([_images(arrays[x], f"{path}: {x}", shape) for x, _ in pairs])
    labels, classes = _labels([arrays[y] for _, y in pairs], [f"{path}: {y}" for _, y in pairs], known)
    for (x_key, y_key), x, y in zip(pairs, images, labels, strict=True):
        if len(x) != len(y):
            raise InputError(f"{path}: {x_key} has {len(x)} rows and {y_key} {len(y)}; give each image one label")
        if x.shape[1:] != images[0].shape[1:]:
            raise InputError(
                f"{path}: {x_key} is {x.shape[1:]} an image, the training images are {images[0].shape[1:]}"
            )
    splits = [Split(torch.from_numpy(x), torch.from_numpy(y)) for x, y in zip(images, labels, strict=True)]
    form = "x".join(map(str, images[0].shape[1:]))
    notes = [f"{sum(map(len, labels)):,} arrays of {len(classes)} classes, {form} {images[0].dtype}"]
    if len(splits) == 1 and hold_out:
        splits = list(carve(splits[0], TEST_SHARE, seed=0))
        notes.append(
            f"held out {len(splits[1])} arrays as test, about {TEST_SHARE:.0%} of each class (always the same)"
        )
    elif len(splits) == 1:
        splits *= 2
        notes.append("all arrays are both training and test set")
    said = tuple(f"{path.stem}: {note}" for note in notes)
    return Dataset(path.stem, source, splits[0], splits[1], classes, said)


def channels_first(array: Array, shape: Sequence[int | None] | None) -> Array:
    """`array` (N, …) with its axes as (N, C, *spatial).

    The network's `shape`, when known, says whether there is an axis of channels. Otherwise (N, H, W) and
    (N, H, W, C) with C of 1, 3 or 4 are told from (N, C, L) and (N, C, H, W) by where the short axis is.
    """
    axes = array.shape[1:]
    if shape is not None and len(shape) == array.ndim:
        return array[:, None]
    if array.ndim == 4 and axes[2] in CHANNELS and axes[0] not in CHANNELS:
        return np.ascontiguousarray(np.moveaxis(array, -1, 1))
    if array.ndim == 3 and shape is None and axes[0] not in CHANNELS:
        return array[:, None]
    return array


def _read(path: Path) -> dict[str, Array]:
    """The arrays under the keys that are looked for."""
    wanted = {key for pair in (*KEYS, TEST_KEYS) for key in pair}
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("a single array")
        with archive:
            arrays = {key: archive[key] for key in archive.files if key in wanted}
            others = [key for key in archive.files if key not in wanted]
    except DAMAGE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{path} is no archive of plain arrays ({reason}); write it with numpy.savez") from error
    if not any(set(pair) <= set(arrays) for pair in KEYS):
        rule = " or ".join(f"{x} and {y}" for x, y in KEYS)
        raise InputError(f"{path} must hold {rule}; it holds {', '.join([*arrays, *others]) or 'nothing'}")
    return arrays


def _pairs(arrays: dict[str, Array], path: Path) -> list[tuple[str, str]]:
    """The keys of the training and, if there is one, the test pair."""
    pairs = [next(pair for pair in KEYS if set(pair) <= set(arrays))]
    present = [key for key in TEST_KEYS if key in arrays]
    if len(present) == 1:
        raise InputError(f"{path} holds {present[0]} alone; a test set is x_test and y_test")
    return pairs + ([TEST_KEYS] if present else [])


def _images(array: Array, name: str, shape: Sequence[int | None] | None) -> Array:
    """Finite numbers with an axis of channels, as float32 or as they were."""
    if array.dtype.kind not in "buif":
        raise InputError(f"{name} holds {array.dtype}; images are uint8, other whole numbers, or floats")
    if array.dtype.kind == "b":
        array = array * np.uint8(255)
    array = channels_first(array, shape)
    if not 3 <= array.ndim <= 5:
        raise InputError(f"{name} has {array.ndim} axes; images are (N, H, W) or (N, C, …) with one to three more")
    if 0 in array.shape:
        raise InputError(f"{name} is empty: {'x'.join(map(str, array.shape))}")
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what is too large is refused below
            array = array.astype(np.float32, copy=False)
        finite = np.isfinite(array)
        if not finite.all():
            first = tuple(map(int, np.unravel_index(np.argmin(finite), array.shape)))
            raise InputError(f"{name} holds {array[first]} at {list(first)}; every value must be a finite number")
    return array


def _as_pixels(images: list[Array]) -> list[Array]:
    """uint8 where all values are whole numbers 0..255 (and not only 0 and 1), else float32."""
    if all(x.dtype == np.uint8 for x in images):
        return images
    high = max(x.max() for x in images)
    if 1 < high <= 255 and all(x.min() >= 0 and (x.dtype.kind != "f" or (x == np.rint(x)).all()) for x in images):
        return [x.astype(np.uint8) for x in images]
    return [x.astype(np.float32) for x in images]


def _labels(
    arrays: list[Array], names: list[str], known: Sequence[str]
) -> tuple[list[NDArray[np.int64]], tuple[str, ...]]:
    """Labels 0..K-1 and the names of the classes, which are those of the first array in order."""
    flat = [_flat(array, name) for array, name in zip(arrays, names, strict=True)]
    values = np.unique(flat[0])
    if len(values) < 2 and str(values[0]) not in known:
        raise InputError(f"{names[0]} has only one class, '{values[0]}'; give images of at least two")
    for labels, name in zip(flat, names, strict=True):
        if len(unknown := np.setdiff1d(labels, values)):
            raise InputError(f"{name} has the label '{unknown[0]}', which {names[0]} has not")
    return [np.searchsorted(values, labels).astype(np.int64) for labels in flat], tuple(map(str, values))


def _flat(array: Array, name: str) -> Array:
    """(N,) whole numbers or strings."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InputError(f"{name} has the shape {array.shape}; labels are (N,), one number or name for each image")
    if array.dtype.kind == "f" and (np.isfinite(array) & (array == np.rint(array))).all():
        array = array.astype(np.int64)
    if array.dtype.kind not in "buiUS":
        raise InputError(f"{name} holds {array.dtype} values; labels are whole numbers or strings")
    return np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array
