"""A progress bar on standard error: loss, accuracy, images per second, time left. A line an epoch where no one looks.

>>> quiet = Quiet()
>>> quiet.epoch(History())
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from striate.training.history import Epoch, History

INTERVAL = 0.1  # seconds between two looks at the figures of the running epoch


class Quiet(AbstractContextManager["Quiet"]):
    """Shows nothing."""

    def batch(self, epoch: int, done: int, loss: float, correct: int) -> None:
        """Nothing."""

    def epoch(self, history: History) -> None:
        """Nothing."""

    def __exit__(self, *error: object) -> None:
        """Nothing to close."""


class Bar(Quiet):
    """A bar over all epochs, and a line for each that is done.

    Args:
        images: Training images an epoch has.
        epochs: Epochs to come in all.
        first: Epochs done before.
        console: Where to draw; standard error.
    """

    def __init__(self, images: int, epochs: int, first: int = 0, console: Console | None = None) -> None:
        self.images, self.looked = images, 0.0
        self.console = console or Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
        )
        self.progress = Progress(*columns, TimeRemainingColumn(), console=self.console, transient=True)
        self.task: TaskID = self.progress.add_task(
            f"epoch {first + 1}", total=images * epochs, completed=images * first, figures=""
        )

    def __enter__(self) -> Bar:
        if self.console.is_terminal:
            self.progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self.console.is_terminal:
            self.progress.stop()

    def batch(self, epoch: int, done: int, loss: float, correct: int) -> None:
        """Moves the bar, a few times a second."""
        now = time.perf_counter()
        if now - self.looked < INTERVAL or not self.console.is_terminal:
            return
        self.looked = now
        speed = self.progress.tasks[0].speed or 0.0
        figures = f"loss {loss / done:.4f}  accuracy {correct / done:.2%}  {speed:,.0f} images/s"
        self.progress.update(
            self.task, description=f"epoch {epoch}", completed=(epoch - 1) * self.images + done, figures=figures
        )

    def epoch(self, history: History) -> None:
        """A line of the epoch's figures."""
        self.progress.update(self.task, completed=len(history) * self.images)
        self.console.print(line(history.epochs[-1], best=history.last_is_best), highlight=False, soft_wrap=True)


def line(epoch: Epoch, best: bool) -> str:
    """The figures of an epoch in one line; `*` marks the best so far."""
    return (
        f"epoch {epoch.epoch:>3}  loss {epoch.train_loss:.4f}  accuracy {epoch.train_accuracy:.2%}  "
        f"validation loss {epoch.validation_loss:.4f}  accuracy {epoch.validation_accuracy:.2%}{'*' if best else ' '}  "
        f"{epoch.images_per_second:,.0f} images/s  {epoch.seconds:.1f} s"
    )
