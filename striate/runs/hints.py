"""Hints at what may be wrong with the data of a run: targets that the network disputes, and examples in two parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from markupsafe import Markup
from torch import Tensor

from striate.data.duplicates import LIKE, near_duplicates
from striate.data.examples import Examples, Table
from striate.data.image import ImageError
from striate.data.lazy import Lazy
from striate.errors import WorkError
from striate.report.hints import DisputedPart, Twins, disputed, duplicates, not_compared
from striate.report.section import Section
from striate.runs.feeding import reads_files
from striate.runs.looking import with_look
from striate.runs.plan import Parts
from striate.runs.run import Run
from striate.tasks.pictures import IMAGE, drawn
from striate.tasks.saying import Say
from striate.tasks.task import Task
from striate.training.disputes import Disputes
from striate.training.memory import enough_memory
from striate.training.progress import looking

MOST = 24  # examples shown
OFTEN = 0.5  # share of the later epochs in more than which the network must dispute a target
MANY = 10  # epochs beside which one more pass over the training examples takes a few percent
LEAST = 2  # epochs that tell a steady answer from a chance one


def hints_of(
    run: Run,
    parts: Parts,
    judged: Any,
    learned: Callable[[], Any],
    disputes: Disputes,
    done: int,
    *,
    hurried: bool,
    say: Say,
    show: bool,
) -> list[Section]:
    """The report's parts on what may be wrong with the data.

    Args:
        run: The trained network.
        parts: The data.
        judged: The best weights' answers on the validation examples.
        learned: Gives those on the training examples, where one more pass over them costs little.
        disputes: What was disputed in the last epochs.
        done: How many epochs there were.
        hurried: Whether somebody waits for the end: what takes another pass over files is then left out.
        show: Whether a long look at files shows how far it is.
        say: Is told why there are none, where the outputs are not finite.
    """
    root, task = run.config["data"]["source"], run.task
    try:
        with enough_memory():
            asked = done >= MANY and not reads_files(parts.training) and task.disputed(judged.rows) is not None
            answers = [with_look(one, run, parts.schema) for one in (judged, *([learned()] if asked else []))]
            found = [disputed_section(task, answers, disputes, done, root)]
            files = any(map(reads_files, (parts.training, _others(parts)[1])))
            why = _too_long(parts, task.unit, done, hurried) if files else ""
            found.append(duplicate_section(parts, task.unit, root, why, show))
    except (WorkError, ImageError) as error:  # a file that was there before
        say(f"there are no hints at what may be wrong with the data: {error}")
        return []
    return [section for section in found if section]


def disputed_section(task: Task, answers: Sequence[Any], disputes: Disputes, done: int, root: str) -> Section | None:
    """Examples whose targets may be wrong; None where there are none, or the task says nothing of them.

    Args:
        task: Says what is disputed.
        answers: Those on the validation examples, and maybe on the training examples.
        disputes, done: As for `hints_of`.
        root: The folder of the data.
    """
    judged, *learned = answers
    found = []
    times, epochs = disputes.later(done)
    if epochs >= LEAST and len(times) == len(judged.examples):
        rows = [int(row) for row in np.argsort(-times, kind="stable") if times[row] > OFTEN * epochs]
        notes = {row: f"in {times[row]} of the last {epochs} epochs" for row in rows}
        how = f"disputed after most of the last {epochs} epochs"
        found.append(_part(judged, rows, notes, f"validation {task.unit}", how, root))
    for one in learned:
        disputed_now = task.disputed(one.rows)
        rows = [] if disputed_now is None else np.flatnonzero(disputed_now).tolist()
        how = "disputed by the weights that were kept, although they learned from them"
        found.append(_part(one, rows, {}, f"training {task.unit}", how, root))
    shown = [one for one in found if one.shown]
    return disputed(shown, task.unit) if shown else None


def _part(judged: Any, rows: list[int], notes: Mapping[int, str], unit: str, how: str, root: str) -> DisputedPart:
    few = f"; here are {MOST}" if len(rows) > MOST else ""
    said = f"{len(rows):,} of {len(judged.examples):,} {unit}: {how}{few}"
    return DisputedPart(said, judged.shown(rows[:MOST], root, notes) if rows else Markup())


def _too_long(parts: Parts, unit: str, done: int, hurried: bool) -> str:
    """Why files are not all read once more; empty where that takes a few percent of the training."""
    count = len(parts.training) + len(_others(parts)[1])
    if hurried:
        return f"the training was stopped, and {count:,} {unit} in their files would have to be read once more"
    if done < MANY:
        most = f"that is done after {MANY} epochs or more, of which it is a small part"
        return f"{count:,} {unit} in their files would have to be read once more; {most}"
    return ""


def _others(parts: Parts) -> tuple[str, Examples]:
    """The examples to judge by, and what they are called."""
    return ("test", parts.test) if parts.test is not None else ("validation", parts.validation)


def duplicate_section(parts: Parts, unit: str, root: str, why: str = "", show: bool = False) -> Section | None:
    """Examples to judge by that are nearly those to learn from; None where there are none, or they are no pictures.

    Args:
        parts: The data.
        unit: What examples are called.
        root: The folder of the data.
        why: Nothing is compared, and the report says why; empty where all are.
        show: Whether a long look shows how far it is.
    """
    name, others = _others(parts)
    ours, theirs = _images(parts.training), _images(others)
    if ours is None or theirs is None:
        return None
    if why:
        return not_compared(why)
    with looking("near duplicates", unit, not show) as looked:
        pairs = near_duplicates(ours, theirs, looked=looked)
    if not pairs:
        return None
    shown = []
    for pair in pairs[:MOST]:
        first, second = drawn(parts.training, pair.first, root), drawn(others, pair.second, root)
        if first and second:
            shown.append(Twins(first[0], second[0], first[1], second[1], name, pair.likeness, pair.exact))
    exact = sum(pair.exact for pair in pairs)
    return duplicates(shown, len(pairs), exact, f"{len(others):,} {name} {unit}", unit, LIKE)


def _images(examples: Examples) -> Tensor | Lazy | None:
    """Their images, where they are pictures of bytes, in memory or in files."""
    images = examples.columns.get(IMAGE) if isinstance(examples, Table) else None
    if images is None or isinstance(images, Lazy):
        return images if images is not None and len(images.shape) == 3 else None
    return images if images.ndim == 4 and images.dtype == torch.uint8 else None
