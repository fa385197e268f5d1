"""What a contestant is: a name, the packages it needs, and how it runs batches of training and inference.

>>> done = []
>>> in_parts(done.append, most=4)(10)
>>> done
[4, 4, 2]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from striate.errors import StriateError, WorkError

if TYPE_CHECKING:  # the names of contestants are read where nobody waits for torch
    from striate.benchmark.contestants.base import Job

Turn = Callable[[int], object]  # runs so many batches


@dataclass(frozen=True)
class Contestant:
    """A package or engine that trains, infers or both.

    Attributes:
        name: As written for `--engines`.
        training: Makes the function that runs training steps: SGD with momentum, mean cross-entropy.
        inference: Makes the function that computes outputs in evaluation.
        needs: Packages that must be installed.
        foreign: Whether it runs other people's code, which may refuse a network with any error.
    """

    name: str
    training: Callable[[Job], Turn] | None
    inference: Callable[[Job], Turn] | None
    needs: tuple[str, ...] = ()
    foreign: bool = False

    def does(self, work: str) -> bool:
        """Whether it can do this kind of work."""
        return (self.training if work == "training" else self.inference) is not None

    @property
    def missing(self) -> tuple[str, ...]:
        """Packages that are not installed."""
        return tuple(name for name in self.needs if find_spec(name) is None)

    def ready(self, work: str, job: Job) -> Turn:
        """The function that runs a kind of work, after a warm-up in which it may compile.

        Raises:
            StriateError: It can't run the network, or failed.
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
