"""100 single bits flipped and 100 files cut short, in every file of a real run: each is noticed, and none is used.

What a run says by itself is of the files that it used; `check` reads them all.
"""

import collections
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from striate.errors import StriateError
from striate.notation import render
from striate.runs.run import Run
from striate.runs.training import train
from striate.training.history import History
from striate.training.saved import CONFIG, HISTORY, MODEL, NET, REPORT, SavedRun
from striate.training.store import SUMS

TIMES = 100  # of 11 files, whose bytes all are under one kind of sum
STATES = ("checkpoint/epoch-00002.safetensors", "checkpoint/epoch-00003.safetensors")
EPOCHS = tuple(f"epochs/epoch-{epoch:05d}.safetensors" for epoch in (1, 2, 3))
FILES = (CONFIG, HISTORY, MODEL, NET, REPORT, SUMS, *STATES, *EPOCHS)
USED = (CONFIG, HISTORY, MODEL, NET)  # by opening a run and its weights
Damage = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Real:
    """A real run, and what it says while it is whole."""

    root: Path
    best: dict[str, Tensor]
    newest: dict[str, Tensor]
    config: dict[str, object]
    net: str
    history: History


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Real:
    """Three epochs of which the second is the best."""
    folder = tmp_path_factory.mktemp("damage")
    generator = np.random.default_rng(0)
    y = np.arange(300) % 3
    x = generator.random((300, 1, 4, 4))
    x[np.arange(300), 0, :, y] += 0.2
    np.savez(folder / "stripes.npz", x=x, y=y)
    for seed in range(4, 100):  # a few tries, of which one is like that
        how: dict[str, Any] = {"epochs": 3, "lr": 0.3, "schedule": "constant", "seed": seed}
        run = train("input 1x4x4 -> fc 3", folder / "stripes.npz", out=folder / f"run{seed}", **how)
        if run.state.history.best.epoch == 2:
            break
    state, last = run.state, run.saved.last()
    assert (len(state.history), len(last.history)) == (2, 3)
    assert not same(dict(state.weights), dict(last.weights))
    assert {path.relative_to(run.path).as_posix() for path in run.path.rglob("*") if path.is_file()} == set(FILES)
    assert run.notes == run.check() == []
    return Real(run.path, dict(state.weights), dict(last.weights), run.config, render(run.network), last.history)


def same(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> bool:
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def flipped(content: bytes, chance: random.Random) -> bytes:
    """With one bit another."""
    position = chance.randrange(8 * len(content))
    changed = bytearray(content)
    changed[position // 8] ^= 1 << position % 8
    return bytes(changed)


def cut(content: bytes, chance: random.Random) -> bytes:
    """The file without its end, half of the time by a byte or two only."""
    return content[: -chance.choice((1, 2))] if chance.random() < 0.5 else content[: chance.randrange(len(content))]


def outcome(real: Real, name: str) -> str:
    """What a run says of a damaged file. It must say something, and must not use it."""
    try:
        run = Run(real.root)
        weights, config, net = dict(run.state.weights), run.config, render(run.network)
        epochs = run.history.epochs
    except StriateError as error:
        return "refused" if name in str(error) and "\n" not in str(error) else f"{name} is not named by '{error}'"
    notes = run.notes if name in USED else run.check()
    assert any(name in note for note in notes), f"{name} is damaged and {notes} do not say so"
    assert config == real.config
    assert epochs == real.history.epochs[: len(epochs)]
    assert len(epochs) == 3 or name == SUMS, "with the list cut, files that are whole are not listed"
    assert net == real.net
    if same(weights, real.best):
        return "noted, best weights used"
    assert same(weights, real.newest), "neither the best weights nor the newest"
    return "noted, newest weights used"


@pytest.mark.parametrize("damage", [flipped, cut])
def test_damage_is_noticed_and_what_is_damaged_not_used(real: Real, damage: Damage) -> None:
    chance = random.Random(damage.__name__)
    counts: collections.Counter[str] = collections.Counter()
    files: collections.Counter[str] = collections.Counter()
    for _ in range(TIMES):
        name = chance.choice(FILES)
        path = real.root / name
        whole = path.read_bytes()
        path.write_bytes(damage(whole, chance))
        try:
            counts[outcome(real, name)] += 1
        finally:
            path.write_bytes(whole)
        files[name] += 1
    assert sum(counts.values()) == TIMES
    assert set(counts) <= {"refused", "noted, best weights used", "noted, newest weights used"}
    assert set(files) == set(FILES)
    assert counts["noted, best weights used"] > counts["noted, newest weights used"] > 0
    print(f"{TIMES} files {damage.__name__}: {dict(counts)}")
    assert Run(real.root).check() == [], "all is whole again"


@pytest.mark.parametrize("damage", [flipped, cut])
def test_a_damaged_state_is_named_when_training_would_go_on_from_it(real: Real, damage: Damage) -> None:
    path = real.root / STATES[-1]
    whole = path.read_bytes()
    path.write_bytes(damage(whole, random.Random(0)))
    try:
        saved = SavedRun.open(real.root)
        assert len(saved.last().history) == 2, "the one before"
        assert any(STATES[-1] in note for note in saved.notes)
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("damage", [flipped, cut])
def test_a_damaged_report_is_not_shown(real: Real, damage: Damage) -> None:
    path = real.root / REPORT
    whole = path.read_bytes()
    path.write_bytes(damage(whole, random.Random(0)))
    try:
        with pytest.raises(StriateError, match=r"report\.html is damaged"):
            Run(real.root).see()
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("name", [NET, CONFIG, MODEL, *STATES])
def test_a_file_that_is_gone_is_missed(real: Real, name: str) -> None:
    path = real.root / name
    whole = path.read_bytes()
    path.unlink()
    try:
        assert outcome(real, name).startswith("noted")
        assert any(f"{path} is missing" in note for note in Run(real.root).notes), "at once: nothing need be read"
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("name", [CONFIG, NET, MODEL])
def test_a_file_that_was_changed_by_hand_is_damaged_too(real: Real, name: str) -> None:
    path = real.root / name
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"3", b"4"))
    try:
        assert outcome(real, name).startswith("noted")
        assert f"{path} is damaged" in " ".join(SavedRun.open(real.root).check())
    finally:
        path.write_bytes(whole)
