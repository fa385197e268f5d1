"""Weights & Biases: a run of the project `striate`; offline, in the run's folder, where nobody has logged in."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping

from striate.runs.logs.logs import Beginning
from striate.training.moment import Moment

PROJECT = "striate"


class Log:
    """Settings as its configuration, figures by epoch; `wandb sync RUN/logs/wandb/offline-…` sends them later."""

    def __init__(self, beginning: Beginning) -> None:
        import wandb

        online = os.environ.get("WANDB_MODE") or ("online" if wandb.api.api_key else "offline")
        self.run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            name=beginning.name,
            id=beginning.kept("wandb.txt", lambda: uuid.uuid4().hex[:8]),
            resume="allow",
            dir=str(beginning.folder),
            config=beginning.settings(),
            mode=online,
            settings=wandb.Settings(silent=True, console="off"),
        )

    def batch(self, now: Moment, loss: float) -> None:
        """Nothing: epochs are kept."""

    def epoch(self, row: Mapping[str, float]) -> None:
        """A point of each curve."""
        self.run.log(dict(row), step=int(row["epoch"]))

    def end(self, figures: Mapping[str, float]) -> None:
        """The figures of the weights that are kept."""
        self.run.summary.update({f"kept_{name}": value for name, value in figures.items()})
        self.run.finish()
