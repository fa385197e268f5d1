"""TensorBoard's event files: `tensorboard --logdir runs` shows all runs together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from striate.runs.logs.logs import Beginning
from striate.training.history import TRAIN, VALIDATION
from striate.training.moment import Moment

FOLDER = "tensorboard"


class Log:
    """An event file in `logs/tensorboard`: a curve for each figure, training and validation under one head."""

    def __init__(self, beginning: Beginning) -> None:
        self.writer = _writer(str(beginning.folder / FOLDER))
        self.writer.add_text("settings", f"```\n{json.dumps(beginning.settings(), indent=2)}\n```")
        self.epochs = beginning.at[0]

    def batch(self, now: Moment, loss: float) -> None:
        """Nothing: epochs are shown."""

    def epoch(self, row: Mapping[str, float]) -> None:
        """A point of each curve."""
        self.epochs = int(row["epoch"])
        for name, value in row.items():
            if name != "epoch":
                self.writer.add_scalar(_tag(name), value, self.epochs)
        self.writer.flush()

    def end(self, figures: Mapping[str, float]) -> None:
        """The figures of the weights that are kept."""
        for name, value in figures.items():
            self.writer.add_scalar(f"kept/{name}", value, self.epochs)
        self.writer.close()


def _writer(folder: str) -> Any:
    """A writer of event files, of whichever package there is."""
    if find_spec("tensorboardX"):
        from tensorboardX import SummaryWriter
    else:
        from torch.utils.tensorboard import SummaryWriter
    return SummaryWriter(folder)


def _tag(name: str) -> str:
    """`validation_loss` as `loss/validation`, so that both curves of a figure stand together."""
    for part in (TRAIN, VALIDATION):
        if name.startswith(part):
            return f"{name.removeprefix(part)}/{part.rstrip('_')}"
    return f"training/{name}"
