"""Trainings that are killed, and disks that fail: is what was kept whole, and is the resumed run the unbroken one?

Runs: a process ends itself with `kill -9` after a random step, having kept its state after about every third step. The
run is resumed and compared with one that was never killed: all weights, the optimiser's state and all figures, bit for
bit. Images change in every epoch and are read from their files, by so many processes; the networks have dropout.

Savings: the process ends itself between two operations on files while it saves, or with a file half written; in every
third training there is a former run that this one is to replace. The newest state that was saved must load.

Disk: it gets full (a small tmpfs, which only root can mount), or the folder read-only, in the middle of a training by
the command line. The status must be 1, the newest state load, and the resumed run be the unbroken one.

    python benchmarks/killing.py [--kills 20] [--savings 100] [--tasks classify,segment,text] [--engines torch,native]
                                 [--workers 0,4] [--json]
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import striate as st
from striate import start
from striate.data import lazy
from striate.runs import keeper
from striate.runs.run import Run
from striate.training import store
from striate.training.moment import Moment
from striate.training.saved import SavedRun

EXAMPLES, BATCH, EPOCHS = 40, 4, 3
NOBODY = 65534  # root may write to folders that are read-only; this user may not
NETS = {
    "classify": "input 3x12x12 -> conv 6@3 -> bn -> relu -> dropout 0.3 -> fc 2",
    "segment": "input 1x16x16 -> conv 8@3 pad 1 -> bn -> relu -> dropout 0.2 -> conv 2@3 pad 1",
    "text": "length = 20\nwords = 40\ninput length\nembed (words)x8 -> conv 8@3 -> relu -> gmp -> dropout 0.3 -> fc 2",
}
CHANGES = {"classify": "shift:1,rotate:10,cutout:3", "segment": "mirror,rotate:10", "text": "none"}
Dying = Callable[[keeper.Keeper, Moment], None]


def write(task: str, root: Path) -> Path:
    """A small data set of a task."""
    chance = np.random.default_rng(0)
    if task == "text":
        lines = [f"{('good', 'bad')[n % 2]}\tfilm {n} is {('fine', 'dull')[n % 2]}\n" for n in range(EXAMPLES)]
        root.with_suffix(".tsv").write_text("".join(lines))
        return root.with_suffix(".tsv")
    for number in range(EXAMPLES):
        bright = number % 2
        if task == "classify":
            _save(chance.integers(0, 90, (12, 12, 3)) + 120 * bright, root / ("dark", "bright")[bright], number)
            continue
        mask = np.zeros((16, 16), np.uint8)
        top, left = chance.integers(1, 8, 2)
        mask[top : top + 7, left : left + 7] = 1
        _save(chance.integers(0, 90, mask.shape) + 120 * mask, root / "images", number)
        _save(mask * 255, root / "masks", number)
    return root


def _save(pixels: np.ndarray[Any, Any], folder: Path, number: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")


def how(task: str, engine: str, workers: int | None = None) -> dict[str, Any]:
    """How a training goes."""
    told: dict[str, Any] = {"epochs": EPOCHS, "batch": BATCH, "lr": 0.01, "augment": CHANGES[task], "seed": 5}
    return told | {"engine": engine, "workers": workers, "threads": 2, "device": "cpu", "keep_every": 0}


def trains(net: str, data: Path, told: dict[str, Any], at: Dying, words: list[str] | None = None) -> None:
    """Train in this process, of which `at` is told after every step; by the command line where there are words."""
    multiprocessing.set_start_method(None, force=True)  # who reads is started as in anyone's training, not as this was
    lazy.MEMORY, keeper.SHARE = 0, math.inf
    batch = keeper.Keeper.batch

    def told_of(self: keeper.Keeper, now: Moment) -> None:
        at(self, now)
        batch(self, now)

    keeper.Keeper.batch = told_of  # type: ignore[method-assign]
    if words:
        sys.argv = ["striate", *words]
        start.main()
    st.train(net, data, quiet=True, **told)


def at_step(step: int, seed: int) -> Dying:
    """Ends the process after a step; before it, every third state or so is kept."""
    chance, done = random.Random(seed), 0

    def dying(self: keeper.Keeper, now: Moment) -> None:
        nonlocal done
        done += 1
        if done == step:
            os.kill(os.getpid(), signal.SIGKILL)
        self.every = 0.0 if chance.random() < 1 / 3 else math.inf

    return dying


def killed_run(net: str, data: Path, told: dict[str, Any], step: int) -> None:
    """A training that is killed after a step."""
    trains(net, data, told, at_step(step, step))


def killed_saving(net: str, data: Path, told: dict[str, Any], operation: int, half: bool, kept: Path) -> None:
    """A training that is killed before an operation on its files, or in the middle of one; notes what is saved."""
    done = 0

    def counted(work: Callable[..., Any], writes: bool = False) -> Callable[..., Any]:
        def counting(*given: Any, **named: Any) -> Any:
            nonlocal done
            done += 1
            if done >= operation and (writes or not half):
                if half:
                    given[0].write_bytes(given[1][: len(given[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return work(*given, **named)

        return counting

    save = SavedRun.save_moment

    def noting(self: SavedRun, last: Any) -> None:
        save(self, last)
        kept.write_text(f"{len(last.history)} {last.moment.batches}")

    SavedRun.save_moment = noting  # type: ignore[method-assign]
    store._write_through = counted(store._write_through, writes=True)
    store.os = _Counted(counted)  # type: ignore[assignment]
    trains(net, data, told, lambda keeper, now: None)


class _Counted:
    """`os`, whose renames and flushes are counted."""

    def __init__(self, counted: Callable[..., Any]) -> None:
        self.replace, self.open = counted(os.replace), counted(os.open)

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


def failing_disk(words: list[str], step: int, fault: str, root: Path) -> None:
    """A training by the command line whose disk fails after a step."""
    done = 0

    def failing(self: keeper.Keeper, now: Moment) -> None:
        nonlocal done
        done += 1
        if done == step and fault == "full":
            with suppress(OSError), (root.parent / "filler").open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(512))
        if done == step and fault == "read-only":
            for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
                folder.chmod(0o555)

    if fault == "read-only" and os.getuid() == 0:
        os.setuid(NOBODY)
    trains("", Path(), {}, failing, words)


def ended(work: Callable[..., None], *given: Any) -> int:
    """The status of a process that does this."""
    process = CONTEXT.Process(target=work, args=given)
    process.start()
    process.join()
    return int(process.exitcode)


def same(ours: Run, theirs: Run) -> bool:
    """Whether two runs are the same, bit for bit."""
    pairs = [(ours.saved.last(), theirs.saved.last()), (ours.saved.best(), theirs.saved.best())]
    alike = all(_alike(one.weights, two.weights) and _alike(one.optimizer, two.optimizer) for one, two in pairs)
    rows = [[(epoch.figures, epoch.learning_rate) for epoch in run.history.epochs] for run in (ours, theirs)]
    return alike and rows[0] == rows[1]


def _alike(one: Any, two: Any) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def kills(count: int, task: str, engine: str, workers: int, place: Path) -> int:
    """How many of so many killed runs are the unbroken one when they are resumed."""
    data, told, chance = (
        write(task, place / "data"),
        how(task, engine, workers),
        random.Random(f"{task}{engine}{workers}"),
    )
    whole = st.train(NETS[task], data, out=place / "whole", quiet=True, **told)
    steps, equal = EPOCHS * math.ceil(whole.config["options"]["epochs"] and _trained(whole) / BATCH), 0
    for number in range(count):
        root = place / f"run{number}"
        assert ended(killed_run, NETS[task], data, told | {"out": root}, chance.randint(1, steps)) == -signal.SIGKILL
        equal += same(st.resume(root, quiet=True), whole)
    return equal


def _trained(run: Run) -> int:
    return EXAMPLES - round(EXAMPLES * 0.15) - run.history.epochs[-1].validated


def savings(count: int, place: Path) -> int:
    """After how many kills during saving the newest state that was saved is there."""
    data, chance, intact = write("classify", place / "data"), random.Random(0), 0
    told = how("classify", "torch", 0) | {"augment": "none"}
    former = place / "former"
    st.train(NETS["classify"], data, out=former, quiet=True, **told | {"epochs": 1})
    for number in range(count):
        root, kept = place / f"run{number}", place / f"kept{number}"
        if replaces := number % 3 == 0:
            subprocess.run(["cp", "-r", str(former), str(root)], check=True)
        given = told | {"out": root, "overwrite": replaces}
        first = 20  # by then what training begins with is kept
        status = ended(killed_saving, NETS["classify"], data, given, chance.randint(first, 200), number % 2 == 0, kept)
        assert status == -signal.SIGKILL, status
        intact += _loads(root, kept)
    return intact


def _loads(root: Path, kept: Path) -> bool:
    epochs, batches = map(int, kept.read_text().split())
    saved = SavedRun.to_go_on(root)
    last = saved.last()
    damaged = any(" is damaged: " in note or " is missing" in note for note in saved.notes)
    return (len(last.history), last.moment.batches) >= (epochs, batches) and not damaged


def disk(fault: str, place: Path) -> str:
    """What became of a training whose disk failed."""
    data, small = write("classify", place / "data"), place / "small"
    small.mkdir()
    if fault == "full" and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)]).returncode:
        return "not tried: a small tmpfs can't be mounted here"
    try:
        for path in (place.parent, place, small):
            path.chmod(0o777)
        flags = {name: value for name, value in how("classify", "torch", 0).items() if value is not None}
        words = [word for name, value in flags.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        root = small / "run"
        status = ended(
            failing_disk, ["train", NETS["classify"], str(data), *words, "--out", str(root)], 14, fault, root
        )
        (small / "filler").unlink(missing_ok=True)
        for path in (root, *root.rglob("*")):
            path.chmod(0o777)
        state = SavedRun.to_go_on(root).last()
        whole = st.train(NETS["classify"], data, out=place / "whole", quiet=True, **how("classify", "torch", 0))
        resumed = "the unbroken one" if same(st.resume(root, quiet=True), whole) else "ANOTHER"
        kept = f"kept: epoch {len(state.history) + 1}, batch {state.moment.batches}"
        return f"status {status}; {kept}; the resumed run is {resumed}"
    finally:
        if fault == "full":
            subprocess.run(["umount", str(small)], check=True)


def main() -> None:
    """All of it."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("--kills", type=int, default=20)
    asked.add_argument("--savings", type=int, default=100)
    for name, default in (("tasks", "classify,segment,text"), ("engines", "torch,native"), ("workers", "0,4")):
        asked.add_argument(f"--{name}", type=lambda text: text.split(","), default=default.split(","))
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    lazy.MEMORY = 0
    found: dict[str, str] = {}

    def tell(name: str, work: Callable[[Path], str]) -> None:
        with tempfile.TemporaryDirectory(dir=tempfile.gettempdir()) as place:
            found[name] = work(Path(place) / "here") if (Path(place) / "here").mkdir() is None else ""
        if not given.json:
            print(f"{name:50} {found[name]}", flush=True)

    for task in given.tasks:
        for engine in given.engines:
            for workers in map(int, given.workers):
                told = (given.kills, task, engine, workers)
                equal = lambda place, told=told: f"{kills(*told, place)} of {given.kills} bit-equal"  # noqa: E731
                tell(f"killed: {task}, {engine}, {workers} workers", equal)
    tell("killed while saving", lambda place: f"{savings(given.savings, place)} of {given.savings} states load")
    for fault in ("full", "read-only"):
        tell(f"disk {fault}", lambda place, fault=fault: disk(fault, place))  # type: ignore[misc]
    if given.json:
        print(json.dumps(found))


CONTEXT: Any = multiprocessing.get_context("forkserver")

if __name__ == "__main__":
    CONTEXT.set_forkserver_preload(["striate.runs.training", "striate.cli.train", "torch._dynamo"])
    main()
