"""One trial: a training with drawn values, in a folder of its own, told to Optuna epoch by epoch."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from striate.errors import InputError, StriateError, WorkError
from striate.runs.doing import CTRL_C
from striate.runs.listed import STOPPED, STOPPED_FILE
from striate.runs.planning import Request
from striate.runs.resuming import resumed
from striate.runs.training import trained
from striate.searching.asked import Asked
from striate.searching.book import WHY, Book, folder_of, number_of
from striate.tasks.saying import Say
from striate.training.history import History
from striate.training.progress import Quiet
from striate.training.saved import REPORT, SavedRun

if TYPE_CHECKING:
    from optuna import Study, Trial

BEHIND = "behind other trials of its search\n"


class Teller(Quiet):
    """Tells a trial's figures after each epoch, and stops it where it is behind.

    Args:
        trial: The trial.
    """

    def __init__(self, trial: Trial) -> None:
        self.trial, self.told = trial, 0

    def epoch(self, history: History) -> None:
        """Those that have not been told yet: of a trial that goes on, also those of before.

        Raises:
            TrialPruned: The trial is behind others at this epoch.
        """
        from optuna import TrialPruned

        for epoch in history.epochs[self.told :]:
            self.trial.report(history.value(epoch), epoch.epoch)
        self.told = len(history)
        if self.trial.should_prune():
            raise TrialPruned


def carry_out(book: Book, study: Study, trial: Trial, data: Any, threads: int | None, say: Say) -> None:
    """Train with a trial's values and keep what came of it.

    Raises:
        KeyboardInterrupt: Ctrl-C; the trial goes on when the search does.
        WorkError: The disk is full.
    """
    from optuna import TrialPruned
    from optuna.trial import TrialState

    values = {one.name: one.drawn(trial) for one in book.asked.over}
    named = f"trial {number_of(trial)}  {', '.join(f'{name} {_short(value)}' for name, value in values.items())}"
    try:
        history = _trained(book, trial, values, data, threads)
    except TrialPruned:
        (book.root / folder_of(trial) / STOPPED_FILE).write_text(BEHIND, encoding="utf-8")
        study.tell(trial, state=TrialState.PRUNED)
        say(f"{named}: {STOPPED}")
        return
    except StriateError as error:
        if isinstance(error.__cause__, OSError):  # what a full disk has done to this trial, it will do to all
            raise
        _fail(study, trial, str(error), named, say)
        return
    value, metric = history.value(history.best), history.metric
    if math.isnan(value):
        _fail(study, trial, f"the validation {metric.words} is not known", named, say)
        return
    study.tell(trial, value)
    epochs = f"{len(history)} epoch{'s' * (len(history) > 1)}"
    best = f" (best so far: trial {number_of(study.best_trial)})"
    say(f"{named}: validation {metric.words} {metric.shown(value)} after {epochs}{best}")


def _fail(study: Study, trial: Trial, why: str, named: str, say: Say) -> None:
    """Keep that a trial came to nothing, and why."""
    from optuna.trial import TrialState

    trial.set_user_attr(WHY, why)
    study.tell(trial, state=TrialState.FAIL)
    say(f"{named}: failed: {why}")


def _trained(book: Book, trial: Trial, values: dict[str, Any], data: Any, threads: int | None) -> History:
    """The epochs of a new run, or of one that was interrupted and goes on.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    root, teller = book.root / folder_of(trial), Teller(trial)
    if saved := _begun(root):
        history = saved.history()
        if (root / REPORT).is_file() and len(history) >= saved.config()["options"]["epochs"]:
            return history  # it was killed after its last epoch, before that was told
        source = None if book.asked.data else data
        done = resumed(root, source, {}, tested=False, watchers=(teller,), threads=threads)
    else:
        done = trained(request(book.asked, values, data, threads, (teller,)), root, overwrite=True)
    if done.stopped == CTRL_C:
        raise KeyboardInterrupt
    return done.history


def _begun(root: Path) -> SavedRun | None:
    """A run with a state to go on from."""
    try:
        saved = SavedRun.open(root)
        saved.last()
    except (InputError, WorkError):
        return None
    return saved


def request(
    asked: Asked,
    values: dict[str, Any],
    data: Any,
    threads: int | None = None,
    watchers: tuple[Quiet, ...] = (),
    tested: bool = False,
) -> Request:
    """What is asked of a training with these values; it sees no test example unless it is `tested`."""
    options, letters = asked.chosen(values)
    how = {"threads": threads, "tested": tested, "watchers": watchers, **asked.how}
    return Request(asked.net, data, options, letters=letters, **how)


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
