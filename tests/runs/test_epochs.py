"""The weights of epochs all along a training: which are kept, how many, and what a resume or damage does to them."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch

import striate as st
from striate.runs import keeper
from striate.runs.run import Run
from striate.runs.training import train

NET = "input 1x8x8 -> fc 10"


def trained(out: Path, epochs: int) -> Run:
    return train(NET, "digits", epochs=epochs, seed=0, out=out, quiet=True)


def same(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    return all(map(torch.equal, a.state_dict().values(), b.state_dict().values()))


def test_the_weights_after_each_epoch_are_those_of_a_shorter_look(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", 4)
    assert run.epochs() == [1, 2, 3, 4]
    assert same(run.model(run.state.history.best.epoch), run.model())
    assert not same(run.model(1), run.model(4))
    assert not any(name.startswith("optimizer:") for name in run.saved.at(2).weights)
    assert len(run.saved.at(2).history) == 2
    with pytest.raises(st.InputError, match="those of 1, 2, 3, 4"):
        run.model(5)


def test_never_more_than_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = 4 * 650
    monkeypatch.setattr(keeper, "MOST_BYTES", 3 * size)
    assert trained(tmp_path / "few", 9).epochs() == [1, 5, 9]
    monkeypatch.setattr(keeper, "MOST_BYTES", size - 1)
    assert trained(tmp_path / "none", 3).epochs() == []


@pytest.mark.parametrize("epochs", [1, 2, 3, 49, 50, 51, 99, 100, 101, 1000])
@pytest.mark.parametrize("size", [100, 10**6, 7 * 10**6, 25 * 10**6, 51 * 10**6])
def test_the_first_epoch_and_others_at_even_distances(epochs: int, size: int) -> None:
    kept = [epoch for epoch in range(1, epochs + 1) if keeper.looked_at(epoch, epochs, size)]
    assert len(kept) <= min(keeper.MOST_EPOCHS, keeper.MOST_BYTES // size)
    assert len({after - before for before, after in pairwise(kept)}) <= 1
    assert kept[:1] == ([1] if keeper.MOST_BYTES // size > 1 else [])


def test_a_resumed_training_keeps_them_as_a_whole_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trained(tmp_path / "whole", 4)
    save, stop = keeper.SavedRun.save_epoch, RuntimeError("killed")

    def killed(self: keeper.SavedRun, *args: object) -> None:
        save(self, *args)  # type: ignore[arg-type]
        if len(args[1].history) == 2:  # type: ignore[attr-defined]
            raise stop

    with monkeypatch.context() as patched:
        patched.setattr(keeper.SavedRun, "save_epoch", killed)
        with pytest.raises(RuntimeError, match="killed"):
            trained(tmp_path / "run", 4)
    assert Run(tmp_path / "run").epochs() == [1, 2]
    run = st.resume(tmp_path / "run", quiet=True)
    assert run.epochs() == [1, 2, 3, 4]
    assert all(same(run.model(epoch), whole.model(epoch)) for epoch in run.epochs())
    assert run.check() == []


def test_damage_is_named_and_a_run_in_its_place_has_none_of_them(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", 3)
    path = run.path / "epochs" / "epoch-00002.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert "epoch-00002" in run.check()[0]
    with pytest.raises(st.WorkError, match="epoch-00002"):
        run.model(2)
    again = train(NET, "digits", epochs=1, seed=0, out=tmp_path / "run", overwrite=True, quiet=True)
    assert again.epochs() == [1]
    assert [one.name for one in path.parent.iterdir()] == ["epoch-00001.safetensors"]


def test_the_file_of_the_weights_alone_has_none(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", 2)
    assert Run(run.path / "model.safetensors").epochs() == []
