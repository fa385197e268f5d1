"""Examples whose images stay in their files: processes read, prepare and move them while the engine computes.

PyTorch's loader keeps the order. What happens to an example depends on the seed, the epoch and its position alone, so
any number of processes gives the same batches, bit for bit, from any batch on. A bounded number of bytes is in flight.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from striate.augmentation.augment import Augment
from striate.data.anew import Columns, Making
from striate.data.image import ImageError
from striate.data.kinds import Kinds, Moved, moved
from striate.data.lazy import Lazy
from striate.data.quiet import collected
from striate.data.workers import cores
from striate.draws import derived_seed, generator
from striate.errors import InputError, WorkError
from striate.training.ahead import Ready
from striate.training.feed import WHOLE, Part, choices_of, shuffled
from striate.training.fields import moved_to
from striate.training.pool import Prepare, seeds_of
from striate.training.threads import using

AHEAD = 2**28  # bytes of batches that wait for the engine, over all processes
SHARED = Path("/dev/shm")
GONE = 32  # files drawn one after the other that can't be read: then most of them are gone
Column = Tensor | Lazy
Bad = tuple[str, str]  # a file that can't be read, and why
Asked = tuple[Tensor, Tensor]  # of a batch: positions of examples, and which of an epoch's choices each takes


@dataclass(frozen=True, eq=False)
class Stream:
    """All examples of a set, in files.

    Attributes:
        inputs: What the network reads, by name: files, or tensors (N, …).
        targets: What its outputs are compared with.
        prepare: Applied to each batch, by the name of the input.
        shapes: What the network reads of one example, by the name of the input.
        device: Where the batches go.
        kinds: What each field is, by name.
        augment: Draws anew for each epoch how the examples are changed.
        groups: The group of each example, (N,), where an epoch draws each group equally often.
        refuse: Whether a file that can't be read ends the training; else it is left out of its batch and told.
        tell: Is given such a file and why, once for each.
        workers: Processes that read; by default one for each core; 0 reads in this process.
        part: Which part of the batches of an epoch is read.
        ragged: Whether examples have several sizes, so that whole ones go through one by one.
        made: Makes inputs and targets of these fields, anew in each epoch, where they are not as they are here.
        before: How many examples come before these, where these are a part of those that are judged.
    """

    inputs: Mapping[str, Column]
    targets: Mapping[str, Column]
    prepare: Mapping[str, Prepare]
    shapes: Mapping[str, tuple[int, ...]]
    device: torch.device | str = "cpu"
    kinds: Kinds = field(default_factory=dict)
    augment: Augment | None = None
    groups: Tensor | None = None
    refuse: bool = False
    tell: Callable[[str, str], None] = lambda path, why: None
    workers: int | None = None
    ragged: bool = False
    part: Part = WHOLE
    made: Making | None = None
    before: int = 0

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values()))) * self.times

    @property
    def times(self) -> int:
        """How often an epoch takes each example, each time another part of it."""
        return self.augment.times if self.augment else 1

    @property
    def entries(self) -> int:
        """How many numbers the network reads of one example."""
        return sum(torch.Size(shape).numel() for shape in self.shapes.values())

    def epoch(self, seed: int, number: int, size: int, begin: int = 0) -> Iterator[Ready]:
        """The batches of an epoch; one of which no file can be read is empty."""
        drawn = self.augment.drawn(len(self), generator(seed, "augment", number), number) if self.augment else None
        afresh = _drawn(self.inputs, derived_seed(seed, "afresh", number))
        order = shuffled(len(self), size, seed, number, self.groups)
        chosen = choices_of(order, self.groups is not None)
        batches = [(self.part.of(rows), self.part.of(few)) for rows, few in zip(order, chosen, strict=True)]
        seeds = seeds_of(len(self), seed, number) if self.made else None
        yield from self._batches(afresh, batches[begin:], drawn, min(GONE, len(self)), seeds)

    def in_order(self, size: int) -> Iterator[Ready]:
        """All of them in order, `size` at a time, but for those whose files can't be read; one at least can be."""
        count = len(self) // self.times
        each = torch.split(torch.arange(count), 1 if self.ragged else size)
        batches = self._batches(self.inputs, [(rows, rows) for rows in each], None, count)
        yield from (batch for batch in batches if len(batch))

    def _batches(
        self,
        columns: Mapping[str, Column],
        batches: Sequence[Asked],
        drawn: Moved | None,
        most: int,
        seeds: Tensor | None = None,
    ) -> Iterator[Ready]:
        """The batches of these inputs; so many files lost in whole batches, one after the other, end them."""
        if not batches:
            return
        times = self.times if drawn else 1
        made = _Made(columns, self.targets, self.prepare, self.kinds, drawn, times, self.made, seeds, self.before)
        lost = list[Bad]()
        try:
            for inputs, targets, bad in self._loader(made, batches):
                batch = Ready(moved_to(self.device, inputs), moved_to(self.device, targets))
                lost = [] if len(batch) else [*lost, *bad]
                self._look_at(bad, lost, most)
                yield batch
        except WorkError as error:  # of another process it comes with all that was called there
            raise WorkError(str(error).strip().rpartition(f"{WorkError.__name__}: ")[2]) from None
        except RuntimeError as error:
            if "DataLoader worker" not in str(error):
                raise
            raise WorkError(
                "a process that reads the files was ended from outside, most often because memory was short; "
                "`striate resume` goes on, a smaller `batch` takes less"
            ) from None

    def _loader(self, made: _Made, batches: Sequence[Asked]) -> Iterator[Any]:
        count, ahead = self._processes(4 * self.entries * max(len(rows) for rows, _ in batches))
        if not count:
            return (made[asked] for asked in batches)
        how: dict[str, Any] = {"batch_size": None, "num_workers": count, "prefetch_factor": ahead}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "This DataLoader will create")  # more than there are cores: as asked for
            return iter(DataLoader(made, sampler=batches, worker_init_fn=_alone, **how))

    def _processes(self, size: int) -> tuple[int, int]:
        """How many processes read, and how many batches of `size` bytes each is ahead."""
        count = cores() if self.workers is None else self.workers
        room = min(AHEAD, shutil.disk_usage(SHARED).free // 2) if SHARED.is_dir() else AHEAD
        while count and self.workers is None and count * size > room:
            count -= 1
        return count, max(1, min(4, room // max(1, count * size)))

    def _look_at(self, bad: Sequence[Bad], lost: Sequence[Bad], most: int) -> None:
        """What is done about files that can't be read; those of whole batches, one after the other, are `lost`.

        Raises:
            InputError: They are refused.
            WorkError: As many as `most` are lost: the files have gone.
        """
        for path, why in bad:
            if self.refuse:
                raise InputError(f"cannot read '{path}' ({why})")
            self.tell(path, why)
        if len(lost) >= most:
            path, why = lost[0]
            each = f"none of {len(lost)} files that follow each other can be read"
            raise WorkError(f"{each}; the first: '{path}' ({why})")


@dataclass(frozen=True, eq=False)
class _Made(Dataset[Any]):
    """Makes the batch of the examples at some positions; a copy of it goes to each process."""

    inputs: Mapping[str, Column]
    targets: Mapping[str, Column]
    prepare: Mapping[str, Prepare]
    kinds: Kinds
    drawn: Moved | None
    times: int
    made: Making | None
    seeds: Tensor | None
    before: int

    def __getitem__(self, asked: Asked) -> tuple[Columns, Columns, list[Bad]]:
        """Inputs, targets, and the files that can't be read, whose examples are left out."""
        rows, choices = asked
        with using(1), collected():  # one thread everywhere: sums do not depend on who makes them
            read, bad = self._read(rows.tolist(), choices.tolist())
            kept = torch.tensor([one is not None for one in read], dtype=torch.bool)
            columns = {**self.inputs, **self.targets}
            values = {
                name: _stacked([one[name] for one in read if one is not None], column.shape)
                if isinstance(column, Lazy)
                else column[rows[kept] // self.times]
                for name, column in columns.items()
            }
            if kept.any():
                values = {
                    name: moved(self.kinds, name, self._prepared(name, one), self.drawn, choices[kept])
                    for name, one in values.items()
                }
            inputs, targets = self._both(values, choices[kept])
        return inputs, targets, bad

    def _both(self, values: dict[str, Tensor], choices: Tensor) -> tuple[Columns, Columns]:
        """What the network reads, and what it is compared with."""
        if self.made and len(choices):
            if self.seeds is None:
                return self.made(values, self.before + choices, False)
            return self.made(values, self.seeds[choices], True)
        return {name: values[name] for name in self.inputs}, {name: values[name] for name in self.targets}

    def _read(self, rows: Sequence[int], choices: Sequence[int]) -> tuple[list[dict[str, Tensor] | None], list[Bad]]:
        """The lazy fields of each example, None of those that can't be read, and the files of these."""
        read: list[dict[str, Tensor] | None] = []
        bad: list[Bad] = []
        lazy = {name: one for name, one in {**self.inputs, **self.targets}.items() if isinstance(one, Lazy)}
        for row, choice in zip(rows, choices, strict=True):
            try:
                read.append(self._whole(lazy, row, choice))
            except ImageError as error:
                read.append(None)
                path = next(iter(lazy.values())).paths[row // self.times]
                bad.append((path, error.reason if str(error.path) == path else f"{error.path}: {error.reason}"))
        return read, bad

    def _whole(self, lazy: Mapping[str, Lazy], row: int, choice: int) -> dict[str, Tensor]:
        """The lazy fields of an example.

        Raises:
            ImageError: One can't be read, or they have not the size that they must have any more.
        """
        fields = {name: torch.from_numpy(column.one(row // self.times)) for name, column in lazy.items()}
        sizes = {self._size(name, values) for name, values in fields.items() if self._moves(name)}
        if len(sizes) > 1:
            said = " and ".join("x".join(f"{side:g}" for side in size) for size in sorted(sizes))
            path = next(iter(lazy.values())).paths[row // self.times]
            raise ImageError(Path(path), f"its fields are of different sizes, {said}")
        return {name: self._cut(name, values, choice) for name, values in fields.items()}

    def _moves(self, name: str) -> bool:
        return name in self.kinds and self.kinds[name].moves

    def _size(self, name: str, values: Tensor) -> tuple[float, ...]:
        """(height, width) in entries of the images that the network reads."""
        return tuple(side / self.kinds[name].finer for side in values.shape[-2:])

    def _cut(self, name: str, values: Tensor, choice: int) -> Tensor:
        return self.drawn.cut(values, choice, self.kinds[name].finer) if self.drawn and self._moves(name) else values

    def _prepared(self, name: str, values: Tensor) -> Tensor:
        return self.prepare[name](values) if name in self.prepare else values


def _drawn(columns: Mapping[str, Column], number: int) -> dict[str, Column]:
    """Fields as they are for an epoch's number."""
    return {name: one.drawn(number) if isinstance(one, Lazy) else one for name, one in columns.items()}


def _stacked(values: Sequence[Tensor], shape: tuple[int, ...]) -> Tensor:
    return torch.stack(list(values)) if values else torch.zeros(0, *shape)


def _alone(number: int) -> None:
    """A process that reads leaves Ctrl-C to the one that trains, and ends when that has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()


def _end_with(parent: Any) -> None:
    """PyTorch's own watch looks at the server that forks instead, where there is one, and that waits for us."""
    parent.join()
    os._exit(1)
