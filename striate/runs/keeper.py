"""Watches a training, shows its progress, and keeps every epoch on disk; of a long epoch also moments within it."""

from __future__ import annotations

import dataclasses
import time

from striate.runs.plan import Parts, Plan
from striate.training.disputes import Disputes
from striate.training.engine import TorchEngine
from striate.training.fields import Fields
from striate.training.history import History
from striate.training.interrupt import uninterrupted
from striate.training.moment import Moment
from striate.training.native_engine import NativeEngine
from striate.training.progress import Quiet
from striate.training.saved import SavedRun
from striate.training.state import State

OFTEN = 300.0  # seconds after which a moment within an epoch is kept


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

    Attributes:
        moment: The newest moment within the running epoch that is kept; None where there is none.
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
    ) -> None:
        self.saved, self.engine, self.bar, self.history = saved, engine, bar, history
        self.task, self.disputes = plan.task, disputes
        self.rows: Fields = {}  # of the newest look at the validation set
        self.net, self.config = plan.text, plan.to_json(parts.own_loss)
        self.kept = time.monotonic()
        self.moment: Moment | None = None

    def batch(self, now: Moment) -> None:
        """Passes the figures to the bar; from time to time, keeps all that going on from here needs."""
        self.bar.batch(now)
        if time.monotonic() - self.kept >= OFTEN:
            if self.saved.save_moment(dataclasses.replace(self._state(self.history), moment=now)):
                self.moment = now
            self.kept = time.monotonic()

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
            self.saved.save_epoch(best, last)
            self.history, self.disputes, self.moment = history, disputes, None
        self.kept = time.monotonic()
        self.bar.epoch(history)

    def _state(self, history: History) -> State:
        weights, optimizer = self.engine.weights(), self.engine.state()
        return State(weights, optimizer, self.net, self.config, history, disputes=self.disputes)
