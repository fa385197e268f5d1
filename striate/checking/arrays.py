"""A named set, an archive of arrays, or a data set made in Python."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import numpy as np
import torch

from striate.data.dataset import Dataset
from striate.data.duplicates import small_vectors
from striate.data.image import blank

from .found import Finding
from .survey import DIGEST, Survey


def surveyed(dataset: Dataset) -> Survey:
    """The examples of a set in memory."""
    where, labels, parts, images = list[str](), list[str](), list[str](), list[torch.Tensor]()
    for part, split in dataset.parts.items():
        assert isinstance(split.images, torch.Tensor)
        where += split.paths or (f"{part}[{row}]" for row in range(len(split)))
        labels += [_said(dataset, label) for label in split.labels]
        parts += [part] * len(split)
        images.append(split.images)
    pictures = all(some.dtype == torch.uint8 for some in images) and len(dataset.train.form) == 3
    digests = np.array([_digest(image) for some in images for image in some], DIGEST)
    starts = np.cumsum([0, *map(len, images)])

    def picture(row: int) -> torch.Tensor:
        part = int(np.searchsorted(starts, row, "right")) - 1
        return images[part][row - int(starts[part])]

    small = np.concatenate([small_vectors(some) for some in images]) if pictures else None
    survey = Survey(dataset.name, where, labels, parts, digests, small, picture if pictures else None)
    if pictures:
        flat = np.concatenate([blank(some.numpy()) for some in images])
        survey.findings.extend(Finding("blank", where[row]) for row in np.flatnonzero(flat).tolist())
    return survey


def _said(dataset: Dataset, label: torch.Tensor) -> str:
    """The class of an example, or its labels."""
    if label.ndim:
        return ", ".join(dataset.classes[place] for place in label.nonzero()[:, 0].tolist())
    return dataset.classes[int(label)]


def _digest(image: torch.Tensor) -> bytes:
    values: Any = image.contiguous().numpy()
    return sha256(values.tobytes()).digest()[:16]
