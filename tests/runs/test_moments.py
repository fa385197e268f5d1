"""Moments within a long epoch are kept, and training goes on from them as if it had never stopped, on either engine."""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from striate.errors import InputError, WorkError
from striate.runs import keeper
from striate.runs.keeper import Keeper
from striate.runs.resuming import resume, resumed
from striate.runs.run import Run
from striate.runs.training import train
from striate.training.moment import Moment
from striate.training.saved import SavedRun
from striate.training.store import SUMS

NET = "input 1x8x8 -> conv 4@3 -> relu -> dropout 0.2 -> fc 10"
OPTIONS: dict[str, Any] = {"epochs": 3, "batch": 64, "seed": 4, "quiet": True, "keep_every": 0}
SECOND: dict[str, Any] = {"epochs": 2, "lr": 0.01, "schedule": "constant"}
BATCHES = 21


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch is a moment that is kept."""
    monkeypatch.setattr(keeper, "SHARE", math.inf)


def stopped_at(epoch: int, batch: int, root: Path, **options: Any) -> Path:
    """A training that Ctrl-C ends after a batch."""
    told = Keeper.batch

    def press(self: Keeper, now: Moment) -> None:
        told(self, now)
        if (now.epoch, now.batches) == (epoch, batch):
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Keeper, "batch", press)
        train(NET, "digits", out=root, **OPTIONS | options)
    return root


def figures(run: Run) -> list[tuple[Any, ...]]:
    return [(e.figures, e.learning_rate, e.first_rate, e.validated) for e in run.history.epochs]


def assert_same(ours: Run, theirs: Run) -> None:
    """Weights, the optimiser's state and all figures, bit for bit."""
    last, wanted = ours.saved.last(), theirs.saved.last()
    for found, expected in ((last.weights, wanted.weights), (last.optimizer, wanted.optimizer)):
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert figures(ours) == figures(theirs)
    assert ours.test() == theirs.test()


@pytest.fixture(scope="module", params=["torch", "native"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Run]:
    """An engine, and the run of it that never stopped."""
    root = tmp_path_factory.mktemp("whole") / "run"
    return request.param, train(NET, "digits", out=root, engine=request.param, **OPTIONS)


@pytest.mark.parametrize(("epoch", "batch"), [(2, 1), (2, 13), (3, BATCHES - 1), (3, BATCHES)])
def test_it_goes_on_within_an_epoch_bit_for_bit(whole: tuple[str, Run], epoch: int, batch: int, tmp_path: Path) -> None:
    engine, expected = whole
    root = stopped_at(epoch, batch, tmp_path / "run", engine=engine)
    state = Run(root).saved.last()
    assert (len(state.history), state.moment.epoch, state.moment.batches) == (epoch - 1, epoch, batch)
    said: list[str] = []
    assert_same(resumed(root, None, {}, say=said.append).run, expected)
    assert said[0].startswith(f"going on after epoch {epoch - 1} of 3, within epoch {epoch}; learning rate: one-cycle")


def test_it_goes_on_within_the_first_epoch(whole: tuple[str, Run], tmp_path: Path) -> None:
    engine, expected = whole
    with pytest.raises(WorkError) as error:
        stopped_at(1, 5, tmp_path / "run", engine=engine)
    assert str(error.value) == (
        f"stopped by Ctrl-C before the first epoch was finished; `striate resume {tmp_path / 'run'}` goes on within it"
    )
    said: list[str] = []
    assert_same(resumed(tmp_path / "run", None, {}, say=said.append).run, expected)
    assert said[0] == "going on after epoch 0 of 3, within epoch 1"


def test_either_engine_goes_on_from_a_moment_of_the_other(tmp_path: Path) -> None:
    root = stopped_at(2, 7, tmp_path / "run", engine="torch")
    more = resume(root, engine="native", quiet=True)
    assert len(more.history) == 3
    assert more.config["engine"] == "native"


def test_one_moment_is_kept_at_a_time_and_none_after_its_epoch(tmp_path: Path) -> None:
    root = stopped_at(2, 7, tmp_path / "run", engine="torch")
    names = sorted(path.name for path in (root / "checkpoint").iterdir())
    assert len(names) == 2
    assert names[0] == "epoch-00001.safetensors"
    assert names[1].startswith("epoch-00001")
    assert Run(root).check() == []
    assert Run(root).state.moment == Moment(), "the best weights are those of an epoch"
    resume(root, quiet=True)
    left = sorted(path.name for path in (root / "checkpoint").iterdir())
    assert left == ["epoch-00002.safetensors", "epoch-00003.safetensors"]


def test_a_damaged_moment_leads_back_to_the_epoch_before(whole: tuple[str, Run], tmp_path: Path) -> None:
    engine, expected = whole
    root = stopped_at(2, 7, tmp_path / "run", engine=engine)
    newest = max((root / "checkpoint").iterdir())
    newest.write_bytes(newest.read_bytes()[:-5])
    said: list[str] = []
    more = resumed(root, None, {}, say=said.append).run
    assert any(newest.name in line and "is damaged" in line for line in said)
    assert any(line.startswith("going on after epoch 1 of 3; ") for line in said)
    assert_same(more, expected)


def test_a_run_that_is_being_replaced_keeps_its_own_until_an_epoch_is_done(tmp_path: Path) -> None:
    run = train(NET, "digits", out=tmp_path / "run", engine="torch", **OPTIONS)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file() and path.name != SUMS}
    for batch in (5, 7):  # the second takes the place of the first too
        with pytest.raises(
            WorkError, match=r"before the first epoch was finished; `striate resume .*` goes on within it$"
        ):
            stopped_at(1, batch, tmp_path / "run", engine="torch", overwrite=True, **SECOND)
        assert all(path.read_bytes() == content for path, content in before.items())
        assert Run(run.path).check() == []
        assert Run(run.path).test() == run.test()
    said: list[str] = []
    ours = resumed(run.path, None, {}, say=said.append).run
    assert said[0] == "going on after epoch 0 of 2, within epoch 1"
    assert_same(ours, train(NET, "digits", out=tmp_path / "alone", engine="torch", **OPTIONS | SECOND))
    assert not list(run.path.rglob("*next-*")), "the first epoch took the place of the former run"
    assert ours.config["options"]["lr"] == SECOND["lr"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_it_begins_again_where_no_moment_was_kept(whole: tuple[str, Run], tmp_path: Path, overwrite: bool) -> None:
    """As after a kill in the first minute."""
    engine, expected = whole
    if overwrite:
        train("input 1x8x8 -> fc 10", "digits", out=tmp_path / "run", quiet=True, epochs=1)
    with pytest.raises(WorkError, match=r"nothing was learned$"):
        stopped_at(1, 3, tmp_path / "run", engine=engine, overwrite=overwrite, keep_every=1000)
    said: list[str] = []
    assert_same(resumed(tmp_path / "run", None, {}, say=said.append).run, expected)
    assert said[0] == "going on from the beginning: no state of the first epoch was kept"


def test_fewer_epochs_than_are_done_are_refused_within_an_epoch_too(tmp_path: Path) -> None:
    root = stopped_at(2, 7, tmp_path / "run", engine="torch")
    with pytest.raises(InputError, match=r"has 1 epoch already; .* alone goes on to 3$"):
        resume(root, epochs=1)


def test_seldom_is_enough(tmp_path: Path) -> None:
    root = stopped_at(2, 7, tmp_path / "run", engine="torch", keep_every=1000)
    assert [path.name for path in (root / "checkpoint").iterdir()] == ["epoch-00001.safetensors"]
    state = SavedRun.open(root).last()
    assert state.moment == Moment()
    assert json.loads((root / "config.json").read_text())["options"]["epochs"] == 3


class Clock:
    """Time that passes when it is told to."""

    now = 0.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now


def test_moments_take_their_share_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps take a second and keeping takes two: not every ten seconds, as was asked, but every two hundred."""
    clock, kept = Clock(), list[float]()
    monkeypatch.setattr(keeper, "time", clock)
    monkeypatch.setattr(keeper, "SHARE", 0.01)
    save, batch = SavedRun.save_moment, Keeper.batch

    def slow(self: SavedRun, last: Any) -> None:
        save(self, last)
        clock.now += 2.0
        kept.append(clock.now)

    def step(self: Keeper, now: Moment) -> None:
        clock.now += 1.0
        batch(self, now)

    monkeypatch.setattr(SavedRun, "save_moment", slow)
    monkeypatch.setattr(Keeper, "batch", step)
    train(NET, "digits", out=tmp_path / "run", engine="torch", **OPTIONS | {"epochs": 1, "batch": 2, "keep_every": 10})
    gaps = [after - before for before, after in pairwise(kept)]
    assert len(gaps) >= 2
    assert all(gap == pytest.approx(202) for gap in gaps)
