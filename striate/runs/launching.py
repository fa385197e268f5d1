"""A training that `torchrun` has started, and starts again when one of its processes dies.

The same command begins a run and goes on with it: with the run that is in its folder, from the newest state, unless
all is done there. So it is the same after a process has died, after a job has been queued once more, and for more
epochs or another number of processes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from striate.errors import InputError
from striate.runs.doing import Trained, follow, go_on, start
from striate.runs.plan import Parts, Plan
from striate.runs.planning import Request, planned
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
    plan, parts, beginning = planned(asked)
    ours = plan.processes
    saved, state = _found(plan, parts, root) if ours.first else (None, None)
    state = ours.told(state)
    if not ours.first:
        follow(plan, parts, beginning, state, say)
        return None
    if saved and state:
        return go_on(plan, parts, saved, state, say=say, show=asked.show, page=asked.page)
    return start(plan, parts, beginning, out=root, overwrite=False, say=say, show=asked.show, page=asked.page)


def _found(plan: Plan, parts: Parts, root: Path) -> tuple[SavedRun | None, State | None]:
    """The run to go on with, and its newest state; None where one begins."""
    if not root.is_dir() or not any(root.iterdir()):
        return None, None
    saved = SavedRun.to_go_on(root)
    check_same(plan, parts, saved)
    state = saved.last()
    if len(state.history) >= plan.options.epochs and (root / REPORT).is_file():
        raise InputError(
            f"{root} has its {len(state.history)} epochs; give more `epochs`, or another folder with `out`"
        )
    return saved, state


def check_same(plan: Plan, parts: Parts, saved: SavedRun) -> None:
    """Check that a run was begun by the same command.

    Raises:
        InputError: Names what differs.
    """
    before, now = _settings(saved.net(), saved.config()), _settings(plan.text, plan.to_json(parts.own_loss))
    different = [name for name in now if before.get(name, now[name]) != now[name]]
    if different:
        raise InputError(
            f"the run in {saved.root} was begun with another {', another '.join(different)}; "
            "choose another folder with `out`"
        )


def _settings(net: str, config: dict[str, Any]) -> dict[str, Any]:
    options = {name: value for name, value in config["options"].items() if name not in FREE}
    return {"network": net, "data set": config["data"]["sha256"], **options}
