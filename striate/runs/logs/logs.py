"""What passes a training on to its loggers. One that fails is left out from then on, and a line says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from striate.training.history import History
from striate.training.moment import Moment
from striate.training.progress import Quiet

START = Moment()
LOGS = "logs"  # the folder of a run that they write to


class Logger(Protocol):
    """What a logger's file defines, as a class `Log` that is made of a `Beginning`."""

    def batch(self, now: Moment, loss: float) -> None:
        """After a step; `loss` is that of its batch."""

    def epoch(self, row: Mapping[str, float]) -> None:
        """After an epoch: its row, as in `history.csv`."""

    def end(self, figures: Mapping[str, float]) -> None:
        """After the training, however it ended: the figures of the weights that are kept."""


class Beginning:
    """What a logger is told at first.

    Attributes:
        root: The run's folder.
        config: The run's configuration.
        at: The epochs that are done already, and the batches of the next.
    """

    def __init__(self, root: Path, config: Mapping[str, Any], at: tuple[int, int]) -> None:
        self.root, self.config, self.at = root, config, at

    @property
    def name(self) -> str:
        """The run's name."""
        return self.root.name

    @property
    def folder(self) -> Path:
        """Where in the run logs go; it is made."""
        (self.root / LOGS).mkdir(parents=True, exist_ok=True)
        return self.root / LOGS

    def settings(self) -> dict[str, Any]:
        """The options and what else tells runs apart, by name."""
        data, task = self.config["data"], self.config["task"]
        about = {"network": self.config["network"], "data": data["name"], "task": task["word"]}
        where = {name: self.config[name] for name in ("engine", "device")}
        return about | where | dict(self.config["options"])

    def kept(self, file: str, made: Callable[[], str]) -> str:
        """A word that is made once and kept in the run, so that a training that goes on finds its own log again."""
        path = self.folder / file
        if self.at == (0, 0) or not path.is_file():
            path.write_text(made(), encoding="utf-8")
        return path.read_text(encoding="utf-8").strip()


@contextmanager
def closed_at_end(logs: Logs) -> Iterator[None]:
    """However the work within ends, what was logged is written."""
    try:
        yield
    finally:
        logs.end({})


def opened(
    names: Iterable[str],
    root: Path,
    config: Mapping[str, Any],
    done: int,
    at: Moment,
    say: Callable[[str], None],
) -> Logs:
    """The loggers of these names, ready to write; `done` epochs are done, and the next is `at` some batch."""
    logs, beginning = Logs(say, at), Beginning(root, config, (done, at.batches))
    for name in names:
        logs.add(name, partial(_made, name, beginning))
    return logs


def _made(name: str, beginning: Beginning) -> Logger:
    made: Logger = import_module(f"striate.runs.logs.to_{name}").Log(beginning)
    return made


class Logs(Quiet):
    """A watcher that passes all on to loggers.

    Args:
        say: Is told of one that failed.
        before: Where the training goes on.
    """

    def __init__(self, say: Callable[[str], None], before: Moment = START) -> None:
        self.say = say
        self.loggers: dict[str, Logger] = {}
        self.before = before

    def add(self, name: str, made: Callable[[], Logger]) -> None:
        """One more, unless it can't be made."""
        self._tried(name, lambda: self.loggers.update({name: made()}))

    def batch(self, now: Moment) -> None:
        """A step."""
        if not self.loggers:
            return
        before = self.before if self.before.epoch == now.epoch and self.before.done < now.done else Moment()
        loss = (sum(now.parts.values()) - sum(before.parts.values())) / (now.done - before.done)
        self.before = now
        self._all(lambda logger: logger.batch(now, loss))

    def epoch(self, history: History) -> None:
        """An epoch."""
        row = {name: value for name, value in history.epochs[-1].row(history.unit).items() if value is not None}
        self._all(lambda logger: logger.epoch(row))

    def end(self, figures: Mapping[str, float]) -> None:
        """The end of the training; nothing is written after it."""
        self._all(lambda logger: logger.end(figures))
        self.loggers = {}

    def _all(self, told: Callable[[Logger], object]) -> None:
        for name, logger in list(self.loggers.items()):
            self._tried(name, partial(told, logger))

    def _tried(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # whatever a foreign package raises: the training is worth more than its log
            self.loggers.pop(name, None)
            why = (str(error).strip() or type(error).__name__).splitlines()[0]
            self.say(f"the logger {name} failed and is left out from now on: {why}")
