"""A search from the first trial, or from where it was interrupted, to its table.

>>> import tempfile
>>> over = {"lr": (0.001, 0.1), "width": [4, 8]}
>>> words = {"trials": 2, "epochs": 1, "out": tempfile.mkdtemp() + "/found", "quiet": True}
>>> found = search("input 1x8x8 -> fc width -> relu -> fc 10", "digits", over=over, **words)
>>> len(found.trials), found.best.run.is_dir()
(2, True)
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from striate.checks import check_number, path_of
from striate.errors import InputError, WorkError
from striate.notation import Network
from striate.notation.sizes import Size
from striate.searching.asked import PRUNERS, Asked, data_of, how_of, text_of
from striate.searching.book import Book, processors
from striate.searching.found import Found, found_in
from striate.searching.ranges import given
from striate.tasks.saying import Say, voice
from striate.training.options import Options

TRIALS = 20
LAST_WORDS = 30.0  # seconds that a worker has to keep its state when the search is stopped


def search(
    net: str | Path | Network,
    dataset: Any,
    over: Mapping[str, Any] | Sequence[str],
    *,
    trials: int = TRIALS,
    jobs: int = 1,
    prune: str = "median",
    out: str | Path | None = None,
    seed: int = 0,
    task: str | None = None,
    device: str = "auto",
    engine: str = "auto",
    bad: str = "skip",
    letters: Mapping[str, int | float] | None = None,
    size: Size | None = None,
    weights: str | Path | None = None,
    threads: int | None = None,
    quiet: bool = False,
    **options: Any,
) -> Found:
    """Train with many values of some options, and find those with the best validation figure.

    Every trial is a run. The same search, asked for again, goes on where it stopped; more `trials` extend it.

    Args:
        net, dataset: As for `train`.
        over: What may vary: options of training and letters of the text, by name: a pair (low, high), which is searched
            by orders of magnitude where it spans a decade, a list of values, or words: "1e-4..1e-1", "8..64 log".
        trials: How many trainings there are in all, interrupted ones counted once.
        jobs: How many are trained at the same time, each in a process of its own.
        prune: Which are stopped early: `median`, those behind the median of the others at the same epoch; `hyperband`
            (Li et al. 2018); `none`.
        out: The folder; by default one under `runs` that is named after what is asked.
        seed: Of the values drawn; that of the trainings is theirs, 0 unless `options` says otherwise.
        task, device, engine, bad, letters, size, weights, threads, quiet: As for `train`.
        options: Any other option of `train`, the same in every trial: `epochs`, `batch`.

    Returns:
        The trials; `best` is the one with the best validation figure, the only one that is tested.

    Raises:
        InputError: Something named does not exist, or Optuna is not installed.
        WorkError: No trial came to an end, or another search is at work in the folder.
    """
    text, bound = text_of(net, letters or {})
    how = how_of(size, task=task, device=device, engine=engine, weights=weights, bad=None if bad == "skip" else bad)
    unknown = options.keys() - {*Options().to_json()}
    if unknown:
        raise InputError(f"no option {', '.join(sorted(unknown))}; there are {', '.join(Options().to_json())}")
    asked = Asked(text, data_of(dataset), given(over), Options(**options), bound, prune, seed, how)
    place = None if out is None else path_of(out, "a folder")
    return searched(asked, dataset, trials, jobs, threads, place, voice(quiet))


def check(asked: Asked, trials: int, jobs: int) -> None:
    """Check what can be checked before PyTorch is loaded.

    Raises:
        InputError: A word that is not known, a number out of range, or Optuna is not installed.
    """
    check_number(trials, "trials", least=1, most=10**6)
    check_number(jobs, "jobs", least=1, most=1024)
    if asked.prune not in PRUNERS:
        raise InputError(f"no prune '{asked.prune}'; there are {', '.join(PRUNERS)}")
    asked.check()
    if not find_spec("optuna"):
        raise InputError('a search takes Optuna: pip install "striate[search]"')


def searched(asked: Asked, data: Any, trials: int, jobs: int, threads: int | None, out: Path | None, say: Say) -> Found:
    """As `search`, from what is asked."""
    check(asked, trials, jobs)
    if jobs > 1 and not asked.data:
        raise InputError("data made in Python are searched in one process; leave `jobs` out, or save the data first")
    metric, tests = _planned(asked, data)
    book = Book.begin(out or asked.folder(), asked, metric.up)
    with book.held() as lock:
        study = book.study()
        if again := book.list_again(study):
            say(f"{again} trial{'s' * (again > 1)} of {book.root} stopped halfway: going on")
        say(f"search: {'; '.join(one.said() for one in asked.over)}; {trials} trials, in {book.root}")
        if jobs > 1:
            _side_by_side(book, trials, jobs, threads or max(1, processors() // jobs), lock)
        else:
            from striate.searching.worker import work

            work(book, trials, data, threads, say)
        return found_in(book, metric, tests)


def _planned(asked: Asked, data: Any) -> tuple[Any, bool]:
    """The metric by which trials are compared, and whether there are test examples; what does not fit is refused."""
    from striate.runs.planning import planned
    from striate.searching.trial import request

    first = {one.name: one.ends[0] for one in asked.over}
    plan, parts, _ = planned(request(asked, first, data, tested=True))
    return plan.task.metrics[0], parts.test is not None


def _side_by_side(book: Book, trials: int, jobs: int, threads: int, lock: int) -> None:
    """Workers that share the trials; they end with this process.

    Raises:
        WorkError: One failed.
        KeyboardInterrupt: One was stopped by Ctrl-C.
    """
    from striate.searching.worker import STOPPED

    words = [sys.executable, "-m", "striate.searching.worker", str(book.root), str(trials), str(threads)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    started = [
        subprocess.Popen([*words, str(number)], stdin=subprocess.PIPE, pass_fds=(lock,), env=environment)
        for number in range(jobs)
    ]
    try:
        ended = [process.wait() for process in started]
    finally:
        for process in started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in started:  # they hold the lock as long as they live
            with suppress(subprocess.TimeoutExpired):
                process.wait(LAST_WORDS)
    if STOPPED in ended:
        raise KeyboardInterrupt
    if any(ended):
        raise WorkError(f"a worker ended with status {max(map(abs, ended))}; the same search, asked for again, goes on")
