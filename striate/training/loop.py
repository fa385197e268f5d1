"""Training, as the textbook writes it:

for each epoch: shuffle; for each mini-batch: w := w - rate · dE/dw; then look at the validation set.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import torch
from torch import Tensor

from striate.errors import WorkError
from striate.losses.own import LossError
from striate.training.feed import Batch, Feed, num_batches
from striate.training.fields import Fields, joined, moved_to
from striate.training.history import LOSS, VALIDATION, Epoch, History
from striate.training.moment import Moment
from striate.training.objective import Objective, Step
from striate.training.options import Options

EVALUATED = 512  # examples per pass in evaluation, at most …
ENTRIES = 2**25  # … and entries of the network's input
START = Moment()
Looked = Callable[[int, int], None]
Measured = Callable[..., tuple[dict[str, float], dict[str, Tensor]]]  # with the arguments of `measured`


def unseen(done: int, count: int) -> None:
    """Nobody looks at how far an evaluation is."""


class Engine(Protocol):
    """What the loop needs from an engine."""

    def train(self) -> None:
        """Get ready for training steps."""

    def coming(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """The batches of an epoch, which the engine may have made before their turn."""

    def learn(self, batch: Batch) -> Step:
        """One step down the gradient, on a batch."""

    def evaluate(self, inputs: Fields) -> Fields:
        """The outputs of a batch, by name."""

    @property
    def rate(self) -> float:
        """The learning rate of the newest step."""


class Watcher(Protocol):
    """An observer of training."""

    def batch(self, now: Moment) -> None:
        """After each step."""

    def looked(self, done: int, count: int) -> None:
        """After each batch of the look at the validation set: how many of its examples are done."""

    def measured(self, rows: Fields) -> None:
        """After the look at the validation set: what the objective keeps of its examples."""

    def epoch(self, history: History) -> None:
        """After each epoch; the newest is last."""


def train(
    engine: Engine,
    training: Feed,
    validation: Feed,
    objective: Objective,
    options: Options,
    watcher: Watcher,
    history: History,
    at: Moment = START,
    measure: Measured | None = None,
) -> History:
    """Train until the epochs are done or patience runs out.

    Args:
        engine: Makes the steps.
        training: What to learn from.
        validation: The examples by which epochs are compared.
        objective: What is measured on them.
        options: Epochs, batch, patience, seed.
        watcher: Is called after every step and epoch, and saves the weights.
        history: Epochs done before, when training goes on.
        at: Where within the next epoch it goes on.
        measure: Looks at the validation set; by default `measured`.

    Raises:
        WorkError: The loss is no longer a number.
    """
    for number in range(len(history) + 1, options.epochs + 1):
        if options.patience and history and len(history) - history.highest.epoch >= options.patience:
            break
        started = time.perf_counter()
        end = one_epoch(engine, training, objective, options, number, watcher, at)
        speed = (end.done - at.done) / (time.perf_counter() - started)
        try:
            figures, rows = (measure or measured)(engine, validation, objective, watcher.looked)
        except LossError as error:
            raise LossError(f"{error}, on the validation {objective.unit} after epoch {number}") from None
        if not math.isfinite(loss := figures[LOSS]):
            why = _blame((batch.inputs for batch in slices(validation)), objective.unit, engine.rate)
            raise WorkError(f"the validation loss is {loss} after epoch {number}: {why}")
        whole = end.figures(objective.decides) | {VALIDATION + name: figure for name, figure in figures.items()}
        seconds = time.perf_counter() - started
        history = history.plus(Epoch(number, whole, engine.rate, speed, seconds, end.first_rate, len(validation)))
        watcher.measured(rows)
        watcher.epoch(history)
        at = START
    return history


def one_epoch(
    engine: Engine,
    training: Feed,
    objective: Objective,
    options: Options,
    number: int,
    watcher: Watcher,
    at: Moment = START,
) -> Moment:
    """One pass over the training examples; returns its end."""
    engine.train()
    size = options.images(len(training))
    count, now = num_batches(len(training), size), at
    for batch in engine.coming(training.epoch(options.seed, number, size, at.batches)):
        if not len(batch):  # no file of it can be read, as was told
            now = now.passed()
            continue
        place = f"at epoch {number}, batch {now.batches + 1} of {count}"
        try:
            seen = engine.learn(batch)
        except LossError as error:
            raise LossError(f"{error}, {place}") from None
        now = now.plus(seen, len(batch), number, engine.rate)
        if not math.isfinite(loss := seen.loss):
            why = _blame([batch.inputs], objective.unit, engine.rate, begun=number > 1 or now.batches > 1)
            raise WorkError(f"the loss is {loss} {place}: {why}")
        watcher.batch(now)
    return now


def _blame(inputs: Iterable[Fields], unit: str, rate: float, begun: bool = True) -> str:
    """The cause of a loss that is not a number, and what to try.

    A loss is finite for outputs of moderate size (`LossError` reports exceptions), so the outputs were too large:
    because of the examples, or of the weights, which a step changes by the learning rate times the gradient.

    Args:
        inputs: What the network read.
        unit: What examples are called.
        rate: Of the newest step.
        begun: Whether a step was made already.
    """
    if not all(bool(torch.isfinite(x).all()) for fields in inputs for x in fields.values()):
        return f"the {unit}, scaled to what the network reads, hold values that are not finite; give smaller ones"
    if begun:
        return f"the weights grew beyond all measure at a learning rate of {rate:.3g}; try a tenth of it with `lr`"
    return "the outputs overflow with the weights it begins with; try batch norm, another `init` or smaller values"


def slices(feed: Feed) -> Iterable[Batch]:
    """All examples in order, as many at once as are evaluated together."""
    return feed.in_order(max(1, min(EVALUATED, ENTRIES // max(1, feed.entries))))


def evaluate(engine: Engine, feed: Feed, objective: Objective) -> dict[str, float]:
    """The mean loss of all examples, and the objective's figures, in evaluation."""
    return measured(engine, feed, objective)[0]


def measured(
    engine: Engine, feed: Feed, objective: Objective, looked: Looked = unseen
) -> tuple[dict[str, float], dict[str, Tensor]]:
    """The same, and what the objective keeps of the examples; `looked` is told how many are done, and of how many."""
    total, count, rows = looked_at(engine, feed, objective, looked)
    return {LOSS: total / count, **objective.figures(rows)}, rows


def looked_at(
    engine: Engine, feed: Feed, objective: Objective, looked: Looked = unseen
) -> tuple[float, int, dict[str, Tensor]]:
    """The sum of the losses of all examples, how many they are, and what the objective keeps of them."""
    total, count, kept = 0.0, 0, []
    for batch in slices(feed):
        targets = batch.targets
        outputs = objective.through(engine.evaluate, batch.inputs)
        total += len(batch) * float(sum(objective.loss(outputs, targets).values()))
        count += len(batch)
        kept.append(moved_to("cpu", objective.rows(outputs, targets)))
        looked(count, len(feed))
    return total, count, joined(kept)


def outputs_of(engine: Engine, feed: Feed, objective: Objective) -> dict[str, Tensor]:
    """The outputs (N, …) for all examples, in order, on the CPU."""
    made = (objective.through(engine.evaluate, batch.inputs) for batch in slices(feed))
    return joined([moved_to("cpu", outputs) for outputs in made])
