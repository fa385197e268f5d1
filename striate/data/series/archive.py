"""Series in an .npz archive: `x` (N, channels, length), `y`, and maybe `len` and `side`; or x_train, y_test, and so on.

>>> roles_of(["x_train", "y_train", "len_test"])
{'train': {'x': 'x_train', 'y': 'y_train'}, 'test': {'len': 'len_test'}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from striate.data.arrays import DAMAGE
from striate.data.parts import Part, part_of
from striate.errors import InputError, why_damaged

from .found import Row

SUFFIX = ".npz"
ROLES = {
    "x": ("x", "series", "signals", "data"),
    "y": ("y", "label", "labels", "classes", "target"),
    "len": ("len", "length", "lengths"),
    "side": ("side",),
}


def roles_of(keys: Sequence[str]) -> dict[Part, dict[str, str]]:
    """The keys of each part, by what they hold."""
    found: dict[Part, dict[str, str]] = {}
    for key in keys:
        part, rest = part_of(key) or ("train", key.lower())
        role = next((role for role, names in ROLES.items() if rest in names), None)
        if role:
            found.setdefault(part, {})[role] = key
    return found


def read_archive(path: Path) -> dict[Part, list[Row]]:
    """The series of each part.

    Raises:
        InputError: It is damaged, or its arrays are no series with classes.
    """
    try:
        with np.load(path, allow_pickle=False) as opened:
            held = {key: opened[key] for key in opened.files}
    except DAMAGE as error:
        raise InputError(f"'{path}' can't be read: {why_damaged(error)}") from None
    roles = {part: keys for part, keys in roles_of([*held]).items() if "x" in keys}
    if not roles:
        raise InputError(f"'{path}' has no series; it holds {', '.join(held) or 'nothing'}; call them x, or x_train")
    return {part: _rows(held, keys, path) for part, keys in roles.items()}


def series_in(values: NDArray[np.generic], where: str) -> NDArray[np.floating]:
    """An array as (N, channels, length).

    Raises:
        InputError: It holds no numbers, or has other axes.
    """
    if values.dtype.kind not in "fiub":
        raise InputError(f"{where} holds no numbers, but {values.dtype}")
    if values.ndim not in (2, 3) or 0 in values.shape:
        raise InputError(f"{where} must be (series, length) or (series, channels, length). Received: {values.shape}")
    made: NDArray[np.floating] = values.astype(np.float32 if values.dtype.itemsize < 8 else np.float64)
    return made[:, None] if made.ndim == 2 else made


def _rows(held: Mapping[str, NDArray[np.generic]], keys: Mapping[str, str], path: Path) -> list[Row]:
    values = series_in(held[keys["x"]], f"{keys['x']} of '{path}'")
    for key in keys.values():
        if not held[key].ndim:
            raise InputError(f"'{path}' has {len(values):,} {keys['x']} and one {key}; give one for each")
        if len(held[key]) != len(values):
            raise InputError(f"'{path}' has {len(values):,} {keys['x']} and {len(held[key]):,} {key}")
    none = [None] * len(values)
    labels = _labels(held[keys["y"]], f"{keys['y']} of '{path}'") if "y" in keys else none
    ends = _ends(held[keys["len"]], f"{keys['len']} of '{path}'", values.shape[2]) if "len" in keys else none
    side = _side(held[keys["side"]], f"{keys['side']} of '{path}'") if "side" in keys else none
    return [
        Row(one[:, :end], f"{path.name}[{keys['x']} {number}]", label, beside)
        for number, (one, end, label, beside) in enumerate(zip(values, ends, labels, side, strict=True))
    ]


def _labels(values: NDArray[np.generic], where: str) -> list[str]:
    """A class of each; 1.0 is 1, as it may be whole numbers to train and floats to test."""
    listed = _one_each(values, where, "a class").tolist()
    return [str(int(one)) if isinstance(one, float) and one.is_integer() else str(one) for one in listed]


def _ends(values: NDArray[np.generic], where: str, longest: int) -> list[int]:
    ends = _one_each(values, where, "a length")
    if ends.dtype.kind not in "iuf" or not all(0 <= end <= longest and end == int(end) for end in ends.tolist()):
        raise InputError(f"{where} must be whole numbers from 0 to {longest:,}, the length of the rows")
    return [int(end) for end in ends.tolist()]


def _side(values: NDArray[np.generic], where: str) -> NDArray[np.float64]:
    if values.dtype.kind not in "fiub":
        raise InputError(f"{where} holds no numbers, but {values.dtype}")
    return values.reshape(len(values), -1).astype(np.float64)


def _one_each(values: NDArray[np.generic], where: str, what: str) -> NDArray[np.generic]:
    """(N,) of (N,) or (N, 1)."""
    if values.size != len(values):
        raise InputError(f"{where} must be {what} for each series, (series,). Received: {values.shape}")
    return values.reshape(-1)
