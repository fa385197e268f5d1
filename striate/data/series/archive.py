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
from striate.errors import InputError

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
        raise InputError(f"'{path}' can't be read: {(str(error) or type(error).__name__).splitlines()[0]}") from None
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
        if len(held[key]) != len(values):
            raise InputError(f"'{path}' has {len(values):,} {keys['x']} and {len(held[key]):,} {key}")
    labels = [str(one) for one in held[keys["y"]].ravel().tolist()] if "y" in keys else [None] * len(values)
    side = held[keys["side"]].reshape(len(values), -1).astype(np.float64) if "side" in keys else [None] * len(values)
    ends = held[keys["len"]].astype(int) if "len" in keys else [None] * len(values)
    return [
        Row(one[:, :end], f"{path.name}[{keys['x']} {number}]", label, beside)
        for number, (one, end, label, beside) in enumerate(zip(values, ends, labels, side, strict=True))
    ]
