"""Progress on standard error: on a terminal the running epoch in one line, and a line for each epoch that is done.

A narrow terminal gets fewer figures, never cut ones. Without a terminal there is only the line for each epoch.
After the first batches of a long training a line says how long it will take, while stopping still costs nothing.

>>> now = Running(3, 10, 12_800, 60_000, 0.1234, speed=45_000, left=83, decides="accuracy", right=0.9651)
>>> print(now.shown(80))
epoch 3/10  12,800/60,000  accuracy 96.51%  0:01:23 left  loss 0.1234
>>> print(now.shown(40))
epoch 3/10 12,800/60,000 96.5% 0:01:23
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from striate.training.fields import Fields
from striate.training.history import IMAGES, LOSS, TRAIN, VALIDATION, History
from striate.training.moment import Moment

INTERVAL = 0.1  # seconds between two updates of the running epoch
SURE = 3  # batches, and seconds, after which the time left is known well enough to report
LONG = 60  # seconds left that are worth a line
LEAST_BAR, MOST_BAR = 8, 40  # columns of the bar, where they are free


class Quiet(AbstractContextManager["Quiet"]):
    """Shows nothing."""

    def batch(self, now: Moment) -> None:
        """Nothing."""

    def looked(self, done: int, count: int) -> None:
        """Nothing."""

    def measured(self, rows: Fields) -> None:
        """Nothing."""

    def epoch(self, history: History) -> None:
        """Nothing."""

    def __exit__(self, *error: object) -> None:
        """Nothing to close."""


@dataclass(frozen=True)
class Running:
    """The running epoch at a moment.

    Attributes:
        epoch: Its number, from 1.
        epochs: Epochs in all.
        done: Examples learned from in this epoch.
        examples: Examples that an epoch has.
        loss: Mean over the examples done.
        speed: Examples per second.
        left: Seconds until all epochs are over.
        decides: What the decisions of the network that are right are called; empty where there are none.
        right: The fraction of them.
        unit: What examples are called.
    """

    epoch: int
    epochs: int
    done: int
    examples: int
    loss: float
    speed: float
    left: float
    decides: str = ""
    right: float = 0.0
    unit: str = IMAGES

    def shown(self, width: int) -> str:
        """The figures in so many columns: epoch, examples, the first figure and time left; others where they fit."""
        epoch, count = f"{self.epoch}/{self.epochs}", f"{self.done:,}/{self.examples:,}"
        minutes, seconds = divmod(round(self.left), 60)
        left = f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        loss = f"loss {self.loss:.4f}"
        first = f"{self.decides.replace('_', ' ')} {self.right:.2%}" if self.decides else loss
        short = f"{self.right:.1%}" if self.decides else f"{self.loss:.3g}"
        needed = [f"epoch {epoch}", count, first, f"{left} left"]
        extra = [loss] * bool(self.decides) + [f"{self.speed:,.0f} {self.unit}/s"]
        ways = (
            *("  ".join(needed + extra[:number]) for number in (2, 1, 0)),
            " ".join((f"epoch {epoch}", count, short, left)),
            " ".join((epoch, count, short, left)),
            " ".join((epoch, f"{self.done / self.examples:.0%}", short, left)),
        )
        return next((way for way in ways if len(way) <= width), ways[-1])


class Bar(Quiet):
    """The running epoch, and one line for each finished one.

    Args:
        examples: Training examples per epoch.
        epochs: Epochs in all.
        first: Epochs done already.
        console: Where to draw; standard error.
        decides: What the network's decisions that are right are called; empty where there are none.
        unit: What examples are called.
        begun: Examples of the first epoch that are done already.
    """

    def __init__(
        self,
        examples: int,
        epochs: int,
        first: int = 0,
        console: Console | None = None,
        decides: str = "",
        unit: str = IMAGES,
        begun: int = 0,
    ) -> None:
        self.examples, self.epochs, self.first = examples, epochs, first
        self.decides, self.unit = decides, unit
        self.console = console or Console(stderr=True)
        self.started = self.shown_at = time.perf_counter()
        self.batches, self.estimated, self.begun = 0, False, begun
        self.now = Running(first + 1, epochs, 0, examples, float("nan"), 0.0, 0.0)
        live = self.console.is_interactive and not self.console.is_dumb_terminal
        self.looking = ""
        self.live = Live(get_renderable=self._drawn, console=self.console, transient=True) if live else None

    def __enter__(self) -> Bar:
        self.started = time.perf_counter()
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self.live:
            self.live.stop()

    def batch(self, now: Moment) -> None:
        """Shows new figures a few times per second and, once, how long training will take."""
        clock, self.looking = time.perf_counter(), ""
        self.batches += 1
        if clock - self.shown_at < INTERVAL:
            return
        self.shown_at = clock
        learned = (now.epoch - 1 - self.first) * self.examples + now.done - self.begun
        seconds = (clock - self.started) / learned  # seconds per example, with a share for validation and saving
        left = ((self.epochs - now.epoch + 1) * self.examples - now.done) * seconds
        self.now = Running(
            now.epoch,
            self.epochs,
            now.done,
            self.examples,
            now.loss,
            1 / seconds,
            left,
            self.decides if now.decided else "",
            now.right / max(1, now.decided),
            self.unit,
        )
        if not self.estimated and self.batches >= SURE and clock - self.started >= SURE:
            self.estimated = True
            if left > LONG:
                self.console.print(f"about {duration(left)} to go; Ctrl-C keeps the best weights", highlight=False)

    def looked(self, done: int, count: int) -> None:
        """Shows how far the look at the validation set is."""
        self.looking = f"{done:,}/{count:,} validation {self.unit}" if done < count else ""

    def epoch(self, history: History) -> None:
        """Prints the epoch's figures in one line."""
        self.console.print(line(history), highlight=False, soft_wrap=True)

    def _drawn(self) -> Table | Text:
        width = self.console.width
        if self.looking:
            return Text(f"epoch {self.now.epoch}/{self.epochs}  {self.looking}", no_wrap=True)
        figures = Text(
            self.now.shown(width) if self.now.speed else f"epoch {self.now.epoch}/{self.epochs}", no_wrap=True
        )
        if (free := width - len(figures) - 2) < LEAST_BAR:
            return figures
        row = Table.grid(padding=(0, 1))
        row.add_row(ProgressBar(total=self.examples, completed=self.now.done, width=min(free, MOST_BAR)), figures)
        return row


@contextmanager
def looking(
    what: str, unit: str = IMAGES, quiet: bool = False, console: Console | None = None
) -> Iterator[Callable[[int, int], None]]:
    """Shows how far an evaluation is: yields what is told how many examples are done, and of how many.

    On a terminal it is a bar, for as long as it takes; else a line says of a long one how long it will take.

    >>> with looking("the test set") as looked:
    ...     looked(64, 128)
    """
    console = console or Console(stderr=True)
    shown = console.is_interactive and not console.is_dumb_terminal
    started, told = time.perf_counter(), False
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not shown) as bar:
        task = bar.add_task(what)

        def looked(done: int, count: int) -> None:
            nonlocal told
            bar.update(task, completed=done, total=count)
            seconds = time.perf_counter() - started
            left = seconds * (count - done) / done
            if not shown and not quiet and not told and seconds >= SURE and left >= SURE:
                told = True
                console.print(f"{what}: about {duration(left)} to go", highlight=False)

        yield looked


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


def line(history: History) -> str:
    """The figures of the newest epoch in one line; `kept` after those whose weights are."""
    epoch, metric = history.epochs[-1], history.metric
    chosen = VALIDATION + metric.name
    words = [f"loss {epoch.figures[TRAIN + LOSS]:.4f}"]
    words += [
        f"{one.words} {one.shown(epoch.figures[TRAIN + one.name])}"
        for one in history.metrics or (metric,)
        if TRAIN + one.name in epoch.figures
    ]
    words.append(f"validation loss {epoch.figures[VALIDATION + LOSS]:.4f}")
    words.append(f"{metric.words} {metric.shown(epoch.figures[chosen])}{' kept' if history.last_is_best else ''}")
    words += [f"{epoch.per_second:,.0f} {history.unit}/s", f"{epoch.seconds:.1f} s"]
    return f"epoch {epoch.epoch:>3}  " + "  ".join(words)
