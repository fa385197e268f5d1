"""Watches a training, shows it, and keeps on disk what it begins with, every epoch, and moments within long ones."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable

from striate.runs.plan import Parts, Plan
from striate.tasks.saying import Say, silent
from striate.training.disputes import Disputes
from striate.training.engine import TorchEngine
from striate.training.fields import Fields
from striate.training.history import History
from striate.training.interrupt import uninterrupted
from striate.training.moment import Moment
from striate.training.native_engine import NativeEngine
from striate.training.processes import Processes
from striate.training.progress import Quiet
from striate.training.saved import SavedRun
from striate.training.spikes import Spikes
from striate.training.state import State

CLIP = 1.0  # the length of a gradient that is suggested
SHARE = 0.01  # of the time at most that keeping moments within epochs may take
MOST_EPOCHS, MOST_BYTES = 50, 50 * 10**6  # of weights that are kept to look at


class Keeper:
    """A watcher of the loop.

    Args:
        saved: The run.
        engine: What trains.
        bar: What shows the progress.
        plan: What is carried out.
        parts: What it is carried out on.
        history: The epochs done before.
        disputes: What was disputed in them.
        say: Is given a line where the loss jumps.

    Attributes:
        moment: The newest moment within the running epoch that is kept; None where there is none.
        every: Seconds after which the next one is kept, or later where that would take more than its share of the time.
        cost: Seconds that keeping the newest took.
    """

    def __init__(
        self,
        saved: SavedRun,
        engine: TorchEngine | NativeEngine,
        bar: Quiet,
        plan: Plan,
        parts: Parts,
        history: History,
        disputes: Disputes,
        say: Say = silent,
    ) -> None:
        self.saved, self.engine, self.bar, self.history = saved, engine, bar, history
        self.task, self.disputes = plan.task, disputes
        self.rows: Fields = {}  # of the newest look at the validation set
        self.net, self.config = plan.text, plan.to_json(parts.own_loss)
        self.epochs = plan.options.epochs
        self.every, self.cost, self.kept = plan.options.keep_every, 0.0, time.monotonic()
        self.moment: Moment | None = None
        self.say, self.spikes, self.before, self.clip = say, Spikes(), Moment(), plan.options.clip
        self.told = 0  # the last epoch of which a spike was told
        self.agreed: Callable[[bool], bool] = plan.processes.agreed if plan.processes.sharded else bool

    def begin(self) -> None:
        """Keeps what training begins with, so that it goes on from there should it be killed in its first epoch."""
        self._keep(Moment())

    def batch(self, now: Moment) -> None:
        """Passes the figures to the bar; from time to time, keeps all that going on from here needs."""
        self.bar.batch(now)
        self._look_for_spikes(now)
        if self.agreed(time.monotonic() - self.kept >= max(self.every, self.cost / SHARE)):
            self._keep(now)
            self.moment = now

    def _look_for_spikes(self, now: Moment) -> None:
        """Says once in an epoch that the loss has jumped."""
        before, self.before = self.before, now
        if now.batches - before.batches != 1 or now.epoch != before.epoch:
            return
        loss = (now.loss * now.done - before.loss * before.done) / (now.done - before.done)
        usual = self.spikes.at(loss)
        if usual is not None and self.told != now.epoch:
            self.told = now.epoch
            way_out = "a lower `lr`" if self.clip else f"`clip={CLIP:g}` or a lower `lr`"
            self.say(
                f"a spike: the loss jumped from about {usual:.3g} to {loss:.3g} at epoch {now.epoch}, batch "
                f"{now.batches}; if it does not come down by itself, try {way_out}"
            )

    def looked(self, done: int, count: int) -> None:
        """Passes on how far the look at the validation set is."""
        self.bar.looked(done, count)

    def measured(self, rows: Fields) -> None:
        """Passes on how the validation examples were answered, and remembers it until the epoch is saved."""
        self.rows = rows
        self.bar.measured(rows)

    def epoch(self, history: History) -> None:
        """Saves the epoch, then shows it."""
        disputed = self.task.disputed(self.rows)
        disputes = self.disputes if disputed is None else self.disputes.plus(disputed)
        last = dataclasses.replace(self._state(history), disputes=disputes)
        best = dataclasses.replace(last, optimizer={}) if history.last_is_best else None
        with uninterrupted():
            self.saved.save_epoch(best, last, self._to_look_at(last))
            self.history, self.disputes, self.moment = history, disputes, None
        self.kept, self.rows = time.monotonic(), {}
        self.bar.epoch(history)

    def _keep(self, now: Moment) -> None:
        started = time.monotonic()
        with uninterrupted():
            self.saved.save_moment(dataclasses.replace(self._state(self.history), moment=now))
        self.kept = time.monotonic()
        self.cost = self.kept - started

    def _to_look_at(self, last: State) -> bool:
        """Whether the weights of an epoch are kept."""
        size = sum(weight.numel() * weight.element_size() for weight in last.weights.values())
        kept = [epoch for epoch in self.saved.epochs() if epoch < len(last.history)]
        room = len(kept) < MOST_EPOCHS and (len(kept) + 1) * size <= MOST_BYTES
        return room and looked_at(len(last.history), self.epochs, size)

    def _state(self, history: History) -> State:
        weights, optimizer = self.engine.weights(), self.engine.state()
        return State(weights, optimizer, self.net, self.config, history, disputes=self.disputes)


class Giver(Quiet):
    """Watches as another process than the first: gives its part of the weights whenever that keeps them.

    Args:
        engine: What trains.
        processes: Who they are.
    """

    def __init__(self, engine: TorchEngine | NativeEngine, processes: Processes) -> None:
        self.engine, self.processes = engine, processes

    def give(self) -> None:
        """What the first process keeps, in its order."""
        self.engine.weights()
        self.engine.state()

    def batch(self, now: Moment) -> None:
        """After a step the first process may keep the moment."""
        if self.processes.agreed(False):
            self.give()

    def epoch(self, history: History) -> None:
        """After an epoch it does."""
        self.give()


def looked_at(epoch: int, epochs: int, size: int) -> bool:
    """Whether the weights of an epoch are kept: of the first, and of others at even distances, as many as may be.

    Args:
        epoch: From 1.
        epochs: Of the whole training.
        size: Of the weights, in bytes.

    >>> [epoch for epoch in range(1, 201) if looked_at(epoch, 200, 5_000_000)]
    [1, 24, 47, 70, 93, 116, 139, 162, 185]
    >>> looked_at(1, 20, 60_000_000)
    False
    """
    most = min(MOST_EPOCHS, MOST_BYTES // max(1, size))
    return most > 1 and (epoch - 1) % math.ceil((epochs - 1) / (most - 1) if epochs > most else 1) == 0
