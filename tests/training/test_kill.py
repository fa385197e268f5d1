"""Forty real kills at random moments of training and saving: the best weights are there and as good as said."""

import random
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from striate import data
from striate.runs import resuming, training
from striate.runs.run import Run
from striate.training.saved import MODEL
from striate.training.store import SUMS

KILLS = 40
RESUMED = 10  # of them
LONGEST = 0.25  # seconds that a training goes on after its first epoch is on disk; several epochs are trained and saved
PATIENCE = 60.0  # seconds until the first epoch must be there
NET = "input 1x4x4 -> fc 6 -> relu -> fc 3"
OPTIONS: dict[str, Any] = {"epochs": 2000, "batch": 30, "lr": 0.003, "schedule": "constant", "device": "cpu"}


@pytest.fixture(scope="module")
def stripes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images that take many epochs to learn, so that there is often a new best one."""
    generator = np.random.default_rng(0)
    y = np.arange(300) % 3
    x = generator.random((300, 1, 4, 4))
    x[np.arange(300), 0, :, y] += 0.3
    path = tmp_path_factory.mktemp("kill") / "stripes.npz"
    np.savez(path, x=x, y=y)
    return path


def killed(context: Any, stripes: Path, root: Path, seconds: float, seed: int) -> None:
    """Train in a process of its own until the first epoch is on disk and some time longer, then end it."""
    options = {**OPTIONS, "out": root, "seed": seed}
    process = context.Process(target=training.train, args=(NET, stripes), kwargs=options, daemon=True)
    process.start()
    started = time.monotonic()
    while not (root / SUMS).exists() or MODEL not in (root / SUMS).read_text():
        assert process.is_alive(), "training ended by itself"
        assert time.monotonic() - started < PATIENCE
        time.sleep(0.001)
    time.sleep(seconds)
    assert process.is_alive()
    process.kill()
    process.join()
    assert process.exitcode == -9


def check(root: Path, stripes: Path, seed: int) -> int:
    """The best weights are as good as the history says, on the images that it says it of; gives the epochs done."""
    run = Run(root, "cpu")
    best = run.state.history.best
    _, validation = data.carve(data.load(stripes, shape=(1, 4, 4)).train, 0.1, seed)
    outputs = run.outputs(validation.images)
    assert int((outputs.argmax(1) == validation.labels).sum()) / len(validation) == best.validation_accuracy
    loss = torch.nn.functional.cross_entropy(outputs, validation.labels)
    assert float(loss) == pytest.approx(best.validation_loss, rel=1e-4)
    assert best.epoch == len(run.state.history), "the weights are those of their history's last epoch"
    assert best.epoch >= run.history.best.epoch, "no better epoch was ever counted"
    assert not any(" is damaged: " in note or " is missing" in note for note in run.notes), run.notes
    return len(run.history)


@pytest.mark.slow
def test_forty_kills(context: Any, stripes: Path, tmp_path: Path) -> None:
    chance = random.Random(0)
    epochs, left = [], 0
    for number in range(KILLS):
        root = tmp_path / f"run{number}"
        killed(context, stripes, root, chance.uniform(0, LONGEST), seed=number)
        left += any(root.rglob("*.tmp"))
        if shutil.which("sha256sum"):
            subprocess.run(["sha256sum", "--check", "--strict", "--quiet", SUMS], cwd=root, check=True)
        epochs.append(check(root, stripes, seed=number))
    for number in range(0, KILLS, KILLS // RESUMED):
        root = tmp_path / f"run{number}"
        more = resuming.resume(root, epochs=epochs[number] + 2)
        assert len(more.history) == epochs[number] + 2
        assert check(root, stripes, seed=number) == epochs[number] + 2
        assert Run(root).notes == []
        assert not any(root.rglob("*.tmp")), "what a kill left half written is gone"
    print(f"{KILLS} kills after {min(epochs)} to {max(epochs)} epochs, {left} of them while saving")
    assert len(set(epochs)) > 3, "the moments differed"
    assert left > 0, "some came while saving"


def test_a_killed_training_goes_on_as_if_it_never_stopped(context: Any, stripes: Path, tmp_path: Path) -> None:
    killed(context, stripes, tmp_path / "killed", 0.05, seed=3)
    done = len(Run(tmp_path / "killed").history)
    resumed = resuming.resume(tmp_path / "killed", epochs=done + 3)
    options = {**OPTIONS, "epochs": done + 3, "seed": 3}
    whole = training.train(NET, stripes, out=tmp_path / "whole", **options)
    ours, theirs = resumed.saved.last(), whole.saved.last()
    assert all(torch.equal(ours.weights[name], theirs.weights[name]) for name in theirs.weights)
    assert all(torch.equal(ours.optimizer[name], theirs.optimizer[name]) for name in theirs.optimizer)
    assert resumed.history.best.validation_accuracy == whole.history.best.validation_accuracy
