"""The processes that train one network together: who they are, what each does, and what they tell each other.

`torchrun` starts them and says in the environment who is who. Alone there is nothing to tell.

>>> Processes().part.of(torch.arange(5)).tolist(), Part(1, 2).of(torch.arange(5)).tolist()
([0, 1, 2, 3, 4], [3, 4])
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import ref

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.distributed.rendezvous import rendezvous

from striate.errors import InputError, StriateError, WorkError, first_line
from striate.training.feed import Part
from striate.training.fields import Fields
from striate.training.meeting import met
from striate.training.state import State

ELASTIC = "TORCHELASTIC_RUN_ID"  # in the environment of what torchrun starts
LOST = (
    "connection",
    "timed out",
    "timeout",
    "broken pipe",
    "peer",
    "nccl",
    "gloo",
)  # words of errors when one has died
PAUSE = 0.001  # seconds between two looks whether gloo has let go


@dataclass(frozen=True)
class Processes:
    """Who this process is among those that train together.

    Attributes:
        rank: Its number, from 0.
        world: How many there are.
        launched: Whether `torchrun`, or another program that says who is who, has started it and may do so again.
        sync_norm: Whether batch norm measures the whole batch instead of each process's part.
        sharded: Whether each holds but its part of the weights, of their gradients and of the optimiser's state.
    """

    rank: int = 0
    world: int = 1
    launched: bool = False
    sync_norm: bool = False
    sharded: bool = False

    @property
    def first(self) -> bool:
        """Whether it is the one that prints, saves and reports."""
        return self.rank == 0

    @property
    def several(self) -> bool:
        """Whether there are others."""
        return self.world > 1

    @property
    def part(self) -> Part:
        """Its part of every batch."""
        return Part(self.rank, self.world)

    def said(self) -> list[str]:
        """How they share the work."""
        if not self.several:
            return []
        norm = "the whole batch" if self.sync_norm else "its own part, unless `sync_norm`"
        parts = "; each holds its part of the weights (FSDP)" if self.sharded else ""
        return [f"{self.world} processes: each takes its part of every batch; batch norm measures {norm}{parts}"]

    def agreed(self, wanted: bool) -> bool:
        """What the first process wants, in all of them."""
        return bool(self.each(int(wanted))[0]) if self.several else wanted

    def summed(self, numbers: list[float]) -> list[float]:
        """The sums over all processes."""
        if not self.several:
            return numbers
        total = torch.tensor(numbers, dtype=torch.float64)
        carried_out(dist.all_reduce, total)
        return list(total.tolist())

    def each(self, number: int) -> list[int]:
        """The numbers of all processes."""
        if not self.several:
            return [number]
        all_of = torch.zeros(self.world, dtype=torch.int64)
        all_of[self.rank] = number
        carried_out(dist.all_reduce, all_of)
        return [int(one) for one in all_of]

    def joined(self, rows: Fields) -> dict[str, Tensor]:
        """What all processes have, one after another, on the CPU."""
        return {name: self._joined(values) for name, values in rows.items()} if self.several else dict(rows)

    def _joined(self, values: Tensor) -> Tensor:
        counts = self.each(len(values))
        size = values.element_size() * values.shape[1:].numel()  # bytes of one row; some have no rows
        bytes_ = torch.zeros(max(counts) * size, dtype=torch.uint8)
        bytes_[: values.nbytes] = values.contiguous().reshape(-1).view(torch.uint8)
        found = bytes_.new_empty(len(counts) * len(bytes_))
        carried_out(dist.all_gather_into_tensor, found, bytes_)
        parts = found.view(len(counts), len(bytes_))
        rows = [one[: count * size].view(values.dtype) for one, count in zip(parts, counts, strict=True)]
        return torch.cat(rows).reshape(-1, *values.shape[1:])

    def agree(self, model: nn.Module) -> None:
        """Everywhere the running statistics of the first process, whose weights are kept."""
        for buffer in model.buffers() if self.several else ():
            carried_out(_from_the_first, buffer)

    def told(self, state: State | None) -> State | None:
        """The state that the first process has found, in all of them."""
        if not self.several:
            return state
        content = state.to_bytes() if state else b""
        sent = torch.zeros(self.each(len(content))[0], dtype=torch.uint8)
        if self.first and content:
            sent.copy_(torch.frombuffer(bytearray(content), dtype=torch.uint8))
        carried_out(_from_the_first, sent)
        return State.from_bytes(sent.numpy().tobytes(), "the state of process 0") if len(sent) else None


ALONE = Processes()


@contextmanager
def connected() -> Iterator[None]:
    """What is told within.

    Raises:
        WorkError: Another process has ended, or can't be reached.
    """
    try:
        yield
    except StriateError:
        raise
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and not any(word in str(error).lower() for word in LOST):
            raise
        raise WorkError(
            "another process of this training has ended, or can't be reached; torchrun with restarts starts all "
            f"again from the last state ({first_line(error)})"
        ) from None


def carried_out(operation: Callable[..., object], *tensors: Tensor) -> None:
    """An operation of all processes on tensors, of which gloo's threads hold nothing afterwards.

    They hold on to what they were given a little longer than the operation lasts. One that lets go of a Python object
    when the interpreter is already ending aborts the process, whose run is then taken for a failed one.

    Raises:
        WorkError: As for `connected`.
    """
    lent = [tensor.detach() for tensor in tensors]  # what is written there is written in the tensors
    held = [ref(one) for one in lent]
    with connected():
        operation(*lent)
    lent.clear()
    while any(one() is not None for one in held):
        time.sleep(PAUSE)


def _from_the_first(tensor: Tensor) -> None:
    dist.broadcast(tensor, 0)


@contextmanager
def started(
    device: str, sync_norm: bool = False, sharded: bool = False, environment: Mapping[str, str] = os.environ
) -> Iterator[Processes]:
    """The processes that `torchrun` has started, connected as long as this lasts; one alone without it.

    Args:
        device: On which kind of device they compute: its traffic goes by NCCL where that is CUDA, all else by gloo.
        sync_norm, sharded: As for `Processes`.
        environment: Says who is who.

    Raises:
        InputError: The environment does not say it.
        WorkError: They can't be connected.
    """
    try:
        rank, world = int(environment.get("RANK", 0)), int(environment.get("WORLD_SIZE", 1))
    except ValueError:
        raise InputError("$RANK and $WORLD_SIZE must be numbers, as torchrun sets them") from None
    if world < 2:
        yield Processes(launched=ELASTIC in environment, sync_norm=sync_norm)  # one alone has all weights
        return
    with connected():
        kind = "cpu:gloo,cuda:nccl" if device.startswith("cuda") else "gloo"
        try:
            store, rank, world = next(rendezvous("env://"))
        except ValueError as error:
            raise InputError(f"torchrun, or who else starts several processes, says where they meet: {error}") from None
        dist.init_process_group(kind, store=met(store, rank, world), rank=rank, world_size=world)
    try:
        yield Processes(rank, world, True, sync_norm, sharded)
    finally:
        dist.destroy_process_group()


def own_device(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """The device of this process: where there are several GPUs, each of a machine's processes takes its own.

    >>> own_device("cpu", {"LOCAL_RANK": "1"}), own_device("cuda", {"LOCAL_RANK": "1"}), own_device("cuda:3", {})
    ('cpu', 'cuda:1', 'cuda:3')
    """
    number = environment.get("LOCAL_RANK")
    cuda = name == "cuda" or (name == "auto" and torch.cuda.is_available())
    return f"cuda:{number}" if cuda and number is not None else name
