"""A run on disk: the network's text, the configuration, the history, the best weights, and the last whole state.

    net.net             the network, every size a number
    config.json         data, options, how images become inputs
    history.csv         one line per epoch
    model.safetensors   the best weights; they carry the network and the configuration with them
    checkpoint/         the last epochs' whole state, and within an epoch the newest; of a run that is to take this
                        one's place the newest of its first epoch
    epochs/             the weights after epochs all along the training, to see how they grew; none of a large network
    left-out.txt        files found among the images and not read, one line per file; only if there were any
    report.html         the page to look at
    SHA256SUMS          the checksums of all of them

A damaged file is named and never used; its content is taken from the newest intact file that has it. Each file is
read once, when it is used, and checked as it is read.

`config.json` and the headers of weights carry the number of their format. Files of earlier formats are read, those of
later ones refused. A new figure, option or field needs no new number: unknown ones are ignored, and missing ones have
a default.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from striate.data import left_out
from striate.data.left_out import LeftOut
from striate.errors import InputError, WorkError, nearest
from striate.training.history import History
from striate.training.state import FIRST, FORMAT, LaterError, State, check_format
from striate.training.store import SUMS, TEMPORARY, DamagedError, Store

NET, CONFIG, HISTORY, MODEL, REPORT = "net.net", "config.json", "history.csv", "model.safetensors", "report.html"
LEFT_OUT = "left-out.txt"
NO_EPOCHS = History().to_csv().encode()  # the history of a run that was just begun
CHECKPOINTS = "checkpoint"
EPOCHS = "epochs"
RUNS = "runs"  # where runs go unless said otherwise
TEXTS = (NET, CONFIG, HISTORY)  # small: checked whenever a run is opened; all other files when they are used
NEXT = "next-"  # begins the names of the whole states of a run that is to take this one's place
WITHIN = "_"  # in a checkpoint's name, after the epochs that are done: how many batches of the next are
KEPT = 2  # checkpoints: the newest, and one more in case it is damaged
_T = TypeVar("_T")


class SavedRun:
    """The folder of one run.

    Attributes:
        root: The folder.
        notes: The damage found so far, one sentence per file.
        format: The number of its format.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.store = root, Store(root)
        self.notes: list[str] = []
        self.format = FORMAT
        self.set_up: dict[str, bytes] = {}
        self.replaced: list[str] = []  # files of an earlier run, which stays intact until the first epoch replaces it
        self.next: State | None = None  # of the run that replaces it, where training goes on with that one

    @staticmethod
    def create(root: Path, net: str, config: dict[str, Any], overwrite: bool = False) -> SavedRun:
        """A new run's folder, with its network and configuration in it.

        Raises:
            InputError: The folder holds something already.
            WorkError: It can't be written.
        """
        run = SavedRun(root)
        if not run.is_free(overwrite):
            run.replaced = run._own()
        run.set_up = _set_up(net, config)
        if not run.replaced:
            run.store.write({**run.set_up, HISTORY: NO_EPOCHS})
        return run

    def is_free(self, overwrite: bool) -> bool:
        """Whether the folder of a new run is free; false where it holds a run that may be replaced.

        Raises:
            InputError: The folder holds something else, or a run that it may not replace.
        """
        try:
            free = _is_free(self.root)
        except OSError as error:
            raise InputError(f"{self.root} can't be used: {error.strerror}; choose another folder with `out`") from None
        former = not free and {NET, CONFIG} <= set(self.store.listed())
        if not free and not (overwrite and former):
            way_out = "`overwrite=True` replaces it, or " if former else ""
            raise InputError(f"{self.root} exists already; {way_out}choose another folder with `out`")
        return free

    @staticmethod
    def open(root: Path) -> SavedRun:
        """An existing run.

        Raises:
            InputError: There is no run in this folder, or a later version made it.
        """
        run = SavedRun(root)
        if root.is_file():
            raise InputError(f"{root} is a file; a run that training goes on from is a folder")
        if not root.is_dir():
            looked = f"there is no such folder (looked in {root.absolute().parent})"
            raise InputError(f"no run at {root}: {looked}{_meant(root)}")
        if not any((root / name).exists() for name in (CONFIG, MODEL, SUMS)):
            raise InputError(f"{root} is no run: it has no {CONFIG} and no {MODEL}; `striate train` makes one")
        for name, reason in run.store.damaged(TEXTS).items():
            instead = "; the copy that the weights carry is read instead" if name in TEXTS else ""
            run.notes += [reason + instead] if _is_own(name) else []
        run._whole(CONFIG, run._config, dict)  # a later format is refused before anything else is read
        return run

    @staticmethod
    def to_go_on(root: Path) -> SavedRun:
        """An existing run that training goes on with: the one that is to take its place, where that was killed before
        it had an epoch.

        Raises:
            InputError: As for `open`.
            WorkError: The state of the one that is to take its place is damaged.
        """
        run = SavedRun.open(root)
        if names := sorted(set(run._checkpoints(NEXT)) & set(run.store.listed()), reverse=True):
            run.next = run._newest(names)
            run.replaced, run.format = run._own(), FORMAT
        return run

    def _own(self) -> list[str]:
        """The files of the run; whatever else a list names is not for us to delete."""
        names = {*self.store.listed(), *self._checkpoints(), *self._checkpoints(NEXT)}  # a kill may leave one unlisted
        return sorted(filter(_is_own, names))

    def save_set_up(self, net: str, config: dict[str, Any]) -> None:
        """Save the network and the configuration: a resumed training may have other options.

        Raises:
            WorkError: The disk is full; what was there is kept.
        """
        self.set_up |= _set_up(net, config)
        if not self.replaced:
            self.store.write(_set_up(net, config))

    def save_left_out(self, files: Sequence[LeftOut]) -> list[str]:
        """Save the list of files that were not read; returns what to say about it.

        Raises:
            WorkError: The disk is full; what was there is kept.
        """
        if not files:
            if LEFT_OUT in self.store.listed() and not self.replaced:
                self.store.write({}, [LEFT_OUT])
            return []
        self.set_up[LEFT_OUT] = left_out.as_text(files).encode()
        if not self.replaced:
            self.store.write({LEFT_OUT: self.set_up[LEFT_OUT]})
        return [f"what was left out is named in {self.root / LEFT_OUT}"]

    def save_epoch(self, best: State | None, last: State, to_look_at: bool = False) -> None:
        """Save an epoch: the history, the weights if they are the best so far, and the whole state.

        Args:
            best: With the best weights so far, if these are.
            last: The whole state.
            to_look_at: Whether its weights are kept as long as the run is.

        Raises:
            WorkError: The disk is full; the epochs before are kept.
        """
        # a new checkpoint counts once it is listed, which is when all three are in their places; the history is
        # put in its place last, so it never knows a better epoch than that of the weights
        files = {_checkpoint(last): last.to_bytes()}
        if best:
            files[MODEL] = best.to_bytes()
        if to_look_at:
            files[_kept(len(last.history))] = dataclasses.replace(last, optimizer={}).to_bytes()
        files[HISTORY] = last.history.to_csv().encode()
        drop = [name for name in self._checkpoints(whole=True) if name not in files][KEPT - 1 :]
        drop += [name for name in self._checkpoints() if WITHIN in name]
        if self.replaced:
            files = {**self.set_up, **files}
            drop = [name for name in self.replaced if name not in files]
        self.store.write(files, drop)
        self.replaced, self.next = [], None

    def save_moment(self, last: State) -> None:
        """Save the whole state within an epoch, in place of an earlier moment's.

        A run that this one takes the place of stays as it is until an epoch is finished.

        Raises:
            WorkError: The disk is full; what was saved before is kept.
        """
        begins = NEXT if self.replaced else ""
        name = _checkpoint(last, begins)
        former = [old for old in self._checkpoints(begins) if WITHIN in old and old != name]
        self.store.write({name: last.to_bytes()}, former)
        self.replaced = self._own() if self.replaced else []

    def settle(self, last: State) -> None:
        """Make the best weights agree with the history to go on from: a kill may have come between writing the two.

        Raises:
            WorkError: The best weights are damaged, and training can no longer tell when it improves on them.
        """
        if not last.history:
            return
        if last.history.last_is_best and not last.moment.batches:
            self.store.write({MODEL: dataclasses.replace(last, optimizer={}).to_bytes()})
            return
        try:
            kept = self._state(MODEL).history.best
        except DamagedError as error:
            raise WorkError(f"{error}; with the best weights lost, training can't go on from here") from None
        # better weights may be those of the epoch during whose saving the process was killed; it is trained again
        if kept.epoch < last.history.best.epoch:
            raise WorkError(f"{self.root / MODEL} is of an epoch before the best that the newest checkpoint knows of")

    def save_report(self, html: str) -> Path:
        """Save the report; returns its path."""
        self.store.write({REPORT: html.encode()})
        return self.root / REPORT

    # reading: the file itself, or the copy in the newest whole state

    def best(self) -> State:
        """The best weights; if they are damaged, those of the newest whole state.

        Raises:
            WorkError: No state is whole, or no epoch was finished.
        """
        return self._newest([MODEL, *self._checkpoints(whole=True)])

    def last(self) -> State:
        """The newest whole state to go on from.

        Raises:
            WorkError: No state is whole, or no epoch was finished.
        """
        return self.next or self._newest(self._checkpoints())

    def has_state(self) -> bool:
        """Whether a state was kept, whole or not: a training may be killed before its first."""
        return self.next is not None or any((self.root / name).exists() for name in self._checkpoints())

    def epochs(self) -> list[int]:
        """After which epochs the weights were kept."""
        found = (re.fullmatch(rf"{EPOCHS}/epoch-(\d+)\.safetensors", name) for name in self.store.listed())
        return sorted(int(match[1]) for match in found if match)

    def at(self, epoch: int) -> State:
        """The weights after one of these epochs.

        Raises:
            DamagedError: They are not as they were written.
        """
        return self._state(_kept(epoch))

    def net(self) -> str:
        """The network's text."""
        return self._whole(NET, bytes.decode, lambda: self.best().net)

    def config(self) -> dict[str, Any]:
        """The newest configuration, with which training goes on."""
        if self.next:
            return self.next.config
        return self._whole(CONFIG, self._config, lambda: self.best().config)

    def history(self) -> History:
        """The epochs that were finished."""
        states = [*self._checkpoints(), MODEL]
        return self._whole(
            HISTORY, lambda text: History.from_csv(text.decode(), self.config()), lambda: self._newest(states).history
        )

    def check(self) -> list[str]:
        """Read every file of the run and name those that are damaged, one sentence per file; none when all is well."""
        return [reason for name, reason in self.store.damaged().items() if _is_own(name)]

    def _config(self, content: bytes) -> dict[str, Any]:
        config = dict(json.loads(content))
        number = config.pop("format", FIRST)
        check_format(number, self.root)
        self.format = int(number)
        return config

    def _state(self, name: str) -> State:
        return State.from_bytes(self.store.read(name), self.root / name)

    def _whole(self, name: str, read: Callable[[bytes], _T], instead: Callable[[], _T]) -> _T:
        try:
            return read(self.store.read(name))
        except LaterError:
            raise
        except (DamagedError, KeyError, TypeError, ValueError):  # intact but malformed: as good as damaged
            return instead()

    def _newest(self, names: list[str]) -> State:
        reasons = []
        for name in names:
            try:
                state = self._state(name)
            except DamagedError as error:
                reasons.append(str(error))
                continue
            for note in reasons + ([f"using {self.root / name}, the newest state that is whole"] if reasons else []):
                self._note(note)
            return state
        if self._just_begun(names):
            way_out = "`overwrite=True` begins it again"
            raise WorkError(f"{self.root} holds no weights yet: no epoch was finished; {way_out}")
        if not any((self.root / name).exists() for name in names):
            raise WorkError(f"{self.root} holds no weights yet: no epoch was finished")
        raise WorkError(f"no saved state of {self.root} is whole: " + "; ".join(reasons))

    def _just_begun(self, names: list[str]) -> bool:
        """Whether the history has no epoch, and none of these states was finished."""
        try:
            begun = self.store.read(HISTORY) == NO_EPOCHS
        except DamagedError:
            return False
        return begun and not {*names} & {*self.store.listed()}

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _checkpoints(self, begins: str = "", whole: bool = False) -> list[str]:
        """The checkpoints in the folder, newest first; those of whole epochs alone where they are wanted."""
        found = (
            f"{CHECKPOINTS}/{path.name}" for path in (self.root / CHECKPOINTS).glob(f"{begins}epoch-*.safetensors")
        )
        return sorted((name for name in found if not (whole and WITHIN in name)), reverse=True)


def _is_free(root: Path) -> bool:
    """Whether the folder is missing or empty, or a process was killed while it wrote the first files into it."""
    try:
        os.lstat(root)
    except FileNotFoundError:
        return True
    except ValueError as error:
        raise InputError(f"{str(root)!r} is no name of a folder: {error}") from None
    return root.is_dir() and (not any(root.iterdir()) or _was_begun(root))


def _was_begun(root: Path) -> bool:
    """Whether all that is in the folder are a run's first files: one of them is unfinished, or none is listed yet.

    A run that was left with no more than these has a longer history.
    """
    found = {path.name for path in root.iterdir()}
    unfinished = {f"{name}{TEMPORARY}" for name in (*TEXTS, SUMS)}
    if found == set(TEXTS):
        return (root / HISTORY).read_bytes() == NO_EPOCHS
    return found <= {*TEXTS, *unfinished} and not found.isdisjoint(unfinished)


def _meant(root: Path) -> str:
    """A suggestion among the runs beside `root`, and among those where runs go by default."""
    runs = {path.parent for place in (root.parent, Path(RUNS)) for path in place.glob(f"*/{CONFIG}")}
    return nearest(str(root), sorted(map(str, runs)), {str(path): (path.name,) for path in runs})


def _is_own(name: str) -> bool:
    return name in (NET, CONFIG, HISTORY, MODEL, REPORT, LEFT_OUT, SUMS) or bool(
        re.fullmatch(rf"({CHECKPOINTS}/({NEXT})?epoch-\d+({WITHIN}\d+)?|{EPOCHS}/epoch-\d+)\.safetensors", name)
    )


def _checkpoint(state: State, begins: str = "") -> str:
    inside = state.moment.batches or not state.history  # before any epoch there is nothing but a moment
    within = f"{WITHIN}{state.moment.batches:07d}" if inside else ""
    return f"{CHECKPOINTS}/{begins}epoch-{len(state.history):05d}{within}.safetensors"


def _kept(epoch: int) -> str:
    return f"{EPOCHS}/epoch-{epoch:05d}.safetensors"


def _set_up(net: str, config: dict[str, Any]) -> dict[str, bytes]:
    return {NET: net.encode(), CONFIG: (json.dumps(config | {"format": FORMAT}, indent=2) + "\n").encode()}
