"""The torch engine in several processes: each makes the gradients of its part of a batch, and all take the same step.

PyTorch's `DistributedDataParallel` (Li et al. 2020) sends the gradients while the backward pass is still running. It
takes their mean over the processes; each weights its part by how many examples it has, so that the step is the one
that the whole batch makes in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from inspect import signature
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from striate.errors import InputError, WorkError
from striate.layers.sync_norm import synchronised
from striate.training.engine import TorchEngine, put
from striate.training.feed import Batch, Feed
from striate.training.fields import Fields
from striate.training.history import LOSS
from striate.training.layer_rates import LayerRates
from striate.training.loop import Looked, Measured, looked_at, unseen
from striate.training.objective import Objective, Step
from striate.training.options import FP16, Options
from striate.training.processes import Processes, connected

BUFFERS = ("forward_sync_buffers", "broadcast_buffers")  # what PyTorch calls it, and what it called it before 2.13
LEFT: dict[str, Any] = {
    next(name for name in BUFFERS if name in signature(DistributedDataParallel.__init__).parameters): False
}


@dataclass(frozen=True)
class Share:
    """A process's part of a batch.

    Attributes:
        own: Its examples; maybe none.
        before: How many examples the processes before it have.
        whole: How many all have.
    """

    own: Batch
    before: int
    whole: int

    def __len__(self) -> int:
        return self.whole

    @property
    def inputs(self) -> Fields:
        """What the network reads here."""
        return self.own.inputs

    @property
    def targets(self) -> Fields:
        """What its outputs are compared with here."""
        return self.own.targets


class TogetherEngine(TorchEngine):
    """A model that several processes train together.

    Args:
        model, options, total_steps, objective, device: As for the torch engine.
        processes: Who they are.
        say: Is given every decision.
        rates: How fast each layer learns.
    """

    halves = False  # the others would wait for parts that only one has

    def __init__(
        self,
        model: nn.Module,
        options: Options,
        total_steps: int,
        objective: Objective,
        device: torch.device | str,
        processes: Processes,
        say: Callable[[str], None],
        rates: LayerRates,
    ) -> None:
        model = synchronised(model, torch.device(device)) if processes.sync_norm else model
        super().__init__(model, options, total_steps, objective, device, say, rates)
        self.processes = processes
        self.learned: Any = self._shared(self.learned)
        self.before, self.share, self.done, self.count = 0, 1.0, 0, 0
        self.last: Batch | None = None

    def _shared(self, scores: nn.Module) -> Any:
        """The network, whose gradients become the mean over the processes."""
        where = [self.device] if self.device.type == "cuda" else None
        with connected():
            return DistributedDataParallel(scores, device_ids=where, **LEFT)

    def _adding(self, more: bool) -> AbstractContextManager[object]:
        """In which gradients are added up; they become the mean when there are no more to come."""
        return self.learned.no_sync() if more else nullcontext()

    def coming(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """The parts of the batches, with how many examples the other processes have."""
        for own in batches:
            counts = self.processes.each(len(own))
            yield Share(own, sum(counts[: self.processes.rank]), sum(counts))

    def learn(self, batch: Batch) -> Step:
        """One step on a batch, of which this process has a part."""
        assert isinstance(batch, Share)
        own, count = batch.own, len(batch.own)
        self.before, self.share = batch.before, count * self.processes.world / len(batch)
        if not count:  # it takes part in the step all the same, with a batch that counts for nothing
            if self.last is None:
                raise WorkError(f"process {self.processes.rank} can read none of its files in the first batch")
            own = self.last
        self.last, self.done, self.count = own, 0, len(own)
        with connected():
            return self._whole(self.step(own.inputs, own.targets))

    def _gradients(self, inputs: Fields, targets: Fields, share: float = 1.0) -> Step:
        """Those of its part; what is told of them waits for the last where it goes through in parts itself."""
        for dropout in self.dropouts:
            put(dropout, "first", self.before + self.done)
        self.done += len(next(iter(inputs.values())))
        with self._adding(self.done < self.count):
            return super()._gradients(inputs, targets, share * self.share)

    def _whole(self, own: Step) -> Step:
        """The step of the whole batch."""
        names = sorted(own.parts)
        counted = (int(own.right), own.decided) if self.share else (0, 0)
        *parts, right, decided = self.processes.summed([*(float(own.parts[name]) for name in names), *counted])
        means = {name: part / self.processes.world for name, part in zip(names, parts, strict=True)}
        return Step(means, int(right), int(decided))


@dataclass(frozen=True)
class ShownIn:
    """A process's part of the examples that are looked at between epochs.

    Attributes:
        own: Its part.
        count: How many examples all have.
    """

    own: Feed
    count: int

    def __len__(self) -> int:
        return self.count

    @property
    def entries(self) -> int:
        """How many numbers the network reads of one example."""
        return self.own.entries

    def epoch(self, seed: int, number: int, size: int, begin: int = 0) -> Iterator[Batch]:
        """The batches of its part."""
        return self.own.epoch(seed, number, size, begin)

    def in_order(self, size: int) -> Iterator[Batch]:
        """Its part, in order."""
        return self.own.in_order(size)


def engine_of(
    processes: Processes,
    model: nn.Module,
    options: Options,
    total_steps: int,
    objective: Objective,
    device: torch.device,
    say: Callable[[str], None],
    rates: LayerRates,
) -> TorchEngine:
    """The torch engine, alone or together with others."""
    if not processes.several:
        return TorchEngine(model, options, total_steps, objective, device, say, rates)
    kind = TogetherEngine
    if processes.sharded:
        from striate.training.sharded import ShardedEngine  # PyTorch takes a second to import what it needs

        kind = ShardedEngine
    return kind(model, options, total_steps, objective, device, processes, say, rates)


def measured_by(processes: Processes) -> Measured:
    """As `loop.measured`, each process on its part of the examples; all have the result."""

    def measured(engine: Any, feed: Feed, objective: Objective, looked: Looked = unseen) -> Any:
        processes.agree(engine.model)
        total, count, own = looked_at(engine, feed, objective, looked)
        if not count:
            raise WorkError(f"process {processes.rank} can read none of its validation {objective.unit}")
        total, whole = processes.summed([total, count])
        rows = processes.joined(own)
        return {LOSS: total / whole, **objective.figures(rows)}, rows

    return measured


def rows_of(processes: Processes, count: int) -> range:
    """The positions of a process's part of so many examples that are looked at."""
    return range(processes.rank * count // processes.world, (processes.rank + 1) * count // processes.world)


def check_sharded(options: Options) -> None:
    """Check that an engine whose weights are in parts can do what is asked for.

    Raises:
        InputError: It can't.
    """
    lacks = {"ema": bool(options.ema), "l1": bool(options.l1), "max_norm": bool(options.max_norm)}
    lacks |= {"precision='fp16'": options.precision == FP16, f"compile='{options.compile}'": options.compiled}
    for what in (name for name, asked in lacks.items() if asked):
        raise InputError(f"with `fsdp` no process has whole weights at hand, as `{what}` needs; leave out one of them")


def check_sizes(processes: Processes, batch: int, validation: int, unit: str) -> None:
    """Check that there is a part for each process.

    Raises:
        InputError: There is not.
    """
    few = {"`batch`": batch, f"number of validation {unit}": validation}
    for what, count in few.items():
        if count < processes.world:
            raise InputError(f"the {what} is {count}, which leaves none for some of {processes.world} processes")
