"""Where the batches of a training come from, and the order of its examples.

A feed gives the batches of an epoch from any of them on, and is a function of its arguments alone: the same seed and
epoch give the same batches, whoever reads them.

>>> [len(rows) for rows in shuffled(9, 4, seed=0, epoch=1)]
[4, 5]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from striate.augmentation.balance import balanced
from striate.draws import generator
from striate.training.fields import Fields


class Batch(Protocol):
    """Some examples, on the device on which the engine computes."""

    def __len__(self) -> int:
        """How many they are."""

    @property
    def inputs(self) -> Fields:
        """What the network reads, by the names of its inputs and in their order, (N, …) each."""

    @property
    def targets(self) -> Fields:
        """What its outputs are compared with."""


class Feed(Protocol):
    """Batches of the same examples again and again."""

    def __len__(self) -> int:
        """How many examples there are."""

    @property
    def entries(self) -> int:
        """How many numbers the network reads of one example."""

    def epoch(self, seed: int, number: int, size: int, begin: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, shuffled and changed as this epoch changes them.

        Args:
            seed: The training's.
            number: The epoch's, from 1.
            size: Examples in a batch.
            begin: How many batches are left out at its beginning, because they are done; nothing of them is read.
        """

    def in_order(self, size: int) -> Iterator[Batch]:
        """All examples in their order, unchanged, up to `size` at a time."""


@dataclass(frozen=True)
class Part:
    """Which part of every batch is read here, where several processes have one each.

    Attributes:
        number: From 0.
        count: How many parts there are, of equal length up to one.
    """

    number: int = 0
    count: int = 1

    def of(self, rows: Tensor) -> Tensor:
        """This part of the positions of a batch.

        >>> [Part(number, 2).of(torch.arange(5)).tolist() for number in range(2)]
        [[0, 1, 2], [3, 4]]
        """
        return torch.tensor_split(rows, self.count)[self.number] if self.count > 1 else rows


WHOLE = Part()


def shuffled(count: int, size: int, seed: int, epoch: int, groups: Tensor | None = None) -> list[Tensor]:
    """The positions 0 … count - 1 in an order drawn for this epoch, in batches of `size`.

    A last batch of one example joins the one before it: batch norm needs two.

    Args:
        count: Examples.
        size: Of a batch.
        seed: The training's.
        epoch: Its number.
        groups: The group of each example, (count,), where each group is to be drawn equally often.
    """
    drawing = generator(seed, "order", epoch)
    order = torch.randperm(count, generator=drawing) if groups is None else balanced(groups, drawing)
    batches = list(torch.split(order, size))
    if len(batches) > 1 and len(batches[-1]) == 1 < size:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def choices_of(batches: Sequence[Tensor], repeated: bool) -> Sequence[Tensor]:
    """Which of an epoch's choices each example of the batches takes: that of its position in the set.

    Where examples come more than once in an epoch, it is that of its place in the epoch, or each copy would be changed
    in the same way.
    """
    sizes = [len(rows) for rows in batches]
    return torch.split(torch.arange(sum(sizes)), sizes) if repeated else batches


def num_batches(count: int, size: int) -> int:
    """How many batches `shuffled` makes.

    >>> num_batches(9, 4), num_batches(10, 4), num_batches(1, 4)
    (2, 3, 1)
    """
    return max(1, -(-count // size) - (size > 1 and count % size == 1))
