"""What the folder of a run says at a glance, without PyTorch: what was trained, how far it is, how good it is.

A file that is damaged is named, and what the others say is still listed.

>>> import tempfile
>>> listed(Path(tempfile.mkdtemp())).state
'damaged'
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from striate.errors import StriateError
from striate.metrics.interval import Interval, wilson
from striate.metrics.metric import Metric
from striate.notation import bind, measure, parse
from striate.training.history import LOSS, VALIDATION, Epoch, History
from striate.training.saved import NET, REPORT, TEXTS, SavedRun
from striate.training.store import SUMS

FINISHED, INTERRUPTED, RUNNING, DAMAGED = "finished", "interrupted", "running?", "damaged"
STOPPED = "stopped early"
STOPPED_FILE = "stopped-early.txt"  # in the folder of a run that a search has stopped
QUIET = 600.0  # seconds: a training writes something at least every five minutes


@dataclass(frozen=True)
class Listed:
    """A run as it is listed.

    Attributes:
        path: Its folder.
        config: What `config.json` says; empty where that is lost.
        history: The epochs that were finished.
        net: The network's text; empty where that is lost.
        changed: When something was last written in it, in seconds since 1970.
        reported: Whether its report is written, which is the last thing that a training does.
        stopped: Whether a search has stopped it.
        damage: What is damaged, a sentence for each file.
    """

    path: Path
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    history: History = field(default_factory=History, repr=False)
    net: str = field(default="", repr=False)
    changed: float = 0.0
    reported: bool = False
    stopped: bool = False
    damage: tuple[str, ...] = ()

    @property
    def planned(self) -> int:
        """The epochs that it was started for."""
        return int(self.options.get("epochs", 0))

    @property
    def options(self) -> Mapping[str, Any]:
        """How it was trained."""
        return dict(self.config.get("options", {}))

    @property
    def state(self) -> str:
        """Finished, stopped early by a search, interrupted, perhaps still running, or damaged.

        A run that is not finished and has been written to in the last ten minutes may still be running.
        """
        if self.damage:
            return DAMAGED
        if self.reported and (len(self.history) >= self.planned or self._out_of_patience()):
            return FINISHED
        if self.stopped:
            return STOPPED
        return RUNNING if not self.reported and time.time() - self.changed < QUIET else INTERRUPTED

    def _out_of_patience(self) -> bool:
        patience = self.options.get("patience") or 0
        return bool(patience and self.history and len(self.history) - self.history.highest.epoch >= patience)

    @property
    def best(self) -> Epoch | None:
        """The epoch whose weights are kept."""
        return self.history.best if self.history else None

    @property
    def metric(self) -> Metric | None:
        """What chose it."""
        return self.history.metric if self.history else None

    @property
    def value(self) -> float | None:
        """What the metric is on the validation examples."""
        return self.history.value(self.history.best) if self.history else None

    @property
    def counts(self) -> tuple[int, int] | None:
        """How many validation examples are right, and of how many; None where the metric does not count."""
        if not self.best or not self.metric or self.value is None or not self.metric.counted:
            return None
        return (round(self.value * self.best.validated), self.best.validated) if self.best.validated else None

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of a metric that counts."""
        return wilson(*self.counts) if self.counts else None

    @property
    def error(self) -> float | None:
        """The share that is wrong, of a metric that counts."""
        return 1 - self.value if self.metric and self.metric.counted and self.value is not None else None

    @property
    def seconds(self) -> float:
        """What its epochs took."""
        return sum(epoch.seconds for epoch in self.history.epochs)

    @cached_property
    def parameters(self) -> int | None:
        """Of its network; None where its text is lost or holds a module of one's own."""
        return _parameters(self.net)

    def facts(self) -> dict[str, Any]:
        """All there is to list, sort and filter by; the options stand beside the rest."""
        own = {
            "run": str(self.path),
            "task": self.config.get("task", {}).get("word"),
            "network": self.config.get("network"),
            "data": self.config.get("data", {}).get("name"),
            "state": self.state,
            "epochs_done": len(self.history),
            "best_epoch": self.best.epoch if self.best else None,
            "metric": self.metric.name if self.metric else None,
            "best": self.value,
            "interval": list(self.interval) if self.interval else None,
            "error": self.error,
            "loss": self.best.figures[VALIDATION + LOSS] if self.best else None,
            "parameters": self.parameters,
            "seconds": self.seconds,
            "changed": self.changed,
            "engine": self.config.get("engine"),
            "device": self.config.get("device"),
            "damage": list(self.damage),
        }
        return own | {name: value for name, value in self.options.items() if name not in own}


def clock(seconds: float) -> str:
    """A duration as clocks show it.

    >>> clock(3725.4)
    '1:02:05'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def listed(path: Path, whole: bool = False) -> Listed:
    """A run as its folder has it; what can't be read is named in its damage.

    Args:
        path: Its folder.
        whole: Whether the weights are read and checked too, which takes as long as reading them does.
    """
    stopped = (path / STOPPED_FILE).is_file()
    times: dict[str, Any] = {"changed": _changed(path), "reported": (path / REPORT).is_file(), "stopped": stopped}
    try:
        saved = SavedRun.open(path)
        damage = saved.check() if whole else _missing(saved)
        return Listed(path, saved.config(), saved.history(), saved.net(), damage=tuple(damage), **times)
    except (StriateError, OSError, KeyError, TypeError, ValueError) as error:  # a config that is whole, but no config
        return Listed(path, damage=(f"{path} can't be read: {error}",), **times)


def _missing(saved: SavedRun) -> list[str]:
    """What is wrong with the texts, and which files that are listed are missing; weights are not read."""
    known = {*saved.store.listed(), *TEXTS, SUMS}
    return [reason for name, reason in saved.store.damaged(TEXTS).items() if name in known]


def _changed(path: Path) -> float:
    """When the newest file of a run was written; each writing replaces the list of sums."""
    times = [place.stat().st_mtime for place in (path / SUMS, path / NET, path) if place.exists()]
    return times[0] if times else 0.0


@lru_cache(maxsize=1024)
def _parameters(net: str) -> int | None:
    try:
        return measure(bind(parse(net))).total_parameters
    except StriateError:
        return None
