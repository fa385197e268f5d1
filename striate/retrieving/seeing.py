"""Image files, some at a time, with their features: read on all cores, those that can't be read told and left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from pathlib import Path

import numpy as np
import torch

from striate.data.workers import Workers
from striate.retrieving.features import Features, Vectors

BATCH = 64  # images that go through the network together
READ, BYTES = 2048, 2**27  # images that are read together, and the most bytes of them


def seen(
    features: Features, paths: Sequence[Path], tell: Callable[[Path, str], None]
) -> Iterator[tuple[list[Path], Vectors]]:
    """Files that can be read, in order, and their features (N, D).

    Args:
        features: What looks at them.
        paths: The files.
        tell: Is given a file that can't be read, and why.
    """
    few = max(BATCH, min(READ, BYTES // prod(features.recipe.source)))
    with Workers(len(paths)) as workers:
        for start in range(0, len(paths), few):
            part, read = paths[start : start + few], list[tuple[Path, np.ndarray]]()
            for path, (pixels, why) in zip(part, workers.each(features.read, part), strict=True):
                read += [(path, pixels)] if why is None else []
                if why is not None:
                    tell(path, why)
            for first in range(0, len(read), BATCH):
                some = read[first : first + BATCH]
                images = torch.from_numpy(np.stack([pixels for _, pixels in some]))
                yield [path for path, _ in some], features.of(images)
