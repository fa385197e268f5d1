"""Runs side by side: the settings that differ, the figures, and whether these differ by more than chance.

>>> import tempfile
>>> from striate.runs.training import train
>>> root = Path(tempfile.mkdtemp())
>>> for batch in (64, 128):
...     _ = train("input 1x8x8 -> fc 10", "digits", epochs=1, batch=batch, out=root / str(batch), quiet=True)
>>> compare(root / "64", root / "128").settings
{'options.batch': (64, 128)}
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striate.checks import path_of
from striate.errors import InputError, WorkError
from striate.runs.differing import PAIRS, SHARES, Difference, by_examples, by_shares
from striate.runs.listed import Listed, listed
from striate.runs.listing import find
from striate.training.saved import SavedRun

UNTOLD = ("command", "decisions", "metrics", "unit", "wanted", "format")  # follow from the rest, or are no settings
OF_DATA = ("recipe",)  # differs wherever the data do
NET = "network's text"


@dataclass(frozen=True)
class Comparison:
    """Several runs side by side.

    Attributes:
        runs: As they were named.
        settings: What each has of every setting in which they are not all the same; None for what one lacks.
        best: The position of the one whose figure is best; None where they have other data or
            metrics, so that their figures do not compare.
        differences: What that one is ahead of each run; None of itself, and of what can't be compared.
        method: How it was decided whether they differ by more than chance.
        tested: How many of so many test examples each has right; empty where they were not tested.
    """

    runs: tuple[Listed, ...]
    settings: Mapping[str, tuple[Any, ...]]
    best: int | None = None
    differences: tuple[Difference | None, ...] = ()
    method: str = ""
    tested: tuple[tuple[int, int], ...] = ()

    @property
    def names(self) -> list[str]:
        """The runs' paths without what all have in common."""
        paths = [os.path.abspath(run.path) for run in self.runs]
        common = os.path.commonpath([os.path.dirname(path) for path in paths]) if len(set(paths)) > 1 else ""
        return [os.path.relpath(path, common) if common else path for path in paths]

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate runs compare --json`."""
        return {
            "runs": [run.facts() for run in self.runs],
            "settings": {name: list(values) for name, values in self.settings.items()},
            "best": None if self.best is None else str(self.runs[self.best].path),
            "differences": [one and dataclasses.asdict(one) for one in self.differences],
            "method": self.method,
            "tested": [{"right": right, "examples": count} for right, count in self.tested],
        }

    def save(self, path: str | Path) -> None:
        """Write the page of it: tables and curves, in one file that needs no other.

        Raises:
            WorkError: It can't be written.
        """
        from striate.runs.together import page  # takes the drawing package

        place = path_of(path, "a page")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(page(self), encoding="utf-8")
        except (OSError, ValueError) as error:
            raise WorkError(f"can't write {place}: {getattr(error, 'strerror', error)}") from None


def compare(*paths: str | os.PathLike[str], test: bool = False, data: Any = None) -> Comparison:
    """Runs side by side.

    Args:
        paths: Two runs or more, or folders of them.
        test: Whether each is tested on the test examples of what it was trained on, to compare them example by example.
        data: Other data to test them on.

    Raises:
        InputError: There are fewer than two, one is no run, or they can't be tested on the same examples.
    """
    found = [path for one in paths for path in _runs_of(one)]
    if len(found) < 2:
        raise InputError(f"to compare takes two runs or more. Received: {', '.join(map(str, paths)) or 'none'}")
    runs = tuple(listed(path) for path in found)
    right = answered(runs, data) if test or data is not None else None
    made = Comparison(runs, differing(runs))
    if right is not None:
        return _by_examples(made, right)
    return _by_shares(made)


def _runs_of(path: Any) -> list[Path]:
    place = path_of(path, "a run")
    if place.is_dir() and (found := find([place])):
        return found
    return [SavedRun.open(place).root]  # or it is refused, with the nearest name


def same_data(runs: Sequence[Listed]) -> bool:
    """Whether all were trained on the same data."""
    return len({(data := run.config.get("data", {})).get("sha256") or data.get("source") for run in runs}) == 1


def differing(runs: Sequence[Listed]) -> dict[str, tuple[Any, ...]]:
    """The settings in which runs are not all the same, by their names in `config.json`."""
    untold = UNTOLD if same_data(runs) else (*UNTOLD, *OF_DATA)
    flat = [_flat({name: value for name, value in run.config.items() if name not in untold}) for run in runs]
    texts = ["\n".join(run.net.splitlines()[1:]) for run in runs]  # the first line is the network's name
    flat = [one | {NET: text} for one, text in zip(flat, texts, strict=True)]
    names = dict.fromkeys(name for one in flat for name in one)
    rows = {name: tuple(one.get(name) for one in flat) for name in names}
    shown = rows.keys() - {"data.sha256"} if len(set(rows.get("data.name", ()))) > 1 else rows
    return {name: rows[name] for name in rows if name in shown and any(one != rows[name][0] for one in rows[name])}


def _flat(value: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """A dictionary of dictionaries as one; names are joined by points."""
    made: dict[str, Any] = {}
    for name, one in value.items():
        made |= _flat(one, f"{before}{name}.") if isinstance(one, Mapping) else {before + name: one}
    return made


def _by_shares(made: Comparison) -> Comparison:
    """With the difference of each to the best, by the intervals of their validation figures."""
    metric = made.runs[0].metric
    if metric is None or {run.metric for run in made.runs} != {metric} or not same_data(made.runs):
        return made
    ranks = [metric.rank(run.value) if run.value is not None else float("-inf") for run in made.runs]
    best = max(range(len(ranks)), key=ranks.__getitem__)
    counts = [run.counts for run in made.runs]
    first = counts[best]
    apart = [
        by_shares(first, one, len(counts)) if first and one and place != best else None
        for place, one in enumerate(counts)
    ]
    return dataclasses.replace(made, best=best, differences=tuple(apart), method=SHARES if any(apart) else "")


def _by_examples(made: Comparison, right: Sequence[Sequence[bool]]) -> Comparison:
    """With the difference of each to the best, by the test examples that one of two has right."""
    best = max(range(len(right)), key=lambda place: sum(right[place]))
    others = [place for place in range(len(right)) if place != best]
    apart = dict(zip(others, by_examples(right[best], [right[place] for place in others]), strict=True))
    counts = tuple((sum(one), len(one)) for one in right)
    differences = tuple(apart.get(place) for place in range(len(right)))
    return dataclasses.replace(made, best=best, differences=differences, method=PAIRS, tested=counts)


def answered(runs: Sequence[Listed], data: Any = None) -> list[list[bool]]:
    """Which of the same test examples each run has right.

    Args:
        runs: Which they are.
        data: What to test them on; by default the test examples of their own data.

    Raises:
        InputError: Their examples are not the same, or their metric does not count what is right.
    """
    from striate.runs.run import Run  # from here on it takes PyTorch

    if data is None and not same_data(runs):
        raise InputError("these runs were trained on different data; say with `data` what to test them on")
    made = []
    for one in runs:
        run = Run(one.path)
        metric = run.task.metrics[0]
        if not metric.counted:
            what = f"{one.path} is judged by {metric.words}"
            raise InputError(f"{what}, which does not say of each example whether it is right; compare without a test")
        judged = run.judged(data)
        each = ({name: kept[at : at + 1] for name, kept in judged.rows.items()} for at in range(len(judged.examples)))
        made.append([run.task.figures(row)[metric.name] == 1 for row in each])
    if len({len(one) for one in made}) > 1:
        counts = ", ".join(f"{len(one):,}" for one in made)
        raise InputError(f"these runs have other test examples: {counts} of them")
    return made
