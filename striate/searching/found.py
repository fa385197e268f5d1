"""What a search has come to: its trials in a table, which option mattered, and the page of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from striate.errors import WorkError
from striate.metrics.metric import Metric
from striate.searching.book import AGAIN, WHY, Book, folder_of, number_of
from striate.searching.ranges import Value

if TYPE_CHECKING:
    from optuna import Study

PAGE, TABLE = "search.html", "trials.csv"
STATES = {  # in Optuna's words and in ours
    "COMPLETE": "done",
    "PRUNED": "stopped early",
    "FAIL": "failed",
    "RUNNING": "interrupted",
    "WAITING": "waiting",
}
ENOUGH = 4  # trials that are done, from which the importance of options is told


@dataclass(frozen=True)
class Tried:
    """A trial.

    Attributes:
        number: From 0.
        state: `done`, `stopped early`, `failed`, `interrupted`, `waiting`.
        values: What was drawn.
        value: The validation figure of the weights that were kept; None where it was not trained to its end.
        epochs: The validation figure after each epoch.
        run: The folder of its run.
        seconds: From its beginning to its end.
        why: Why it failed.
    """

    number: int
    state: str
    values: Mapping[str, Value]
    value: float | None
    epochs: tuple[float, ...]
    run: Path
    seconds: float
    why: str = ""

    @property
    def figure(self) -> float:
        """The value of a trial that is done."""
        assert self.value is not None
        return self.value


@dataclass(frozen=True)
class Found:
    """All trials of a search.

    Attributes:
        root: Its folder.
        metric: By which trials are compared.
        trials: In order.
        importance: The share that each option has in how the figure varies, by name; empty of few trials.
        test: The figures of the best trial on the test examples; None where there are none.
    """

    root: Path
    metric: Metric
    trials: tuple[Tried, ...]
    importance: Mapping[str, float] = field(default_factory=dict)
    test: Any = None

    @property
    def best(self) -> Tried:
        """The trial with the best validation figure."""
        return self.ranked[0]

    @property
    def ranked(self) -> list[Tried]:
        """The trials that are done, the best first."""
        return sorted(self.done, key=lambda one: -self.metric.rank(one.figure))

    @property
    def done(self) -> list[Tried]:
        """The trials that were trained to their end, in order."""
        return [one for one in self.trials if one.value is not None]

    @property
    def page(self) -> Path:
        """The page of it."""
        return self.root / PAGE

    def _repr_html_(self) -> str:
        """What a notebook shows: the trials, the best first."""
        from striate.tables import html_table

        names = list(self.best.values)
        shown = self.metric.shown
        rows = [[str(one.number), *(str(one.values[n]) for n in names), shown(one.figure)] for one in self.ranked]
        return html_table(f"{self.root}", ["trial", *names, f"validation {self.metric.words}"], rows)

    def to_csv(self) -> str:
        """A line for each trial."""
        text = io.StringIO()
        names = list(dict.fromkeys(name for one in self.trials for name in one.values))
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["trial", "state", *names, f"validation_{self.metric.name}", "epochs", "seconds", "run", "why"])
        for one in self.trials:
            values = [one.values.get(name) for name in names]
            place = one.run.relative_to(self.root).as_posix()
            told = [one.value, len(one.epochs), f"{one.seconds:.1f}", place, one.why]
            writer.writerow([one.number, one.state, *values, *told])
        return text.getvalue()

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate search --json`."""
        trials = [{**vars(one), "values": dict(one.values), "run": str(one.run)} for one in self.trials]
        facts = {"search": str(self.root), "metric": self.metric.name, "trials": trials}
        test = self.test.to_json() if hasattr(self.test, "to_json") else self.test
        return facts | {"best": str(self.best.run), "importance": dict(self.importance), "test": test}


def found_in(book: Book, metric: Metric, tests: bool) -> Found:
    """What a search has come to; its table and its page are written.

    Args:
        book: The search.
        metric: By which trials are compared.
        tests: Whether there are test examples.

    Raises:
        WorkError: No trial was trained to its end, or the page can't be written.
    """
    from striate.runs.run import Run
    from striate.searching.page import page

    study = book.study()
    trials = tuple(tried(book, one) for one in study.get_trials(deepcopy=False) if AGAIN not in one.user_attrs)
    if not any(one.value is not None for one in trials):
        why = next((f": {one.why}" for one in trials if one.why), "")
        raise WorkError(f"no trial of {book.root} was trained to its end{why}")
    found = Found(book.root, metric, trials, importance(study, trials))
    if tests and book.asked.data:
        best = Run(found.best.run)
        found = Found(book.root, metric, trials, found.importance, best.judged(quiet=True))
    try:
        (book.root / TABLE).write_text(found.to_csv(), encoding="utf-8")
        found.page.write_text(page(found), encoding="utf-8")
    except OSError as error:
        raise WorkError(f"can't write to {book.root}: {error.strerror}; its trials are kept") from None
    return found


def tried(book: Book, trial: Any) -> Tried:
    """One of Optuna's trials."""
    seconds = trial.duration.total_seconds() if trial.duration else 0.0
    epochs = tuple(value for _, value in sorted(trial.intermediate_values.items()))
    value = trial.value if trial.state.name == "COMPLETE" else None
    why = str(trial.user_attrs.get(WHY, ""))
    place = book.root / folder_of(trial)
    return Tried(number_of(trial), STATES[trial.state.name], dict(trial.params), value, epochs, place, seconds, why)


def importance(study: Study, trials: tuple[Tried, ...]) -> dict[str, float]:
    """The share that each option has in how the figure varies, from 0 to 1 (fANOVA, Hutter et al. 2014).

    Few trials, or trials that are all as good, say nothing of it.
    """
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    values = [one.value for one in trials if one.value is not None]
    if len(values) < ENOUGH or len(set(values)) == 1:
        return {}
    return dict(get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0)))
