"""Training, as the textbook writes it:

for each epoch: shuffle; for each mini-batch: w := w - rate · dE/dw; then look at the validation set.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Protocol

import torch
from torch import Tensor

from striate.errors import WorkError
from striate.losses.own import LossError
from striate.training.batches import Batches, shuffled
from striate.training.engine import Step
from striate.training.history import Epoch, History
from striate.training.options import Options

NO_EPOCHS = History()
EVALUATED = 512  # images per pass in evaluation


class Engine(Protocol):
    """What the loop needs from an engine."""

    def train(self) -> None:
        """Get ready for training steps."""

    def learn(self, batches: Batches, rows: Tensor) -> Step:
        """One step down the gradient, on the images at these positions."""

    def evaluate(self, x: Tensor) -> Tensor:
        """The outputs of a batch."""

    @property
    def rate(self) -> float:
        """The learning rate of the newest step."""


class Watcher(Protocol):
    """An observer of training."""

    def batch(self, epoch: int, done: int, loss: float, correct: int) -> None:
        """After each step: images done in this epoch, their summed loss, how many were right."""

    def epoch(self, history: History) -> None:
        """After each epoch; the newest is last."""


def train(
    engine: Engine,
    training: Batches,
    validation: Batches,
    loss: Callable[[Tensor, Tensor], Tensor],
    options: Options,
    watcher: Watcher,
    history: History = NO_EPOCHS,
) -> History:
    """Train until the epochs are done or patience runs out.

    Args:
        engine: Makes the steps.
        training: What to learn from.
        validation: The images by which epochs are compared.
        loss: Measures the validation outputs.
        options: Epochs, batch, patience, seed.
        watcher: Is called after every step and epoch, and saves the weights.
        history: Epochs done before, when training goes on.

    Raises:
        WorkError: The loss is no longer a number.
    """
    for epoch in range(len(history) + 1, options.epochs + 1):
        if options.patience and history and len(history) - history.highest.epoch >= options.patience:
            break
        started = time.perf_counter()
        train_loss, train_accuracy, first_rate = one_epoch(engine, training, options, epoch, watcher)
        speed = len(training) / (time.perf_counter() - started)
        try:
            validation_loss, validation_accuracy = evaluate(engine, validation, loss)
        except LossError as error:
            raise LossError(f"{error}, on the validation images after epoch {epoch}") from None
        if not math.isfinite(validation_loss):
            why = _blame((x for x, _ in validation.slices(EVALUATED)), engine.rate)
            raise WorkError(f"the validation loss is {validation_loss} after epoch {epoch}: {why}")
        figures = (train_loss, train_accuracy, validation_loss, validation_accuracy, engine.rate, speed)
        history = history.plus(Epoch(epoch, *figures, time.perf_counter() - started, first_rate, len(validation)))
        watcher.epoch(history)
    return history


def one_epoch(
    engine: Engine, training: Batches, options: Options, epoch: int, watcher: Watcher
) -> tuple[float, float, float]:
    """One pass over the training images: their mean loss, the fraction right, and the rate of the first step."""
    engine.train()
    training = training.in_epoch(options.seed, epoch)
    done, total, correct, first_rate = 0, 0.0, 0, 0.0
    batches = shuffled(len(training), options.images(len(training)), options.seed, epoch)
    for number, rows in enumerate(batches, start=1):
        place = f"at epoch {epoch}, batch {number} of {len(batches)}"
        try:
            seen = engine.learn(training, rows)
        except LossError as error:
            raise LossError(f"{error}, {place}") from None
        first_rate = engine.rate if number == 1 else first_rate
        loss = float(seen.loss)
        if not math.isfinite(loss):
            why = _blame([training.take(rows)[0]], engine.rate, begun=epoch > 1 or number > 1)
            raise WorkError(f"the loss is {loss} {place}: {why}")
        done += len(rows)
        total, correct = total + loss * len(rows), correct + int(seen.correct)
        watcher.batch(epoch, done, total, correct)
    return total / done, correct / done, first_rate


def _blame(images: Iterable[Tensor], rate: float, begun: bool = True) -> str:
    """The cause of a loss that is not a number, and what to try.

    A loss is finite for outputs of moderate size (`LossError` reports exceptions), so the outputs were too large:
    because of the images, or of the weights, which a step changes by the learning rate times the gradient.

    Args:
        images: What the network read.
        rate: Of the newest step.
        begun: Whether a step was made already.
    """
    if not all(bool(torch.isfinite(x).all()) for x in images):
        return "the images, scaled to what the network reads, hold values that are not finite; give smaller ones"
    if begun:
        return f"the weights grew beyond all measure at a learning rate of {rate:.3g}; try a tenth of it with `lr`"
    return "the outputs overflow with the weights it begins with; try batch norm, another `init` or smaller values"


def evaluate(engine: Engine, images: Batches, loss: Callable[[Tensor, Tensor], Tensor]) -> tuple[float, float]:
    """Mean loss and fraction right over all images, in evaluation."""
    outputs = outputs_of(engine, images)
    labels = images.labels.to(outputs.device)
    return float(loss(outputs, labels)), accuracy_of(outputs, labels)


def accuracy_of(outputs: Tensor, labels: Tensor) -> float:
    """Fraction of the rows (N, K) whose largest entry is the label's."""
    return int((outputs.argmax(1) == labels).sum()) / len(labels)


def outputs_of(engine: Engine, images: Batches) -> Tensor:
    """The outputs (N, K) for all images, in order, on the CPU."""
    return torch.cat([engine.evaluate(x).cpu() for x, _ in images.slices(EVALUATED)])
