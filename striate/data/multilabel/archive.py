"""An archive whose labels are rows of 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from striate.data import arrays
from striate.data.dataset import Split
from striate.errors import InputError

from .found import LabelRows, NotMultilabelError, counts_said

RULE = "labels are (N, K), 1 where one is there and 0 where not"


def load(path: Path, source: str, *, named: bool, shape: Sequence[int | None] | None) -> LabelRows | None:
    """Reads the archive at `path`, see `striate.data.multilabel.load`; None for one of another task, unless `named`.

    Raises:
        NotMultilabelError: It holds other labels.
        InputError: It is no archive of images.
    """
    targets = arrays.training_targets(path)
    if not named and (targets is None or not _are_rows(targets) or (targets.sum(1) == 1).all()):
        return None
    held = arrays.read(path, shape)
    width = held.targets["train"].shape[-1] if held.targets["train"].ndim else 0
    for (_, y), values in zip(held.names.values(), held.targets.values(), strict=True):
        if not _are_rows(values):
            raise NotMultilabelError(f"{y} holds {values.dtype} of the shape {values.shape}; {RULE}")
        if values.shape[1] != width:
            raise InputError(f"{y} has {values.shape[1]} labels an image, and the training images {width}")
    parts = {
        part: Split(torch.from_numpy(images), torch.from_numpy(held.targets[part].astype(np.uint8)))
        for part, images in held.images.items()
    }
    labels = tuple(map(str, range(width)))
    first = f"{sum(map(len, parts.values())):,} arrays with any of {width} labels, {held.form}"
    lines = (first, counts_said(parts, labels), *held.notes, *held.doubts)
    return LabelRows(path.stem, source, parts, labels, tuple(f"{path.stem}: {line}" for line in lines))


def _are_rows(values: NDArray[Any]) -> bool:
    """Whether they are (N, K) of 0 and 1."""
    shaped = values.ndim == 2 and values.shape[1] > 1 and values.dtype.kind in "buif"
    return shaped and bool(np.isin(values, (0, 1)).all())
