"""Examples in memory, sliced by index: no worker processes, no Python for each example.

>>> pool = Pool({"image": torch.arange(6.0).reshape(3, 2)}, {"label": torch.tensor([0, 1, 0])})
>>> [batch.targets["label"].tolist() for batch in pool.in_order(2)]
[[0, 1], [0]]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor

from striate.augmentation.augment import Augment
from striate.augmentation.coins import SEEDS
from striate.data.anew import Making
from striate.data.kinds import Kinds, Moved, moved
from striate.data.recipe import AT_ONCE
from striate.draws import generator
from striate.training.feed import WHOLE, Part, choices_of, shuffled
from striate.training.fields import Fields

PREPARED_BYTES = 2**31  # sets up to this size are prepared once; larger ones batch by batch
Prepare = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Pool:
    """All examples of a set.

    Attributes:
        inputs: What the network reads, by name, (N, …) each, or what `prepare` makes into it.
        targets: What its outputs are compared with.
        prepare: Applied to each batch, by the name of the input; those that are ready are not named.
        device: Where the batches go.
        kinds: What each field is, by name, where it can be moved.
        augment: Draws anew for each epoch how the examples are changed.
        groups: The group of each example, (N,), where an epoch draws each group equally often.
        part: Which part of the batches of an epoch is taken.
        made: Makes inputs and targets of these fields, anew in each epoch, where they are not as they are here.
        before: How many examples come before these, where these are a part of those that are judged.
    """

    inputs: Fields
    targets: Fields
    prepare: Mapping[str, Prepare] = field(default_factory=dict)
    device: torch.device | str = "cpu"
    kinds: Kinds = field(default_factory=dict)
    augment: Augment | None = None
    groups: Tensor | None = None
    part: Part = WHOLE
    made: Making | None = None
    before: int = 0

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    @property
    def entries(self) -> int:
        """How many numbers the network reads of one example."""
        return sum(values.numel() for values in Taken(self, slice(0, 1)).inputs.values())

    def epoch(self, seed: int, number: int, size: int, begin: int = 0) -> Iterator[Taken]:
        """The batches of an epoch."""
        drawn = self.augment.drawn(len(self), generator(seed, "augment", number), number) if self.augment else None
        order = shuffled(len(self), size, seed, number, self.groups)
        chosen = choices_of(order, self.groups is not None)
        seeds = seeds_of(len(self), seed, number) if self.made else None
        for rows, choices in zip(order[begin:], chosen[begin:], strict=True):
            yield Taken(self, self.part.of(rows), drawn, self.part.of(choices), seeds)

    def in_order(self, size: int) -> Iterator[Taken]:
        """All of them in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield Taken(self, slice(start, start + size))


@dataclass(frozen=True, eq=False)
class Taken:
    """A batch of a pool. Its tensors are made when somebody asks: the native engine reads the pool itself.

    Attributes:
        pool: Where the examples are.
        rows: Their positions.
        drawn: How they are moved.
        choices: Which of the epoch's choices each takes, (N,); needed where they are moved.
        seeds: The epoch's numbers for what is made of the examples; None where they are judged.
    """

    pool: Pool
    rows: Tensor | slice
    drawn: Moved | None = None
    choices: Tensor | None = None
    seeds: Tensor | None = None

    def __len__(self) -> int:
        return len(range(*self.rows.indices(len(self.pool)))) if isinstance(self.rows, slice) else len(self.rows)

    @property
    def inputs(self) -> Fields:
        """What the network reads."""
        return self._both[0] if self.pool.made else self._inputs

    @property
    def targets(self) -> Fields:
        """What its outputs are compared with."""
        return self._both[1] if self.pool.made else self._targets

    @property
    def _inputs(self) -> Fields:
        return {name: self._moved(name, self._prepared(name, values)) for name, values in self.pool.inputs.items()}

    @property
    def _targets(self) -> Fields:
        return {name: self._moved(name, self._there(values)) for name, values in self.pool.targets.items()}

    @cached_property
    def _both(self) -> tuple[Fields, Fields]:
        """What is made of the fields: once, for inputs and targets share what is drawn."""
        assert self.pool.made
        fields = {**self._inputs, **self._targets}
        if self.seeds is None:
            positions = self.pool.before + torch.arange(len(self.pool))[self.rows]
            return self.pool.made(fields, positions.to(self.pool.device), False)
        return self.pool.made(fields, self.seeds[self.choices].to(self.pool.device), True)

    def _there(self, values: Tensor) -> Tensor:
        return values[self.rows].to(self.pool.device)

    def _prepared(self, name: str, values: Tensor) -> Tensor:
        prepare = self.pool.prepare.get(name)
        return prepare(values[self.rows]).to(self.pool.device) if prepare else self._there(values)

    def _moved(self, name: str, values: Tensor) -> Tensor:
        if self.choices is None:
            return values
        return moved(self.pool.kinds, name, values, self.drawn, self.choices)


def seeds_of(count: int, seed: int, epoch: int) -> Tensor:
    """An epoch's number (count,) for each example, from which is drawn what is made of it."""
    return torch.randint(SEEDS, (count,), generator=generator(seed, "made", epoch))


def prepared(pool: Pool, shapes: Mapping[str, tuple[int, ...]]) -> Pool:
    """The pool with its inputs prepared once and for all where memory allows, else as they are taken.

    Args:
        pool: With what `prepare` has yet to be applied to.
        shapes: Of what `prepare` makes, without the first axis, by the input's name.
    """
    if set(pool.prepare) - set(shapes):
        return pool
    sizes = [4 * len(pool) * torch.Size(shape).numel() for shape in shapes.values()]
    if sum(sizes) > PREPARED_BYTES:
        return pool
    ready = {
        name: _made(values, pool.prepare[name], shapes[name]).to(pool.device) if name in pool.prepare else values
        for name, values in pool.inputs.items()
    }
    targets = {name: values.to(pool.device) for name, values in pool.targets.items()}
    return replace(pool, inputs=ready, targets=targets, prepare={})


def _made(values: Tensor, prepare: Prepare, shape: tuple[int, ...]) -> Tensor:
    """`prepare` of all of them, a few at a time."""
    ready = torch.empty(len(values), *shape)
    few = max(1, AT_ONCE // torch.Size(shape).numel())
    for part, place in zip(torch.split(values, few), torch.split(ready, few), strict=True):
        place.copy_(prepare(part))
    return ready
