"""Samples above the training pictures that are nearest to them: what was learned by heart shows here."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from striate.report.generated import grid
from striate.runs.run import Run
from striate.sampling.samples import Samples, task_of
from striate.tasks.nearest import in_parts, nearest
from striate.tasks.pictures import IMAGE

ACROSS = 16  # pairs in a row


def beside_nearest(run: Run, samples: Samples) -> tuple[NDArray[np.uint8], list[float]]:
    """Each sample above the nearest training picture, as one picture, and how far they are apart.

    Raises:
        InputError: The run's data are not where they were.
    """
    task = task_of(run)
    _, opened, _ = run.judged_on(None, "skip")
    near = nearest(torch.from_numpy(samples.pictures), in_parts(opened.train, IMAGE))
    pairs = np.stack([samples.pictures, near.pictures.numpy()], 1)
    wide = max(1, min(len(samples), ACROSS))
    rows = [pairs[first : first + wide].swapaxes(0, 1) for first in range(0, len(pairs), wide)]
    blank = np.zeros((1, *task.shape), np.uint8)
    full = [np.concatenate([row, np.repeat(blank, wide - row.shape[1], 0)[None].repeat(2, 0)], 1) for row in rows]
    return grid(np.concatenate(full).reshape(-1, *task.shape), 2 * len(rows)), near.apart.tolist()
