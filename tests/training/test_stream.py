"""Images that stay in their files: the same batches as from memory, whoever reads them; files that go are told."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import striate as st
from striate.data import lazy
from striate.data.workers import cores
from striate.training import stream
from striate.training.stream import Stream

NET = "input 3x16x16 -> conv 4@3 -> bn -> relu -> maxpool 2 -> conv 4@3 -> relu -> gap -> fc 2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of 40 small photographs of nothing."""
    chance = np.random.default_rng(0)
    for channel, name in enumerate(("red", "green")):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(40):
            pixels = chance.integers(0, 120, (20, 24, 3), np.uint8)
            pixels[:, :, channel] += 100
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{number:02}.png")
    return tmp_path / "data"


@pytest.fixture
def go(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Trains, from files where there are to be some workers."""

    def made(workers: int | None, **options: Any) -> tuple[dict[str, torch.Tensor], Any]:
        monkeypatch.setattr(lazy, "MEMORY", 2**30 if workers is None else 0)
        monkeypatch.setattr(stream, "cores", lambda: workers)
        how = {"epochs": 2, "batch": 16, "threads": 1, "engine": "torch", "device": "cpu", "quiet": True} | options
        run = st.train(NET, folder, out=tmp_path / "run", overwrite=True, **how)
        return load_file(run.path / "model.safetensors"), run

    return made


@pytest.mark.parametrize("augment", ["none", "photo"])
@pytest.mark.parametrize("workers", [0, 1, 4])
@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_whoever_reads_them_the_weights_are_those_from_memory(go: Any, workers: int, augment: str) -> None:
    ours, run = go(workers, augment=augment)
    theirs, _ = go(None, augment=augment)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    streamed, inside = run.test(), go(None, augment=augment)[1].test()
    assert (streamed.loss, streamed.confusion) == (inside.loss, inside.confusion)


def test_it_says_that_they_stay_in_their_files(go: Any) -> None:
    _, run = go(0)
    assert any("they are read from their files in every epoch" in line for line in run.config["decisions"])


def test_a_file_that_has_gone_is_left_out_and_told(go: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr("striate.runs.training.voice", lambda quiet: told.append)
    batches, gone = Stream._batches, folder / "red" / "03.png"

    def going(self: Stream, *given: Any) -> Any:
        gone.unlink(missing_ok=True)
        return batches(self, *given)

    monkeypatch.setattr(Stream, "_batches", going)
    _, run = go(0)
    assert [line for line in told if "03.png" in line] == [f"left out: {gone} (no such file or directory)"]
    assert "03.png" in (run.path / "left-out.txt").read_text()


def test_files_that_all_go_end_the_training_and_what_was_learned_is_kept(
    go: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches, calls = Stream._batches, []

    def going(self: Stream, *given: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:  # the second epoch
            for path in folder.rglob("*.png"):
                path.unlink()
        return batches(self, *given)

    monkeypatch.setattr(Stream, "_batches", going)
    with pytest.raises(st.WorkError, match=r"none of 16 files that follow each other can be read; .*epoch 1 are kept"):
        go(0)
    assert len(st.Run(tmp_path / "run").history) == 1


def test_a_process_that_is_killed_is_told_and_what_was_learned_is_kept(
    go: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, epochs = stream._Made.__getitem__, []
    inside = Stream.epoch

    def counted(self: Stream, seed: int, number: int, *given: Any) -> Any:
        epochs.append(number)
        return inside(self, seed, number, *given)

    def killed(self: Any, rows: torch.Tensor) -> Any:
        if epochs[-1:] == [2]:
            os.kill(os.getpid(), signal.SIGKILL)
        return made(self, rows)

    monkeypatch.setattr(Stream, "epoch", counted)
    monkeypatch.setattr(stream._Made, "__getitem__", killed)
    with pytest.raises(st.WorkError, match="a process that reads the files was ended from outside"):
        go(1)
    assert len(st.Run(tmp_path / "run").history) == 1


def test_no_more_is_ahead_than_fits() -> None:
    some = Stream({"image": torch.zeros(8, 3)}, {}, {}, {"image": (3,)})
    assert some._processes(1000) == (cores(), 4)
    count, ahead = some._processes(stream.AHEAD)
    assert count * ahead * stream.AHEAD <= stream.AHEAD
