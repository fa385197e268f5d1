"""Several watchers of a training as one: what shows it, and what else looks on."""

from __future__ import annotations

from collections.abc import Sequence

from striate.training.fields import Fields
from striate.training.history import History
from striate.training.moment import Moment
from striate.training.progress import Quiet


class Beside(Quiet):
    """Passes all on to a bar, then to the others.

    Args:
        bar: What shows it on standard error.
        others: Are told after the bar, in order.
    """

    def __init__(self, bar: Quiet, others: Sequence[Quiet]) -> None:
        self.bar, self.others = bar, tuple(others)

    def __enter__(self) -> Beside:
        self.bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.__exit__(*error)

    def batch(self, now: Moment) -> None:
        """To all."""
        for one in (self.bar, *self.others):
            one.batch(now)

    def looked(self, done: int, count: int) -> None:
        """To all."""
        for one in (self.bar, *self.others):
            one.looked(done, count)

    def measured(self, rows: Fields) -> None:
        """To all."""
        for one in (self.bar, *self.others):
            one.measured(rows)

    def epoch(self, history: History) -> None:
        """To all."""
        for one in (self.bar, *self.others):
            one.epoch(history)
