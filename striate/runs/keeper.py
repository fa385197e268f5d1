"""Watches a training, shows its progress, and keeps every epoch on disk; of a long epoch also moments within it."""

from __future__ import annotations

import dataclasses
import time

from striate.runs.plan import Parts, Plan
from striate.training.engine import TorchEngine
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
    ) -> None:
        self.saved, self.engine, self.bar, self.history = saved, engine, bar, history
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

    def epoch(self, history: History) -> None:
        """Saves the epoch, then shows it."""
        last = self._state(history)
        best = dataclasses.replace(last, optimizer={}) if history.last_is_best else None
        with uninterrupted():
            self.saved.save_epoch(best, last)
            self.history, self.moment = history, None
        self.kept = time.monotonic()
        self.bar.epoch(history)

    def _state(self, history: History) -> State:
        return State(self.engine.weights(), self.engine.state(), self.net, self.config, history)
