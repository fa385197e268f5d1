"""An image of many bands, a spectrum at each pixel, with a class for some pixels: .npy or MATLAB's .mat.

Of a folder's files the array of three axes is the image, the one of two axes the classes, in which 0 is none.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError, WorkError, first_line, why_damaged

from ..files import counted
from ..sentences.decoding import NotTextError, decoded
from .matlab import arrays_of

SUFFIXES = (".npy", ".npz", ".mat")
MOST_CLASSES = 255
NAMES = "classes.txt"

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Cube:
    """An image of many bands.

    Attributes:
        path: Its file.
        values: (H, W, bands) float32.
        labels: (H, W): 0 where there is none, else a number of a class; None where nobody says.
        names: Of the classes, for 1 and on; empty where nobody names them.
        notes: What was decided, a sentence each.
    """

    path: Path
    values: NDArray[np.float32]
    labels: NDArray[np.int64] | None
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def bands(self) -> int:
        """How many."""
        return int(self.values.shape[2])


def is_cube(path: str | os.PathLike[str]) -> bool:
    """Whether a file may hold one, by its name.

    >>> is_cube("a/Indian_pines.mat"), is_cube("a.png")
    (True, False)
    """
    return os.fspath(path).lower().endswith(SUFFIXES)


def read(place: Path, labelled: bool = True) -> Cube:
    """The image of a folder, or of a file, with its classes.

    Args:
        place: The folder or file.
        labelled: Whether its classes are read, too; else arrays of two axes only show where the bands are.

    Raises:
        InputError: There is none, there are several, or the classes have another size.
    """
    arrays = dict(_arrays(place))
    images = {name: one for name, one in arrays.items() if one.ndim == 3 and min(one.shape) > 1}
    flat = {name: one for name, one in arrays.items() if one.ndim == 2 and min(one.shape) > 1}
    if len(images) != 1:
        found = ", ".join(map(str, images)) or "none"
        raise InputError(f"'{place}' must hold one array of three axes, the image of many bands; it holds {found}")
    ((name, image),) = images.items()
    path = place if place.is_file() else place / name.partition(":")[0]
    labels = _labels(place, flat, image.shape) if labelled else None
    values, notes = _bands_last(image, [one.shape for one in flat.values()], name)
    if not np.isfinite(values).all():
        first = [int(one) for one in np.unravel_index(int(np.argmin(np.isfinite(values))), values.shape)]
        raise InputError(f"'{path}' holds {values[tuple(first)]} at {first}; every value is a finite number")
    classes = _names(place, labels)
    height, width, bands = values.shape
    said = f"an image of {height}x{width} pixels and {bands} bands"
    return Cube(path, values, labels, classes, (said, *notes))


def _arrays(place: Path) -> Iterator[tuple[str, Array]]:
    """The arrays of a file, or of the files in a folder, by name."""
    if place.is_file():
        yield from _of_file(place)
        return
    for path in sorted(place.iterdir(), key=counted):
        if is_cube(path) and not path.name.startswith("."):
            for name, array in _of_file(path):
                yield (path.name if path.suffix.lower() == ".npy" else f"{path.name}:{name}"), array


def _of_file(path: Path) -> Iterator[tuple[str, Array]]:
    """What one file holds, by name.

    Raises:
        InputError: It is damaged.
    """
    try:
        found: Mapping[str, Any] = _opened(path)
    except WorkError:
        raise
    except NotImplementedError as error:
        raise InputError(
            f"'{path}' can't be read ({first_line(error)}); save it with MATLAB's -v7, or as .npy"
        ) from None
    except Exception as error:  # of a damaged file readers raise errors of many kinds
        raise InputError(f"'{path}' can't be read ({why_damaged(error)})") from None
    for name, array in found.items():
        if isinstance(array, np.ndarray) and array.dtype.kind in "buif":
            yield name, array


def _opened(path: Path) -> Mapping[str, Any]:
    end = path.suffix.lower()
    if end == ".mat":
        return arrays_of(path)
    with path.open("rb") as file:
        if end == ".npy":
            return {path.name: np.lib.format.read_array(file, allow_pickle=False)}
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}


def _labels(place: Path, flat: Mapping[str, Array], shape: tuple[int, ...]) -> NDArray[np.int64] | None:
    """The classes of the pixels; None where nothing has two axes.

    Raises:
        InputError: They have another size, or are no numbers of classes.
    """
    if not flat:
        return None
    fitting = {name: one for name, one in flat.items() if one.shape in (shape[:2], shape[1:])}
    if len(fitting) != 1:
        sizes = ", ".join(f"{name} {'x'.join(map(str, one.shape))}" for name, one in flat.items())
        size = "x".join(map(str, shape))
        raise InputError(
            f"the classes of an image's pixels are one array of its size; the image is {size}, and {sizes}"
        )
    ((name, labels),) = fitting.items()
    if labels.dtype.kind == "f" and not (labels == np.rint(labels)).all():
        raise InputError(f"{name} of '{place}' holds fractions, and a class is a whole number from 0")
    made = labels.astype(np.int64)
    if made.min() < 0 or made.max() > MOST_CLASSES or len(np.unique(made[made > 0])) < 2:
        raise InputError(
            f"{name} of '{place}' holds {made.min()} to {made.max()}; classes are 1 to {MOST_CLASSES}, two at least, "
            "and 0 is none"
        )
    return made


def _bands_last(image: Array, sizes: Sequence[tuple[int, ...]], name: str) -> tuple[NDArray[np.float32], list[str]]:
    """(H, W, bands), by the `sizes` of other arrays; where nothing tells, the bands are the last axis."""
    first = image.shape[1:] in sizes and image.shape[:2] not in sizes
    turned = np.moveaxis(image, 0, -1) if first else image
    notes = [f"the first axis of {name} is the bands"] if first else []
    return np.ascontiguousarray(turned, dtype=np.float32), notes


def _names(place: Path, labels: NDArray[np.int64] | None) -> tuple[str, ...]:
    """The names of the classes 1 and on, of `classes.txt`, a line each; their numbers where there is none."""
    if labels is None:
        return ()
    count = int(labels.max())
    path = (place if place.is_dir() else place.parent) / NAMES
    try:
        lines = decoded(path.read_bytes()).lines if path.is_file() else ()
    except NotTextError as error:
        raise InputError(f"cannot read '{path}': {error}; save it as UTF-8") from error
    except OSError as error:
        raise InputError(f"cannot read '{path}' ({error.strerror or error})") from error
    named = [line.strip() for line in lines if line.strip()]
    if twice := [name for name, often in Counter(named).items() if often > 1]:
        raise InputError(f"'{path}' names '{twice[0]}' twice; each class has a name of its own")
    if named and len(named) < count:
        raise InputError(f"'{path}' names {len(named)} classes, and there are pixels of class {count}")
    return tuple(named[:count]) if named else tuple(str(number) for number in range(1, count + 1))
