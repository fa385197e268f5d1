"""Cross-validation: the training examples in equal parts, and for each part a training on the others (Stone 1974).

>>> import tempfile
>>> found = folds("input 1x8x8 -> fc 10", "digits", count=2, epochs=2, out=tempfile.mkdtemp() + "/folds", quiet=True)
>>> len(found.runs), len((found.path / "out-of-fold.csv").read_text().splitlines())
(2, 1439)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from striate.checks import check_number, path_of
from striate.data.examples import Table
from striate.errors import InputError, WorkError
from striate.notation import Network
from striate.runs.beginning import Beginning
from striate.runs.doing import CTRL_C, judge, next_run
from striate.runs.feeding import feed_of
from striate.runs.folded import ROW, Folds, Kept, run_of
from striate.runs.plan import Parts, Plan
from striate.runs.planning import Request, planned
from striate.runs.requests import request_of
from striate.runs.resuming import resumed
from striate.runs.run import Run
from striate.runs.teaching import learned_before
from striate.runs.training import trained
from striate.runs.unread import Unread
from striate.tasks.saying import Say, silent, voice
from striate.tasks.task import is_path
from striate.training.saved import REPORT, SavedRun
from striate.training.threads import using

COUNT, MOST = 5, 100


def folds(
    net: str | Path | Network | nn.Module,
    dataset: Any,
    *,
    count: int = COUNT,
    out: str | Path | None = None,
    quiet: bool = False,
    **training: Any,
) -> Folds:
    """Train once for each fold, and judge each training on the fold that it did not see.

    Each class is shared out over all folds. The test examples are in none. What is finished is not trained again: the
    same call with the same `out` goes on after an interruption.

    Args:
        net, dataset: As for `train`.
        count: How many folds.
        out: A folder for all of them; by default the next free one under `runs`.
        quiet: As for `train`.
        training: Other arguments of `train`.

    Returns:
        `mean` and `spread` of each figure, `figures` of each fold, and `runs`, which `st.Ensemble` takes.

    Raises:
        InputError: As `train`; or `out` holds another training's folds.
        WorkError: As `train`; what was finished is kept.
    """
    if out is not None:
        path_of(out, "the folder `out`")
    return folded(request_of(net, dataset, training, show=not quiet), count, out, voice(quiet))


def folded(asked: Request, count: int = COUNT, out: str | Path | None = None, say: Say = silent) -> Folds:
    """The same for a request."""
    check_number(count, "folds", least=2, most=MOST)
    if asked.options.fold:
        raise InputError("cross-validation takes every fold; leave `fold` out")
    each = {number: _of_fold(asked, number, count) for number in range(1, count + 1)}
    plan, _, beginning = planned(each[1])
    _check_unseen(plan, beginning)
    root = Path(out) if out else next_run(plan.network.name, f"{plan.data.name}-folds")
    kept = Kept(root, _about(plan, asked, count))
    for number, one in each.items():
        if number in kept.done:
            say(f"fold {number} of {count} is finished")
            continue
        say(f"fold {number} of {count}")
        _train(one, run_of(root, number), say)
        kept.finish(number, *_judged(one, run_of(root, number), say))
    return kept.join(count)


def _check_unseen(plan: Plan, beginning: Beginning | None) -> None:
    """Check that what a fold begins with has not seen the others.

    Raises:
        InputError: It has: no figure would be out of fold.
    """
    for source, learned in learned_before(beginning, plan.teachers).items():
        if learned.data == plan.data.sha256:
            raise InputError(f"{source} has learned from all parts of {plan.data.name}, so no fold would be new to it")


def _of_fold(asked: Request, number: int, count: int) -> Request:
    return dataclasses.replace(asked, options=dataclasses.replace(asked.options, fold=f"{number}/{count}"), command="")


def _about(plan: Plan, asked: Request, count: int) -> dict[str, Any]:
    """What must be the same to go on."""
    options = {f"option {name}": value for name, value in plan.options.to_json().items() if name != "fold"}
    weights = None if asked.weights is None else str(asked.weights)
    where = {"task": plan.task.word, "network": plan.text, "data set": plan.data.sha256, "beginning": weights}
    return {"number of folds": count, **where, **options}


def _train(asked: Request, path: Path, say: Say) -> None:
    """Train a fold from the beginning, or from where it stopped.

    Raises:
        WorkError: It was stopped by Ctrl-C; or as for `train`.
    """
    done = None
    if not path.is_dir() or _has_no_state(path):
        done = trained(asked, path, overwrite=path.is_dir(), say=say)
    elif not _is_finished(path):
        data = None if is_path(asked.data) else asked.data
        done = resumed(path, data, {}, loss=asked.own_loss, say=say, show=asked.show)
    if done and done.stopped == CTRL_C:
        raise WorkError(f"stopped by {CTRL_C}; the same with `out` {path.parent} goes on, and finished folds are kept")


def _has_no_state(path: Path) -> bool:
    """Whether a training was killed before it had kept anything."""
    try:
        SavedRun.open(path).last()
    except (InputError, WorkError):
        return True
    return False


def _is_finished(path: Path) -> bool:
    saved = SavedRun.open(path)
    return len(saved.last().history) >= saved.config()["options"]["epochs"] and (path / REPORT).is_file()


def _judged(asked: Request, path: Path, say: Say) -> tuple[Mapping[str, float], list[dict[str, Any]]]:
    """How the run of a fold does on the examples that it did not see: its figures, and a line for each example."""
    plan, parts, _ = planned(asked)
    run, unread = Run(path, asked.device, threads=asked.threads), Unread(say)
    feed = feed_of(parts.validation, parts.schema, run.recipe, run.device, None, asked.bad, unread.tell, asked.workers)
    objective = plan.objective(asked.own_loss)
    with using(asked.threads):
        judged = judge(run.engine, run.task, objective, asked.options.fold, parts.validation, feed, unread, asked.show)
        judged = run.task.tried(judged, partial(run.outputs_by_name, engine=run.engine), validation=True)
    disputed = run.task.disputed(judged.rows)
    columns = {**judged.columns(), **({} if disputed is None else {"disputed": disputed.astype(int).tolist()})}
    return judged.figures, _lines(parts, unread, asked.options.fold, columns)


def _lines(parts: Parts, unread: Unread, fold: str, columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A line for each example that could be read: which it is, and the columns."""
    examples = parts.validation
    named = isinstance(examples, Table) and bool(examples.names)
    names = [examples.name(at) if named else str(row) for at, row in enumerate(parts.rows)]
    which = [(row, name) for row, name in zip(parts.rows, names, strict=True) if name not in unread.files]
    return [
        {ROW: row, "name": name, "fold": fold.partition("/")[0]}
        | {word: values[at] for word, values in columns.items()}
        for at, (row, name) in enumerate(which)
    ]
