"""What cross-validation gives, and where it is kept: a folder with a run for each fold, their figures, and a table.

>>> found = Folds(Path("runs/a"), ({"accuracy": 0.9}, {"accuracy": 0.8}, {"accuracy": 0.7}))
>>> round(found.mean["accuracy"], 3), round(found.spread["accuracy"], 3)
(0.8, 0.1)
"""

from __future__ import annotations

import csv
import io
import json
import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from striate.errors import InputError, WorkError

STATE, TABLE = "folds.json", "out-of-fold.csv"
ROW = "row"  # the column that orders the table: the position among all training examples


@dataclass(frozen=True)
class Folds:
    """A training for each fold, judged on the examples that it did not see.

    Attributes:
        path: The folder; `fold-1` and so on are runs, and `out-of-fold.csv` has the answers on all examples.
        figures: The figures of each fold by name. The best epoch was chosen by them, so that they flatter a little.
    """

    path: Path
    figures: tuple[Mapping[str, float], ...]

    @property
    def runs(self) -> list[Path]:
        """The run of each fold."""
        return [run_of(self.path, number) for number, _ in enumerate(self.figures, start=1)]

    @property
    def mean(self) -> dict[str, float]:
        """The mean of each figure over the folds."""
        return {name: statistics.fmean(self._all(name)) for name in self.figures[0]}

    @property
    def spread(self) -> dict[str, float]:
        """The standard deviation of each figure over the folds, of one fold and not of the mean."""
        return {name: float(np.std(self._all(name), ddof=1)) for name in self.figures[0]}

    def _all(self, name: str) -> list[float]:
        return [one[name] for one in self.figures]

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate folds --json`."""
        each = [{"run": str(run), **figures} for run, figures in zip(self.runs, self.figures, strict=True)]
        return {"folds": each, "mean": self.mean, "spread": self.spread, "answers": str(self.path / TABLE)}


def run_of(root: Path, number: int) -> Path:
    """The folder of a fold's run."""
    return root / f"fold-{number}"


class Kept:
    """The folder while the folds are trained: what is finished stays finished.

    Args:
        root: The folder.
        about: What is trained, as JSON has it: only the same goes on.

    Raises:
        InputError: The folder holds something else.
        WorkError: It can't be read or written.
    """

    def __init__(self, root: Path, about: Mapping[str, Any]) -> None:
        self.root, self.about = root, json.loads(json.dumps(about))
        self.done: dict[int, dict[str, float]] = {}
        if (root / STATE).is_file():
            self._read()
        elif root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise InputError(f"{root} holds something already; choose another folder with `out`")
        else:
            self._save()

    def _read(self) -> None:
        try:
            state = json.loads((self.root / STATE).read_text(encoding="utf-8"))
            before, done = state["about"], {int(number): figures for number, figures in state["done"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise WorkError(f"{self.root / STATE} can't be read; choose another folder with `out`") from None
        if before != self.about:
            apart = next(name for name in self.about if before.get(name) != self.about[name])
            raise InputError(
                f"the folds in {self.root} have another {apart}; ask for the same, or choose another `out`"
            )
        self.done = {number: figures for number, figures in done.items() if self._table(number).is_file()}

    def _table(self, number: int) -> Path:
        return self.root / f"fold-{number}.csv"

    def finish(self, number: int, figures: Mapping[str, float], rows: Sequence[Mapping[str, Any]]) -> None:
        """A fold is trained, and these are its answers."""
        self._write(self._table(number), _as_csv(rows))
        self.done[number] = dict(figures)
        self._save()

    def join(self, count: int) -> Folds:
        """All folds are finished: one table of all answers, in the order of the examples."""
        rows = list[dict[str, str]]()
        for number in range(1, count + 1):
            with self._table(number).open(encoding="utf-8", errors="surrogateescape", newline="") as file:
                rows += csv.DictReader(file)
        self._write(self.root / TABLE, _as_csv(sorted(rows, key=lambda row: int(row[ROW]))))
        return Folds(self.root, tuple(self.done[number] for number in range(1, count + 1)))

    def _save(self) -> None:
        self._write(self.root / STATE, json.dumps({"about": self.about, "done": self.done}, indent=2))

    def _write(self, path: Path, text: str) -> None:
        """The whole file, or what was there before."""
        fresh = path.with_name(path.name + ".new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
            os.replace(fresh, path)
        except OSError as error:
            raise WorkError(f"can't write {path}: {error.strerror}") from None


def _as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()
