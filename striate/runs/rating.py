"""The learning-rate finder: one short training whose rate rises step by step, of which nothing is kept (Smith 2015).

>>> curve = rate("input 1x8x8 -> fc 10", "digits", steps=100, quiet=True)
>>> 0.04 < curve.suggested < 4
True
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import nn

from striate.checks import check_number
from striate.errors import InputError, WorkError
from striate.notation import Network
from striate.runs.doing import first_engine, lessons
from striate.runs.planning import Request, planned
from striate.runs.requests import request_of
from striate.runs.risen import Risen
from striate.runs.unread import Unread
from striate.tasks.saying import Say, silent, voice
from striate.training.engine import TorchEngine
from striate.training.feed import Batch, Feed
from striate.training.memory import enough_memory
from striate.training.native_engine import NativeEngine
from striate.training.options import Options
from striate.training.threads import using

LOW, HIGH, STEPS = 1e-6, 10.0, 150
FEWEST, MOST = 20, 10_000  # steps
DECIDED = ("lr", "schedule", "epochs", "patience")  # what the finder sets itself
MEMORY = 0.9  # share of the running mean of the losses that a step keeps
WORSE = 4.0  # how far above its lowest that mean ends the rise


def rate(
    net: str | Path | Network | nn.Module,
    dataset: Any,
    *,
    low: float = LOW,
    high: float = HIGH,
    steps: int = STEPS,
    quiet: bool = False,
    **training: Any,
) -> Risen:
    """Find a learning rate: train for some steps, each at a higher rate than the one before, and look at the loss.

    Nothing is left behind: no run, no weights, no random numbers drawn from PyTorch's or NumPy's own generators. A
    module of your own is trained in a copy.

    Args:
        net, dataset: As for `train`.
        low, high: The first and the last rate; it ends earlier where the loss has risen to four times its lowest.
        steps: Steps between them, each on a batch.
        quiet: Whether to print nothing; else what a default decides, and the suggestion, on standard error.
        training: Other arguments of `train` that say how to train, such as `optimizer`, `batch`, `engine`, `augment`.

    Returns:
        The curve: `suggested`, `steepest`, `lowest`, `rates`, `losses`; `save("rate.png")` draws it.

    Raises:
        InputError: Something named does not exist or does not fit.
        WorkError: The loss is no number even at the lowest rate.
    """
    if decided := next((name for name in DECIDED if name in training), None):
        raise InputError(f"the learning-rate finder sets `{decided}` itself; leave it out")
    say = voice(quiet)
    found = risen(request_of(net, dataset, training, show=not quiet), low, high, steps, say)
    say(found.said())
    return found


def risen(asked: Request, low: float = LOW, high: float = HIGH, steps: int = STEPS, say: Say = silent) -> Risen:
    """The same for a request; its own rate and schedule do not count."""
    check_number(steps, "steps", least=FEWEST, most=MOST)
    check_number(low, "low", least=1e-12, most=1e6, whole=False)
    check_number(high, "high", least=1e-12, most=1e6, whole=False)
    if low >= high:
        raise InputError(f"the rate rises from `low` to `high`. Received: {low:g} and {high:g}")
    options = dataclasses.replace(asked.options, lr=high, schedule="constant", epochs=1)
    plan, parts, beginning = planned(dataclasses.replace(asked, options=options))
    for line in plan.notes:
        say(line)
    with using(plan.threads), enough_memory():
        engine, plan = first_engine(plan, parts, beginning, None, say)
        engine.pace.total_steps, engine.pace.schedule = steps - 1, lambda moment: (low / high) ** (1 - moment)
        rates, losses = _rise(engine, lessons(plan, parts, Unread(say)), plan.options, steps)
    if not losses:
        raise WorkError(f"the loss is no number at a rate of {low:g}; try batch norm, another `init` or smaller values")
    usual = dataclasses.replace(plan.options, lr=None).rate
    return Risen(plan.network.name, plan.data.name, rates, losses, usual)


def _rise(
    engine: TorchEngine | NativeEngine, feed: Feed, options: Options, steps: int
) -> tuple[list[float], list[float]]:
    """The rate and the loss of each step, as far as the loss has not blown up."""
    rates, losses, mean, lowest = list[float](), list[float](), 0.0, math.inf
    for batch in _batches(engine, feed, options):
        loss = engine.learn(batch).loss
        if not math.isfinite(loss):
            break
        rates.append(engine.rate)
        losses.append(loss)
        mean = MEMORY * mean + (1 - MEMORY) * loss
        unbiased = mean / (1 - MEMORY ** len(losses))
        lowest = min(lowest, unbiased)
        if unbiased > WORSE * lowest or len(losses) == steps:
            break
    return rates, losses


def _batches(engine: TorchEngine | NativeEngine, feed: Feed, options: Options) -> Iterator[Batch]:
    """The batches of one epoch after the other, but for those whose files can't be read."""
    engine.train()
    number = 0
    while True:
        number += 1
        for batch in engine.coming(feed.epoch(options.seed, number, options.images(len(feed)))):
            if len(batch):
                yield batch
