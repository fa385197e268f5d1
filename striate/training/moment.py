"""Where a training is within an epoch, and what it has seen there: all that going on needs beside the engine's state.

>>> from striate.training.objective import Step
>>> now = Moment().plus(Step({"loss": 0.5}, right=3, decided=4), 4, epoch=2, rate=0.1)
>>> now.batches, now.figures("accuracy")
(1, {'train_loss': 0.5, 'train_accuracy': 0.75})
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from striate.training.history import LOSS, TRAIN

if TYPE_CHECKING:  # whether there is a run is answered without importing torch
    from striate.training.objective import Step


@dataclass(frozen=True)
class Moment:
    """After some batches of an epoch.

    Attributes:
        epoch: Its number, from 1; 0 before any.
        batches: How many are done.
        done: Examples in them.
        parts: The parts of the loss by name, summed over these examples.
        right: How many decisions were right.
        decided: How many there were.
        first_rate: The learning rate of the epoch's first step.
    """

    epoch: int = 0
    batches: int = 0
    done: int = 0
    parts: Mapping[str, float] = field(default_factory=dict)
    right: int = 0
    decided: int = 0
    first_rate: float = 0.0

    @property
    def loss(self) -> float:
        """The mean loss so far."""
        return sum(self.parts.values()) / max(1, self.done)

    def passed(self) -> Moment:
        """After a batch of nothing."""
        return replace(self, batches=self.batches + 1)

    def plus(self, seen: Step, count: int, epoch: int, rate: float) -> Moment:
        """After one more batch of `count` examples."""
        parts = {name: self.parts.get(name, 0.0) + float(part) * count for name, part in seen.parts.items()}
        right, decided = self.right + int(seen.right), self.decided + seen.decided
        first = self.first_rate if self.batches else rate
        return Moment(epoch, self.batches + 1, self.done + count, parts, right, decided, first)

    def figures(self, decides: str) -> dict[str, float]:
        """What the history keeps of a whole epoch; a loss of several parts is also told part by part."""
        parts = {f"{TRAIN}{name}": part / self.done for name, part in self.parts.items()} if len(self.parts) > 1 else {}
        decided = {TRAIN + decides: self.right / self.decided} if self.decided else {}
        return {TRAIN + LOSS: self.loss, **parts, **decided}

    def to_json(self) -> dict[str, Any]:
        """What `Moment(**…)` reads."""
        return asdict(self)
