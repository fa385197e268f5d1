"""Moments within a long epoch are kept, and training goes on from them as if it had never stopped, on either engine."""

import json
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

NET = "input 1x8x8 -> conv 4@3 -> relu -> dropout 0.2 -> fc 10"
OPTIONS: dict[str, Any] = {"epochs": 3, "batch": 64, "seed": 4, "quiet": True}
BATCHES = 21


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch is a moment that is kept."""
    monkeypatch.setattr(keeper, "OFTEN", 0.0)


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
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with pytest.raises(WorkError, match=r"before the first epoch was finished; nothing was learned$"):
        stopped_at(1, 5, tmp_path / "run", engine="torch", overwrite=True)
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before


def test_fewer_epochs_than_are_done_are_refused_within_an_epoch_too(tmp_path: Path) -> None:
    root = stopped_at(2, 7, tmp_path / "run", engine="torch")
    with pytest.raises(InputError, match=r"has 1 epoch already; .* alone goes on to 3$"):
        resume(root, epochs=1)


def test_seldom_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "OFTEN", 300.0)
    root = stopped_at(2, 7, tmp_path / "run", engine="torch")
    assert [path.name for path in (root / "checkpoint").iterdir()] == ["epoch-00001.safetensors"]
    state = SavedRun.open(root).last()
    assert state.moment == Moment()
    assert json.loads((root / "config.json").read_text())["options"]["epochs"] == 3
