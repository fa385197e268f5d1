"""What a search remembers: `search.json` says what is asked, `study.db` (SQLite, Optuna's) which trials there are.

A process that searches holds the folder's lock, and so do the workers that it starts: once the lock can be taken, no
trial is being trained, and those that are still called running were interrupted. They are put on the list again, with
their values and their folder, and go on from their newest state.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from striate.errors import InputError, WorkError
from striate.searching.asked import Asked

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

try:
    import fcntl
except ImportError:  # Windows: a second search in the same folder is not noticed there
    fcntl = None  # type: ignore[assignment]

ASKED, STUDY, LOCK, TURN, TRIALS = "search.json", "study.db", "lock", "turn", "trials"
FOLDER, AGAIN, WHY = "folder", "again", "why"  # noted of a trial: its run, that it was listed again, its failure
NAME = "search"
WAIT = 60.0  # seconds for which SQLite waits for another process


class Book:
    """The folder of a search.

    Args:
        root: The folder.
        asked: What is searched.
        up: Whether a larger figure is better.
    """

    def __init__(self, root: Path, asked: Asked, up: bool) -> None:
        self.root, self.asked, self.up = root, asked, up

    @staticmethod
    def begin(root: Path, asked: Asked, up: bool) -> Book:
        """The book of a new search, or of one that goes on.

        Raises:
            InputError: The folder holds something else, or another search.
            WorkError: It can't be written.
        """
        path = root / ASKED
        if path.is_file():
            if (kept := Book.open(root).asked) != asked:
                raise InputError(f"{root} holds another search{_apart(kept, asked)}; choose another folder with `out`")
            return Book(root, asked, up)
        try:
            if root.exists() and (not root.is_dir() or any(root.iterdir())):
                raise InputError(f"{root} exists already and is no search; choose another folder with `out`")
            root.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".tmp")
            part.write_text(json.dumps({**asked.to_json(), "up": up}, indent=2) + "\n", encoding="utf-8")
            part.replace(path)
        except OSError as error:
            raise WorkError(f"can't write to {root}: {error.strerror}") from None
        return Book(root, asked, up)

    @staticmethod
    def open(root: Path) -> Book:
        """The book of a search that was begun.

        Raises:
            InputError: There is none.
        """
        path = root / ASKED
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            return Book(root, Asked.from_json(facts), bool(facts["up"]))
        except FileNotFoundError:
            raise InputError(f"{root} is no search: it has no {ASKED}; `striate search` begins one") from None
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path} can't be read: {error}") from None

    def study(self) -> Study:
        """Optuna's study, made if there is none.

        Raises:
            WorkError: Its file is damaged, or can't be written.
        """
        import optuna
        from sqlalchemy.exc import SQLAlchemyError

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        address = f"sqlite:///{(self.root / STUDY).resolve().as_posix()}"
        try:
            storage = optuna.storages.RDBStorage(address, engine_kwargs={"connect_args": {"timeout": WAIT}})
            seed = self.asked.seed + len(self._trials(storage))  # one that goes on draws other values
            how: dict[str, Any] = {"sampler": optuna.samplers.TPESampler(seed=seed), "pruner": self._pruner()}
            how |= {"study_name": NAME, "direction": "maximize" if self.up else "minimize", "load_if_exists": True}
            return optuna.create_study(storage=storage, **how)
        except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
            why = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise WorkError(f"{self.root / STUDY} can't be used: {why}") from None

    def _trials(self, storage: Any) -> list[Any]:
        names = {one.study_name: one._study_id for one in storage.get_all_studies()}
        return list(storage.get_all_trials(names[NAME], deepcopy=False)) if NAME in names else []

    def _pruner(self) -> Any:
        import optuna

        if self.asked.prune == "hyperband":
            return optuna.pruners.HyperbandPruner()
        if self.asked.prune == "median":
            few = max(2, self.asked.options.epochs // 10)  # epochs that say little
            return optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=few)
        return optuna.pruners.NopPruner()

    @contextmanager
    def held(self) -> Iterator[int]:
        """Holds the folder's lock; yields its handle, which workers inherit, so that the lock is theirs too.

        Raises:
            WorkError: Another search is at work in the folder.
        """
        with (self.root / LOCK).open("ab") as file:
            if fcntl:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    raise WorkError(f"another search is at work in {self.root}; wait for it, or end it") from None
            yield file.fileno()

    def next(self, study: Study, trials: int) -> Trial | None:
        """The next trial; None where there are enough. One process at a time asks for one."""
        with (self.root / TURN).open("ab") as file:
            _wait(file)
            states = [one.state.name for one in study.get_trials(deepcopy=False) if AGAIN not in one.user_attrs]
            if "WAITING" not in states and len(states) >= trials:
                return None
            return study.ask()

    def list_again(self, study: Study) -> int:
        """Puts trials on the list again that were interrupted; returns how many. The lock must be held."""
        from optuna import Trial
        from optuna.trial import TrialState

        waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        listed = {one.user_attrs.get(FOLDER) for one in waiting}
        count = 0
        for one in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            folder = folder_of(one)
            if len(one.params) == len(self.asked.over) and folder not in listed:
                study.enqueue_trial(one.params, user_attrs={FOLDER: folder})
                count += 1
            Trial(study, one._trial_id).set_user_attr(AGAIN, True)
            study.tell(one.number, state=TrialState.FAIL)
        return count


def folder_of(trial: Trial | FrozenTrial) -> str:
    """The folder of a trial's run, within that of the search."""
    return str(trial.user_attrs.get(FOLDER, f"{TRIALS}/{trial.number:04d}"))


def number_of(trial: Trial | FrozenTrial) -> int:
    """The number of a trial, which it keeps when it is listed again."""
    return int(folder_of(trial).rpartition("/")[2])


def _wait(file: BinaryIO) -> None:
    if fcntl:
        fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed


def _apart(kept: Asked, asked: Asked) -> str:
    """What another search in the same folder has otherwise."""
    before, now = kept.to_json(), asked.to_json()
    names = [name for name in now if before.get(name) != now[name]]
    return f" (its {', '.join(names)} {'differs' if len(names) == 1 else 'differ'})" if names else ""


def processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
