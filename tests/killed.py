"""A training that ends its own process with SIGKILL, for tests to start in a process of its own."""

import math
import os
import signal
from typing import Any

from striate.runs import keeper, training
from striate.training.moment import Moment

EPOCH, KEPT, LAST = 2, 2, 3  # batches of the second epoch: after one all is kept, after the next the process is killed


def train_and_die(net: str, data: Any, how: dict[str, Any]) -> None:
    """Trains as `st.train` does until it is killed: without a word, and with work done since the last state kept."""
    batch = keeper.Keeper.batch

    def ending(self: keeper.Keeper, now: Moment) -> None:
        self.cost, self.every = 0.0, 0.0 if (now.epoch, now.batches) == (EPOCH, KEPT) else math.inf
        batch(self, now)
        if (now.epoch, now.batches) == (EPOCH, LAST):
            os.kill(os.getpid(), signal.SIGKILL)

    keeper.Keeper.batch = ending  # type: ignore[method-assign]
    training.train(net, data, **how)
