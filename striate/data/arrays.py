"""Arrays in an .npz archive: images, signals or volumes with their labels.

>>> channels_first(np.zeros((5, 28, 28)), None).shape, channels_first(np.zeros((5, 32, 32, 3)), None).shape
((5, 1, 28, 28), (5, 3, 32, 32))
"""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from striate.errors import InputError, why_damaged

from .classes import counted
from .dataset import ALL, TEST_SHARE, Dataset, Split, carve
from .parts import PARTS, Part, part_of
from .scales import scales

# What images and their labels are called, beside the part: `x_train` and `y_train`, `test_images` and `test_labels`.
STYLES = (("x", "y"), ("images", "labels"), ("image", "label"), ("data", "labels"), ("data", "target"))
WORDS = {word for style in STYLES for word in style}
RULE = "x_train and y_train or images and labels or x and y"
CHANNELS = (1, 3, 4)  # a last axis of this length is channels
ROWS = "; of rows of 0 and 1 give the position of each 1, or say `task='multilabel'`"

# What numpy and zipfile raise for a file that is damaged, encrypted, or no archive.
DAMAGE = (OSError, ValueError, EOFError, KeyError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)

Array = NDArray[Any]
Turn = Literal["as is", "added", "moved"]


@dataclass(frozen=True)
class Archive:
    """What an archive holds, by part; the training part is first.

    Attributes:
        images: (N, C, *spatial), uint8 or float32.
        targets: (N, …), as they are stored.
        names: The files and keys of both.
        notes: What was decided about them.
        doubts: Values of another scale, and keys that are not used.
    """

    images: Mapping[Part, Array]
    targets: Mapping[Part, Array]
    names: Mapping[Part, tuple[str, str]]
    notes: tuple[str, ...]
    doubts: tuple[str, ...]

    @property
    def form(self) -> str:
        """Shape and type of an image."""
        images = self.images["train"]
        return f"{'x'.join(map(str, images.shape[1:]))} {images.dtype}"


def load(
    path: Path, source: str, *, shape: Sequence[int | None] | None, hold_out: bool, known: Sequence[str] = ()
) -> Dataset:
    """Reads the archive at `path`; see `striate.data.load`."""
    held = read(path, shape)
    found, classes = _labels([*held.targets.values()], [y for _, y in held.names.values()], known)
    splits = {
        part: Split(torch.from_numpy(images), torch.from_numpy(labels))
        for (part, images), labels in zip(held.images.items(), found, strict=True)
    }
    counts = np.bincount(np.concatenate(found), minlength=len(classes)).tolist()
    notes = [f"{sum(counts):,} arrays of {len(classes)} classes, {held.form}", counted(classes, counts)]
    notes += [*held.notes, *_with_test(splits, hold_out), *held.doubts]
    said = tuple(f"{path.stem}: {note}" for note in notes)
    return Dataset(
        path.stem, source, splits["train"], splits["test"], classes, said, validation=splits.get("validation")
    )


def read(path: Path, shape: Sequence[int | None] | None) -> Archive:
    """The images of the archive at `path`, as (N, C, *spatial), and what stands beside each.

    Raises:
        InputError: It is no archive of images with targets.
    """
    pairs, arrays, unused = _read(path)
    names = {part: (f"{path}: {x}", f"{path}: {y}") for part, (x, y) in pairs.items()}
    turn = _turn(arrays[pairs["train"][0]].shape[1:], shape)
    raw = [_images(arrays[pairs[part][0]], names[part][0], turn) for part in pairs]
    said = scales(dict(zip((x for x, _ in names.values()), raw, strict=True)))
    images = dict(zip(pairs, as_pixels(raw), strict=True))
    targets = {part: arrays[y] for part, (_, y) in pairs.items()}
    for part, pair in pairs.items():
        _check(path, pair, images[part], targets[part], images["train"].shape[1:])
    notes = ["the last axis is channels: it is moved to the front"] if turn == "moved" else []
    notes += [f"the {part} set is {x} and {y}" for part, (x, y) in pairs.items() if part != "train"]
    return Archive(
        images,
        targets,
        names,
        tuple(notes),
        (*said, *([f"not used: {', '.join(unused)}"] if unused else [])),
    )


def training_targets(path: Path) -> Array | None:
    """What stands beside the training images of an archive, without reading these; None where it is no such archive."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            found: Array = archive[_pairs(archive.files, path)["train"][1]]
            return found
    except (InputError, AttributeError, TypeError, *DAMAGE):  # the task that reads it in the end says what is wrong
        return None


def _check(path: Path, pair: tuple[str, str], images: Array, labels: Array, form: tuple[int, ...]) -> None:
    """Raises an InputError unless each image has a label and all images have the shape `form`."""
    x, y = pair
    rows = len(labels) if labels.ndim else 0
    if len(images) != rows:
        raise InputError(f"{path}: {x} has {len(images)} rows and {y} {rows}; give each image one label")
    if images.shape[1:] != form:
        raise InputError(f"{path}: {x} is {images.shape[1:]} per image, the training images are {form}")


def channels_first(array: Array, shape: Sequence[int | None] | None) -> Array:
    """`array` (N, …) with its axes as (N, C, *spatial).

    What fits the network's `shape` stays as it is. Otherwise an axis of channels is added in front, or the last one is
    moved there, where that fits. Without a shape, or where nothing fits exactly, (N, H, W) and (N, H, W, C) with C of
    1, 3 or 4 are distinguished from (N, C, L) and (N, C, H, W) by the position of the short axis.
    """
    return _turned(array, _turn(array.shape[1:], shape))


def _turned(array: Array, turn: Turn) -> Array:
    if turn == "added":
        return array[:, None]
    return np.ascontiguousarray(np.moveaxis(array, -1, 1)) if turn == "moved" else array


def _turn(axes: tuple[int, ...], shape: Sequence[int | None] | None) -> Turn:
    """What to do to arrays with these `axes`, for a network that reads `shape`."""
    forms: dict[Turn, tuple[int, ...]] = {"as is": axes, "added": (1, *axes), "moved": (*axes[-1:], *axes[:-1])}
    if shape is not None and shape[0] is not None:
        for turn, form in forms.items():
            if len(form) == len(shape) and all(want in (None, have) for want, have in zip(shape, form, strict=True)):
                return turn
        if len(shape) == len(axes) + 1:
            return "added"
        if len(shape) == len(axes) == 3 and shape[0] in (axes[0], axes[-1]):
            return "as is" if shape[0] == axes[0] else "moved"
    if len(axes) == 3 and axes[2] in CHANNELS and axes[0] not in CHANNELS:
        return "moved"
    return "added" if len(axes) == 2 and shape is None and axes[0] not in CHANNELS else "as is"


def _read(path: Path) -> tuple[dict[Part, tuple[str, str]], dict[str, Array], list[str]]:
    """The keys of images and labels by part, training first; the arrays under them; and the keys that are left."""
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("a single array")
        with archive:
            pairs = _pairs(archive.files, path)
            used = [key for pair in pairs.values() for key in pair]
            return pairs, {key: archive[key] for key in used}, [key for key in archive.files if key not in used]
    except InputError:
        raise
    except DAMAGE as error:
        why = why_damaged(error)
        raise InputError(f"{path} is no archive of plain arrays ({why}); write it with numpy.savez") from error


def _pairs(keys: Sequence[str], path: Path) -> dict[Part, tuple[str, str]]:
    """The keys of images and labels by part, training first; keys that name no part are for training."""
    called: dict[str, dict[str, str]] = {}
    for key in keys:
        part, word = part_of(key) or ("", key.lower())
        called.setdefault(part, {}).setdefault(word, key)
    pairs: dict[Part, tuple[str, str]] = {}
    for part in PARTS:
        found = called.get(part, {})
        pair = _pair(found) or (_pair(called.get("", {})) if part == "train" else None)
        alone = [key for word, key in found.items() if word in WORDS]
        if pair:
            pairs[part] = pair
        elif part == "train":
            raise InputError(f"{path} must hold {RULE}; it holds {', '.join(keys) or 'nothing'}")
        elif alone:
            raise InputError(f"{path} holds {alone[0]} alone; a {part} set is images and labels: x_{part} and y_{part}")
    return pairs


def _pair(called: Mapping[str, str]) -> tuple[str, str] | None:
    return next(((called[x], called[y]) for x, y in STYLES if x in called and y in called), None)


def _with_test(splits: dict[Part, Split], hold_out: bool) -> list[str]:
    """Makes a test set where the archive has none, and says how."""
    if "test" in splits:
        return []
    if not hold_out:
        splits["test"] = splits.get("validation", splits["train"])
        return ["it has no test set, so its validation arrays are judged" if "validation" in splits else ALL]
    splits["train"], splits["test"] = carve(splits["train"], TEST_SHARE, seed=0)
    count = len(splits["test"])
    return [f"held out {count} arrays as test, about {TEST_SHARE:.0%} of each class (always the same)"]


def _images(array: Array, name: str, turn: Turn) -> Array:
    """The array with a channel axis, checked to be finite, as float32 or unchanged."""
    _check_kind(array, name)
    array = _turned(array, turn) if array.ndim > 1 else array
    if not 3 <= array.ndim <= 5:
        raise InputError(f"{name} has {array.ndim} axes; images are (N, H, W) or (N, C, …) with one to three more")
    if 0 in array.shape:
        raise InputError(f"{name} is empty: {'x'.join(map(str, array.shape))}")
    return numbers(array, name)


def arranged(array: Array, name: str, shape: Sequence[int | None] | None) -> Array:
    """Examples (N, …), of which rows of numbers are signals, as (N, C, *spatial) for a network that reads `shape`.

    Raises:
        InputError: They are no images, signals or volumes.
    """
    return _images(array, name, "added" if array.ndim == 2 else _turn(array.shape[1:], shape))


def numbers(array: Array, name: str) -> Array:
    """Whole numbers unchanged, floats as finite float32, and truth values as 0 and 255.

    Raises:
        InputError: The array, called `name`, holds something else.
    """
    _check_kind(array, name)
    if array.dtype.kind == "b":
        return array * np.uint8(255)
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):  # values too large for float32 are refused below
            array = array.astype(np.float32, copy=False)
        finite = np.isfinite(array)
        if not finite.all():
            first = tuple(map(int, np.unravel_index(np.argmin(finite), array.shape)))
            raise InputError(f"{name} holds {array[first]} at {list(first)}; every value must be a finite number")
    return array


def _check_kind(array: Array, name: str) -> None:
    if array.dtype.kind not in "buif":
        raise InputError(f"{name} holds {array.dtype}; images are uint8, other whole numbers, or floats")


def as_pixels(images: list[Array]) -> list[Array]:
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
            raise InputError(f"{name} has the label '{unknown[0]}', which {names[0]} lacks")
    return [np.searchsorted(values, labels).astype(np.int64) for labels in flat], tuple(map(str, values))


def _flat(array: Array, name: str) -> Array:
    """(N,) whole numbers or strings."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        rule = f"{name} has the shape {array.shape}; labels are (N,), one number or name for each image"
        rows = array.ndim == 2 and array.dtype.kind in "buif" and bool(np.isin(array, (0, 1)).all())
        raise InputError(rule + ROWS * rows)
    if array.dtype.kind == "f" and (np.isfinite(array) & (array == np.rint(array))).all():
        array = array.astype(np.int64)
    if array.dtype.kind not in "buiUS":
        raise InputError(f"{name} holds {array.dtype} values; labels are whole numbers or strings")
    return np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array
