"""The results of a benchmark: each contestant's speed round by round, and ratios and shares from it.

>>> race = Race("training", (Entry("torch", 8, (10.0, 30.0, 20.0)), Entry("plain", 8, (5.0, 10.0, 40.0))))
>>> race.ratios(race.entries[0])
[2.0, 3.0, 0.5]
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

REFERENCE = "plain"  # the reference of ratios, where it takes part
OF_PYTORCH = (  # the settings that a user can choose from
    *("plain", "plain-bf16", "torch-compile", "torch-compile-bf16", "torch-compile-bf16-channels-last"),
)


@dataclass(frozen=True)
class Entry:
    """One contestant at one batch size.

    Attributes:
        engine: Its name.
        batch: Images in a batch.
        speeds: Images per second, one number per round.
    """

    engine: str
    batch: int
    speeds: tuple[float, ...]

    @property
    def name(self) -> str:
        """Such as `plain-bf16 at batch 64`."""
        return f"{self.engine} at batch {self.batch}"


@dataclass(frozen=True)
class Race:
    """All contestants in one kind of work, measured in the same rounds.

    Attributes:
        work: "training" or "inference".
        entries: In the order asked for.
        operations: Floating-point operations for one image; two per multiply-add.
        peak: What the machine could do at most in the same rounds, operations per second; 0 where not measured.
    """

    work: str
    entries: tuple[Entry, ...]
    operations: int = 0
    peak: float = 0.0

    def ratios(self, entry: Entry) -> list[float]:
        """An entry's speed over the reference's at its batch size, round by round.

        The reference is the plain PyTorch loop, or else the first engine of that batch size.
        """
        same = [other for other in self.entries if other.batch == entry.batch]
        reference = next((other for other in same if other.engine == REFERENCE), same[0])
        return _ratios(entry, reference)

    def shares(self, entry: Entry) -> list[float]:
        """An entry's share of the machine's peak, round by round; empty where the peak is not known."""
        if not self.operations or not self.peak:
            return []
        return [speed * self.operations / self.peak for speed in entry.speeds]

    def best(self) -> tuple[Entry, Entry, list[float]] | None:
        """Our fastest entry, PyTorch's fastest at any setting and batch size, and their ratios; None without both."""
        ours = [entry for entry in self.entries if entry.engine in ("native", "torch")]
        theirs = [entry for entry in self.entries if entry.engine in OF_PYTORCH]
        if not ours or not theirs:
            return None
        first, second = (max(side, key=lambda entry: statistics.median(entry.speeds)) for side in (ours, theirs))
        return first, second, _ratios(first, second)

    def to_json(self) -> list[dict[str, Any]]:
        """One object per entry: medians with the spread from the first to the third quartile."""
        return [self._entry_to_json(entry) for entry in self.entries]

    def _entry_to_json(self, entry: Entry) -> dict[str, Any]:
        lists = {"images_per_second": list(entry.speeds), "ratio": self.ratios(entry), "share": self.shares(entry)}
        figures = {name: _figures(values) for name, values in lists.items()}
        about = {"work": self.work, "batch": entry.batch, "engine": entry.engine, "rounds": len(entry.speeds)}
        microseconds = 1e6 / statistics.median(entry.speeds)
        return {**about, "operations_per_image": self.operations, "microseconds_per_image": microseconds, **figures}


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, first and third quartile.

    >>> spread([1.0, 2.0, 3.0, 4.0, 5.0])
    (3.0, 2.0, 4.0)
    """
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, low, high


def _ratios(entry: Entry, reference: Entry) -> list[float]:
    return [a / b for a, b in zip(entry.speeds, reference.speeds, strict=True)]


def _figures(values: Sequence[float]) -> dict[str, float] | None:
    return dict(zip(("median", "low", "high"), spread(values), strict=True)) if values else None
