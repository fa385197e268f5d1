"""The labelled pixels of an image of many bands as examples for a classifier: a spectrum each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.errors import InputError

from ..dataset import Dataset, Split
from .reading import read
from .splitting import SIDE, TEST, TRAIN, USUAL, VALIDATION, near_both, parted

if TYPE_CHECKING:
    from .reading import Cube


def spectra(source: str | Path, split: str = USUAL, side: int = SIDE) -> Dataset:
    """The spectra of an image's labelled pixels, divided as for a network.

    Args:
        source: A folder or a file, as `reading.read` takes it.
        split: As for `striate.train`.
        side: Pixels of a side of what the network reads, which a disjoint split keeps clear of.

    Raises:
        InputError: There is no such image, or it has no classes.
    """
    place = Path(source)
    if not place.exists():
        raise InputError(f"no file or folder '{source}'")
    cube = read(place)
    if cube.labels is None:
        raise InputError(f"'{place}' holds no classes: an array of two axes as large as the image, 0 for none")
    parts = parted(cube.labels, split, side // 2)
    train, validation, test = (_part(cube, parts == part) for part in (TRAIN, VALIDATION, TEST))
    held = validation if len(validation) else None
    name = place.resolve().name
    notes = (*cube.notes, *(f"{name}: {note}" for note in near_both(cube.labels, parts)))
    return Dataset(name, str(source), train, test, cube.names, notes, validation=held)


def _part(cube: Cube, chosen: Any) -> Split:
    """The spectra (N, bands, 1, 1) of some pixels."""
    import torch

    assert cube.labels is not None
    rows = np.argwhere(chosen)
    values = torch.from_numpy(cube.values[chosen])[:, :, None, None]
    labels = torch.from_numpy(cube.labels[chosen] - 1)
    return Split(values, labels, tuple(f"{cube.path}[{row},{column}]" for row, column in rows.tolist()))
