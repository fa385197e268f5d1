"""The runs under some folders: found, filtered, sorted.

>>> Condition.read("lr<0.01")
Condition(name='lr', sign='<', value='0.01')
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path
from typing import Any

from striate.checks import path_of
from striate.errors import InputError, nearest
from striate.runs.listed import Listed, listed
from striate.training.saved import CONFIG, HISTORY, MODEL, RUNS

DEEP = 4  # levels of folders that are searched for runs
SIGNS = {"!=": ne, "=": eq, "<": lt, ">": gt, "<=": le, ">=": ge}
DOWN = ("best", "changed", "epochs_done")  # sorted with the largest first


@dataclass(frozen=True)
class Condition:
    """Which runs are listed: those of which a fact is equal to, below or above a value.

    Attributes:
        name: Of the fact.
        sign: One of `=`, `!=`, `<`, `>`, `<=`, `>=`.
        value: As it was written.
    """

    name: str
    sign: str
    value: str

    @staticmethod
    def read(written: str) -> Condition:
        """A condition from its words.

        Raises:
            InputError: They are none.
        """
        found = re.fullmatch(r"\s*(\w+)\s*(!=|<=|>=|=|<|>)\s*(.+?)\s*", str(written))
        if not found:
            raise InputError(f"a condition is name, sign, value, as in task=segment or lr<0.01. Received: {written}")
        name, sign, value = found.groups()
        if sign not in ("=", "!=") and _number(value) is None:
            raise InputError(f"{sign} is for numbers, as in lr<0.01. Received: {written}")
        return Condition(name, sign, value)

    def holds(self, facts: dict[str, Any]) -> bool:
        """Whether it is so of a run."""
        fact = facts.get(self.name)
        number = _number(self.value)
        if isinstance(fact, int | float) and number is not None:
            return bool(SIGNS[self.sign](fact, number))
        if self.sign not in ("=", "!="):
            return False
        said = str(fact).lower().removesuffix("?")  # "running?", of which one can't be sure
        return bool(SIGNS[self.sign](said, self.value.lower().removesuffix("?")))


def list_runs(
    *folders: str | os.PathLike[str], by: str = "changed", where: Sequence[str] = (), check: bool = False
) -> list[Listed]:
    """The runs in some folders, newest first.

    Args:
        folders: Runs, or folders with runs in them; by default `runs`.
        by: What they are sorted by: any name that `Listed.facts` has, such as `error`, `seconds` or `lr`. The best come
            first, and the newest; of anything else the least. Runs that lack it come last.
        where: Conditions that all hold for the runs that are listed: `task=segment`, `lr<0.01`.
        check: Whether weights are read too, to find damage in them.

    Raises:
        InputError: A folder does not exist, or no run has a fact of that name.
    """
    conditions = [Condition.read(one) for one in where]
    runs = [listed(path, check) for path in find(folders or (RUNS,), bool(folders))]
    facts = {id(run): run.facts() for run in runs}
    _check_names([by, *(one.name for one in conditions)], facts.values())
    kept = [run for run in runs if all(one.holds(facts[id(run)]) for one in conditions)]
    return sorted(kept, key=lambda run: _order(run, facts[id(run)].get(by), by))


def find(folders: Iterable[str | os.PathLike[str]], named: bool = True) -> list[Path]:
    """The folders of runs among and within these, each once.

    Raises:
        InputError: One of those that were named does not exist.
    """
    found: dict[Path, Path] = {}
    for folder in (path_of(one, "a folder of runs") for one in folders):
        if not folder.is_dir() and named:
            raise InputError(f"no folder at {folder} (looked in {folder.absolute().parent})")
        found |= {path.resolve(): path for path in _within(folder, DEEP)}
    return list(found.values())


def _within(folder: Path, deep: int) -> Iterator[Path]:
    if any((folder / name).is_file() for name in (CONFIG, MODEL, HISTORY)):
        yield folder
        return
    if deep and folder.is_dir() and os.access(folder, os.R_OK | os.X_OK):
        for inner in sorted(folder.iterdir()):
            if inner.is_dir() and not inner.is_symlink() and not inner.name.startswith("."):
                yield from _within(inner, deep - 1)


def _check_names(names: Iterable[str], facts: Iterable[dict[str, Any]]) -> None:
    known = list(dict.fromkeys(name for one in facts for name in one))
    for name in names:
        if known and name not in known:
            raise InputError(f"runs have no '{name}'{nearest(name, known)}; they have {', '.join(known)}")


def _order(run: Listed, fact: Any, by: str) -> tuple[Any, ...]:
    """Smaller for what comes first."""
    if fact is None or isinstance(fact, list):
        return 2, 0.0, "", str(run.path)
    if not isinstance(fact, int | float):
        return 1, 0.0, str(fact), str(run.path)
    up = run.metric.up if by == "best" and run.metric else by in DOWN
    return 0, -fact if up else fact, "", str(run.path)


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
