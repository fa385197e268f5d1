"""Batches made by a thread of their own while an engine computes, a few ahead of it.

>>> from striate.training.pool import Pool
>>> pool = Pool({"x": torch.arange(6.0).reshape(3, 2)}, {"y": torch.tensor([0, 1, 0])})
>>> [batch.targets["y"].tolist() for batch in made_ahead(pool.in_order(2))]
[[0, 1], [0]]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from striate.training.feed import Batch

AHEAD = 4  # batches


@dataclass(frozen=True)
class Ready:
    """A batch whose tensors are made."""

    inputs: Mapping[str, Tensor]
    targets: Mapping[str, Tensor]

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))


def made_ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches in the same order, with their tensors made before they are asked for."""
    with ThreadPoolExecutor(1) as maker:
        coming: deque[Future[Ready]] = deque()
        try:
            for batch in batches:
                coming.append(maker.submit(_made, batch))
                if len(coming) > AHEAD:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            for one in coming:
                one.cancel()


def _made(batch: Batch) -> Ready:
    with torch.inference_mode(False):
        return Ready(dict(batch.inputs), dict(batch.targets))
