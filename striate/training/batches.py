"""Examples in memory, sliced by index: no worker processes, no per-image Python.

>>> images = Batches(torch.arange(6.0).reshape(3, 2), torch.tensor([0, 1, 0]))
>>> images.take(torch.tensor([2, 0]))[0].tolist()
[[4.0, 5.0], [0.0, 1.0]]
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from striate.data.recipe import AT_ONCE
from striate.training.augment import Augment, Drawn
from striate.training.draws import generator

PREPARED_BYTES = 2**31  # sets up to this size are prepared once; larger ones batch by batch


@dataclass(frozen=True, eq=False)
class Batches:
    """Images and labels, ready to be taken by index.

    Attributes:
        images: (N, C, …), the network's input, or what `prepare` makes into it.
        labels: (N,) int64.
        prepare: Applied to each batch; None when the images are ready.
        device: Where the batches go.
        augment: Draws anew for each epoch how the images that `take` gives are changed.
        drawn: The changes drawn for this epoch; `take` applies them, on the device.
    """

    images: Tensor
    labels: Tensor
    prepare: Callable[[Tensor], Tensor] | None = None
    device: torch.device | str = "cpu"
    augment: Augment | None = None
    drawn: Drawn | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def in_epoch(self, seed: int, epoch: int) -> Batches:
        """The same images as this epoch changes them."""
        if not self.augment:
            return self
        return dataclasses.replace(self, drawn=self.augment.drawn(len(self), generator(seed, "augment", epoch)))

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The images and labels at these positions, on the device."""
        images = self._ready(self.images[rows])
        return (self.drawn(images, rows) if self.drawn else images), self.labels[rows].to(self.device)

    def slices(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """All of them in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self._ready(self.images[start : start + size]), self.labels[start : start + size].to(self.device)

    def _ready(self, images: Tensor) -> Tensor:
        return (self.prepare(images) if self.prepare else images).to(self.device)


def prepared(
    images: Tensor,
    labels: Tensor,
    prepare: Callable[[Tensor], Tensor],
    shape: tuple[int, ...],
    device: torch.device | str = "cpu",
) -> Batches:
    """Batches of images that are prepared once and for all where memory allows, else as they are taken.

    Args:
        images: (N, C, …) as the data set has them.
        labels: (N,).
        prepare: Makes float32 (N, *shape) of them.
        shape: What the network reads.
        device: Where the batches go; a prepared set is stored there whole.
    """
    size = 4 * len(images) * torch.Size(shape).numel()
    if size > PREPARED_BYTES:
        return Batches(images, labels, prepare, device)
    ready = torch.empty(len(images), *shape)
    few = max(1, AT_ONCE // torch.Size(shape).numel())
    for part, place in zip(torch.split(images, few), torch.split(ready, few), strict=True):
        place.copy_(prepare(part))
    return Batches(ready.to(device), labels.to(device), None, device)


def shuffled(count: int, size: int, seed: int, epoch: int) -> list[Tensor]:
    """The positions 0 … count - 1 in an order drawn for this epoch, in batches of `size`.

    A last batch of one image joins the one before it: batch norm needs two.

    >>> [len(rows) for rows in shuffled(9, 4, seed=0, epoch=1)]
    [4, 5]
    """
    order = torch.randperm(count, generator=generator(seed, "order", epoch))
    batches = list(torch.split(order, size))
    if len(batches) > 1 and len(batches[-1]) == 1 < size:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def num_batches(count: int, size: int) -> int:
    """How many batches `shuffled` makes.

    >>> num_batches(9, 4), num_batches(10, 4), num_batches(1, 4)
    (2, 3, 1)
    """
    return max(1, -(-count // size) - (size > 1 and count % size == 1))
