"""What a contestant is: a name, the packages it needs, and how it does batches of training and inference."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from striate.building import build
from striate.errors import InputError, StriateError, WorkError
from striate.notation import Network, measure, rules

RATE = 1e-4  # of all contestants' training: so small that no network's loss runs away meanwhile
POOL = 4096  # images in memory at most
Turn = Callable[[int], object]  # does so many batches


class Unable(InputError):  # noqa: N818 - it says why a contestant takes no part
    """A contestant lacks a layer, or the device."""


@dataclass(frozen=True)
class Job:
    """A network at a batch size, with images in memory and the weights that all begin with.

    Attributes:
        network: What to compute.
        batch: Images in a batch.
        device: Where.
        images: (M, C, …), M a multiple of the batch.
        labels: (M,) classes.
    """

    network: Network
    batch: int
    device: torch.device
    images: Tensor
    labels: Tensor

    @staticmethod
    def of(network: Network, batch: int, device: torch.device) -> Job:
        """Random images and labels."""
        classes = rules.product(measure(network).output)
        assert classes is not None
        generator = torch.Generator().manual_seed(0)
        shape = [size or 1 for size in network.input]
        count = max(batch, min(POOL, 2**28 // torch.Size(shape).numel()) // batch * batch)
        images = torch.randn(count, *shape, generator=generator)
        labels = torch.randint(classes, (count,), generator=generator)
        return Job(network, batch, device, images.to(device), labels.to(device))

    @cached_property
    def _weights(self) -> dict[str, Tensor]:
        return build(self.network, seed=0).state_dict()

    def model(self) -> nn.Module:
        """A module of its own on the device; all have the same weights."""
        model = build(self.network, seed=0)
        model.load_state_dict(self._weights)
        return model.to(self.device)

    @property
    def num_batches(self) -> int:
        """Batches in memory."""
        return len(self.images) // self.batch

    def slices(self) -> list[tuple[Tensor, Tensor]]:
        """The batches, images and labels, in order."""
        parts = (torch.split(tensor, self.batch) for tensor in (self.images, self.labels))
        return list(zip(*parts, strict=True))

    def on_cpu(self) -> Job:
        """Itself.

        Raises:
            Unable: It is to run elsewhere.
        """
        if self.device.type != "cpu":
            raise Unable(f"it runs on the CPU here, not on {self.device}")
        return self


@dataclass(frozen=True)
class Contestant:
    """Somebody who trains, infers or both.

    Attributes:
        name: As `--engines` has it.
        training: Makes a turn of training steps: SGD with momentum, mean cross-entropy.
        inference: Makes a turn of outputs in evaluation.
        needs: Packages that must be installed.
        foreign: Whether others' code is at work, that may refuse a network with any error.
    """

    name: str
    training: Callable[[Job], Turn] | None
    inference: Callable[[Job], Turn] | None
    needs: tuple[str, ...] = ()
    foreign: bool = False

    def does(self, work: str) -> bool:
        """Whether it does that kind of work."""
        return (self.training if work == "training" else self.inference) is not None

    @property
    def missing(self) -> tuple[str, ...]:
        """Packages that are not installed."""
        return tuple(name for name in self.needs if find_spec(name) is None)

    def ready(self, work: str, job: Job) -> Turn:
        """Its turn at a kind of work, after the first steps, in which it may compile.

        Raises:
            StriateError: It can't do the network, or failed.
        """
        make = self.training if work == "training" else self.inference
        assert make is not None
        try:
            turn = in_parts(make(job), job.num_batches)
            turn(2)
        except StriateError:
            raise
        except Exception as error:
            if not self.foreign:
                raise
            first = (str(error).strip() or "no reason given").splitlines()[0]
            raise WorkError(f"{type(error).__name__}: {first}") from error
        return turn


def in_parts(turn: Turn, most: int) -> Turn:
    """Any number of batches from a pool of `most`."""

    def parts(count: int) -> None:
        while count > 0:
            turn(min(count, most))
            count -= most

    return parts


def timed(turn: Turn, count: int) -> float:
    """Seconds that so many batches take."""
    started = time.perf_counter()
    turn(count)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    elif torch.backends.mps.is_available():
        torch.mps.synchronize()
    return time.perf_counter() - started
