"""Every step's loss as CSV, beside the epochs that `history.csv` always has."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from striate.runs.logs.logs import Beginning
from striate.training.moment import Moment

STEPS = "steps.csv"
HEAD = ("epoch", "batch", "examples", "loss")


class Log:
    """`logs/steps.csv`: a line for each step, with how many examples of the epoch are done and the batch's mean loss.

    A training that goes on drops the lines of steps that it makes again.
    """

    def __init__(self, beginning: Beginning) -> None:
        path = beginning.folder / STEPS
        again = path.with_suffix(".new")
        with again.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([HEAD, *_kept(path, beginning.at)])
        again.replace(path)
        self.file = path.open("a", buffering=1, newline="", encoding="utf-8")  # each line is written: a kill loses none
        self.writer = csv.writer(self.file, lineterminator="\n")

    def batch(self, now: Moment, loss: float) -> None:
        """A line."""
        self.writer.writerow((now.epoch, now.batches, now.done, f"{loss:.6g}"))

    def epoch(self, row: Mapping[str, float]) -> None:
        """Nothing: the epochs are in `history.csv`."""

    def end(self, figures: Mapping[str, float]) -> None:
        """The file is closed."""
        self.file.close()


def _kept(path: Path, at: tuple[int, int]) -> list[list[str]]:
    """The lines of an earlier part of the training."""
    if not path.is_file() or at == (0, 0):
        return []
    done, batches = at
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if len(row) == len(HEAD) and row[0].isdecimal() and row[1].isdecimal()]
    return [row for row in rows if int(row[0]) <= done or (int(row[0]) == done + 1 and int(row[1]) <= batches)]
