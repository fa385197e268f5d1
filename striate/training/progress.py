"""Progress on standard error: on a terminal the running epoch in one line, and a line for each epoch that is done.

A narrow terminal gets fewer figures, never cut ones. Without a terminal there is only the line for each epoch.
After the first batches of a long training a line says how long it will take, while stopping still costs nothing.

>>> now = Moment(epoch=3, epochs=10, done=12_800, images=60_000, loss=0.1234, accuracy=0.9651, speed=45_000, left=83)
>>> print(now.shown(80))
epoch 3/10  12,800/60,000  accuracy 96.51%  0:01:23 left  loss 0.1234
>>> print(now.shown(40))
epoch 3/10 12,800/60,000 96.5% 0:01:23
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from striate.training.history import Epoch, History

INTERVAL = 0.1  # seconds between two updates of the running epoch
SURE = 3  # batches, and seconds, after which the time left is known well enough to report
LONG = 60  # seconds left that are worth a line
LEAST_BAR, MOST_BAR = 8, 40  # columns of the bar, where they are free


class Quiet(AbstractContextManager["Quiet"]):
    """Shows nothing."""

    def batch(self, epoch: int, done: int, loss: float, correct: int) -> None:
        """Nothing."""

    def epoch(self, history: History) -> None:
        """Nothing."""

    def __exit__(self, *error: object) -> None:
        """Nothing to close."""


@dataclass(frozen=True)
class Moment:
    """The running epoch at a moment.

    Attributes:
        epoch: Its number, from 1.
        epochs: Epochs in all.
        done: Images learned from in this epoch.
        images: Images that an epoch has.
        loss: Mean over the images done.
        accuracy: Fraction of them that was right.
        speed: Images per second.
        left: Seconds until all epochs are over.
    """

    epoch: int
    epochs: int
    done: int
    images: int
    loss: float
    accuracy: float
    speed: float
    left: float

    def shown(self, width: int) -> str:
        """The figures in this many columns: epoch, images, accuracy and time left always, others where they fit."""
        epoch, count = f"{self.epoch}/{self.epochs}", f"{self.done:,}/{self.images:,}"
        minutes, seconds = divmod(round(self.left), 60)
        left = f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        needed = [f"epoch {epoch}", count, f"accuracy {self.accuracy:.2%}", f"{left} left"]
        extra = [f"loss {self.loss:.4f}", f"{self.speed:,.0f} images/s"]
        ways = (
            *("  ".join(needed + extra[:number]) for number in (2, 1, 0)),
            " ".join((f"epoch {epoch}", count, f"{self.accuracy:.1%}", left)),
            " ".join((epoch, count, f"{self.accuracy:.1%}", left)),
            " ".join((epoch, f"{self.done / self.images:.0%}", f"{self.accuracy:.1%}", left)),
        )
        return next((way for way in ways if len(way) <= width), ways[-1])


class Bar(Quiet):
    """The running epoch, and one line for each finished one.

    Args:
        images: Training images per epoch.
        epochs: Epochs in all.
        first: Epochs done already.
        console: Where to draw; standard error.
    """

    def __init__(self, images: int, epochs: int, first: int = 0, console: Console | None = None) -> None:
        self.images, self.epochs, self.first = images, epochs, first
        self.console = console or Console(stderr=True)
        self.started = self.looked = time.perf_counter()
        self.batches, self.estimated = 0, False
        self.now = Moment(first + 1, epochs, 0, images, float("nan"), float("nan"), 0.0, 0.0)
        live = self.console.is_interactive and not self.console.is_dumb_terminal
        self.live = Live(get_renderable=self._drawn, console=self.console, transient=True) if live else None

    def __enter__(self) -> Bar:
        self.started = time.perf_counter()
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self.live:
            self.live.stop()

    def batch(self, epoch: int, done: int, loss: float, correct: int) -> None:
        """Shows new figures a few times per second and, once, how long training will take."""
        now = time.perf_counter()
        self.batches += 1
        if now - self.looked < INTERVAL:
            return
        self.looked = now
        learned = (epoch - 1 - self.first) * self.images + done
        seconds = (now - self.started) / learned  # seconds per image, with a share for validation and saving
        left = ((self.epochs - epoch + 1) * self.images - done) * seconds
        self.now = Moment(epoch, self.epochs, done, self.images, loss / done, correct / done, 1 / seconds, left)
        if not self.estimated and self.batches >= SURE and now - self.started >= SURE:
            self.estimated = True
            if left > LONG:
                self.console.print(f"about {duration(left)} to go; Ctrl-C keeps the best weights", highlight=False)

    def epoch(self, history: History) -> None:
        """Prints the epoch's figures in one line."""
        self.console.print(line(history.epochs[-1], best=history.last_is_best), highlight=False, soft_wrap=True)

    def _drawn(self) -> Table | Text:
        width = self.console.width
        figures = Text(
            self.now.shown(width) if self.now.speed else f"epoch {self.now.epoch}/{self.epochs}", no_wrap=True
        )
        if (free := width - len(figures) - 2) < LEAST_BAR:
            return figures
        row = Table.grid(padding=(0, 1))
        row.add_row(ProgressBar(total=self.images, completed=self.now.done, width=min(free, MOST_BAR)), figures)
        return row


def duration(seconds: float) -> str:
    """A duration in everyday words.

    >>> duration(75), duration(600), duration(9000), duration(100_000)
    ('75 seconds', '10 minutes', '2.5 hours', '28 hours')
    """
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            count = seconds / size
            return f"{count:.0f} {unit}" if count >= 10 or unit == "minutes" else f"{count:.1f} {unit}"
    return f"{seconds:.0f} seconds"


def line(epoch: Epoch, best: bool) -> str:
    """The figures of an epoch in one line; `kept` after those whose weights are."""
    accuracy = f"{epoch.validation_accuracy:.2%}{' kept' if best else ''}"
    return (
        f"epoch {epoch.epoch:>3}  loss {epoch.train_loss:.4f}  accuracy {epoch.train_accuracy:.2%}  "
        f"validation loss {epoch.validation_loss:.4f}  accuracy {accuracy}  "
        f"{epoch.images_per_second:,.0f} images/s  {epoch.seconds:.1f} s"
    )
