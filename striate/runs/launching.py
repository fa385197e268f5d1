"""A training that `torchrun` has started, and starts again when one of its processes dies.

The same command begins a run and goes on with it: with the run that is in its folder, from the newest state, unless
all is done there. So it is the same after a process has died, after a job has been queued once more, and for more
epochs or another number of processes.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from striate.errors import InputError
from striate.runs.beginning import Beginning
from striate.runs.doing import Trained, follow, go_on, start
from striate.runs.plan import Parts, Plan
from striate.runs.planning import Again, Request, planned
from striate.tasks.saying import Say
from striate.training.saved import REPORT, SavedRun
from striate.training.state import State

FREE = ("epochs", "keep_every")  # options that may change when a run goes on


def launched(asked: Request, root: Path, *, say: Say) -> Trained | None:
    """Train, from the beginning or from where the run in the folder is; the first process has the result.

    Args:
        asked: What a user asks for.
        root: The run's folder.
        say: Is given each decision as one sentence.

    Raises:
        InputError: The folder holds something else.
        WorkError: As for `train`, or another process has ended.
    """
    ours = asked.processes
    saved, state = _found(root) if ours.first else (None, None)
    state = ours.told(state)
    if state:
        asked = dataclasses.replace(asked, again=Again.of(state.config))
    plan, parts, beginning = planned(asked)
    if not ours.first:
        follow(plan, parts, beginning, state, say)
        return None
    seen: dict[str, Any] = {"say": say, "show": asked.show, "page": asked.page}
    if saved and state:
        _check(plan, parts, beginning, saved, state)
        return go_on(plan, parts, saved, state, **seen)
    return start(plan, parts, beginning, out=root, overwrite=saved is not None, **seen)


def _found(root: Path) -> tuple[SavedRun | None, State | None]:
    """The run in the folder, and its newest state; None where one begins, or was killed before it had kept any."""
    if not root.is_dir() or not any(root.iterdir()):
        return None, None
    saved = SavedRun.to_go_on(root)
    return saved, saved.last() if saved.has_state() else None


def _check(plan: Plan, parts: Parts, beginning: Beginning | None, saved: SavedRun, state: State) -> None:
    """Check that a run was begun by the same command, and is not done.

    Raises:
        InputError: Names what differs.
    """
    now = _settings(plan.text, plan.to_json(parts.own_loss)) | {"beginning": beginning.sha256 if beginning else None}
    before = _settings(saved.net(), saved.config())
    different = [name for name in now if before.get(name, now[name]) != now[name]]
    if different:
        raise InputError(
            f"the run in {saved.root} was begun with another {', another '.join(different)}; "
            "choose another folder with `out`"
        )
    if len(state.history) >= plan.options.epochs and (saved.root / REPORT).is_file():
        raise InputError(
            f"{saved.root} has its {len(state.history)} epochs; give more `epochs`, or another folder with `out`"
        )


def _settings(net: str, config: dict[str, Any]) -> dict[str, Any]:
    options = {name: value for name, value in config["options"].items() if name not in FREE}
    about = {"task": config["task"]["word"], "beginning": config.get("weights", {}).get("sha256")}
    teachers = {"teacher": config.get("teachers")} if options.get("teacher") else {}
    return {"network": net, "data set": config["data"]["sha256"], **about, **options, **teachers}
