"""Images that stay in their files: the same batches as from memory, whoever reads them; files that go are told."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import striate as st
from striate.data import lazy
from striate.data.workers import cores
from striate.runs import training
from striate.runs.planning import Request
from striate.training import stream
from striate.training.stream import Stream
from tests import written

NET = "input 3x16x16 -> conv 4@3 -> bn -> relu -> maxpool 2 -> conv 4@3 -> relu -> gap -> fc 2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of 40 small photographs of nothing."""
    return written.colours(tmp_path / "data", ("red", "green"), 40, (20, 24), noise=120, light=100)


@pytest.fixture
def go(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Trains, from files where there are to be some workers."""

    def made(workers: int | None, **options: Any) -> tuple[dict[str, torch.Tensor], Any]:
        monkeypatch.setattr(lazy, "MEMORY", 2**30 if workers is None else 0)
        how = {"epochs": 2, "batch": 16, "threads": 1, "engine": "torch", "device": "cpu", "quiet": True} | options
        run = st.train(NET, folder, out=tmp_path / "run", overwrite=True, workers=workers, **how)
        return load_file(run.path / "model.safetensors"), run

    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many processes each pass over files was read by."""
    counts, inside = [], Stream._processes

    def told(self: Stream, size: int) -> tuple[int, int]:
        found = inside(self, size)
        counts.append(found[0])
        return found

    monkeypatch.setattr(Stream, "_processes", told)
    return counts


@pytest.mark.parametrize("augment", ["none", "photo"])
@pytest.mark.parametrize("workers", [0, 1, 4])
@pytest.mark.filterwarnings("error:This DataLoader will create")
def test_whoever_reads_them_the_weights_are_those_from_memory(
    go: Any, asked: list[int], workers: int, augment: str
) -> None:
    ours, run = go(workers, augment=augment)
    assert set(asked) == {workers}
    theirs, _ = go(None, augment=augment)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    streamed, inside = run.test(), go(None, augment=augment)[1].test()
    assert (streamed.loss, streamed.confusion) == (inside.loss, inside.confusion)


@pytest.mark.parametrize("workers", [None, 0, 2])
def test_who_goes_on_reads_as_before_or_as_asked(go: Any, asked: list[int], workers: int | None) -> None:
    _, run = go(1, epochs=1)
    asked.clear()
    more = st.resume(run.path, epochs=2, workers=workers, quiet=True)
    assert set(asked) == {1 if workers is None else workers}
    assert more.config["workers"] == (1 if workers is None else workers)


@pytest.mark.parametrize("workers", [-1, 257, 10**30, 1.5, True, "4"])
def test_no_number_of_processes_is_refused(go: Any, workers: Any) -> None:
    with pytest.raises(st.InputError, match="`workers` must be a whole number from 0 to 256"):
        go(workers)


def test_processes_for_images_in_memory_are_said_to_change_nothing(folder: Path, tmp_path: Path) -> None:
    run = st.train(NET, folder, out=tmp_path / "run", epochs=1, workers=2, quiet=True, device="cpu")
    assert "`workers` changes nothing: the images of data are all in memory" in run.config["decisions"]


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


CELLS = "input 1x16x16 -> conv 4@3 pad 1 -> bn -> relu -> conv 2@3 pad 1"
DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "gone": (Path.unlink, "no such file or directory"),
    "cut short": (lambda path: path.write_bytes(path.read_bytes()[:-25]), "cut short"),
    "emptied": (lambda path: path.write_bytes(b""), "an empty file"),
    "no image": (lambda path: path.write_text("words"), "not an image"),
    "smaller": (lambda path: Image.new("L", (9, 9)).save(path), "its fields are of different sizes, "),
}


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("kind", ["images", "masks"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_file_that_changes_while_training_is_left_out_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str, kind: str, batch: int
) -> None:
    """One of the files to train on, to validate by and to test on each, of images and masks of several sizes."""
    told: list[str] = []
    monkeypatch.setattr("striate.runs.training.voice", lambda quiet: told.append)
    monkeypatch.setattr(lazy, "MEMORY", 0)
    root, planned = written.cells(tmp_path / "data", 16, 8), training.planned
    harm, why = DAMAGE[damage]
    harmed: list[tuple[Path, str]] = []

    def harming(request: Request) -> Any:
        plan, parts, begun = planned(request)
        for one in parts.each.values():
            image = Path(one.name(0))
            harmed.append((image.parent.parent / kind / image.name, str(image)))
            harm(harmed[-1][0])
        return plan, parts, begun

    monkeypatch.setattr(training, "planned", harming)
    how: dict[str, Any] = {"epochs": 2, "batch": batch, "engine": "torch", "device": "cpu", "workers": 0}
    run = st.train(CELLS, root, out=tmp_path / "run", **how)
    lines = [line for line in told if line.startswith("left out: ")]
    assert len(harmed) == len(lines) == 3
    for path, image in harmed:
        (line,) = (line for line in lines if line.startswith(f"left out: {image} ("))
        assert why in line
        assert str(path) in line or damage == "smaller", "the file itself, where that is the mask"
    assert len(run.history) == 2
    assert len(run.test()["per_class"]) == 2
    assert (tmp_path / "run" / "left-out.txt").read_text().count(".png") >= 3


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
    with pytest.raises(st.WorkError, match=r"none of 32 files that follow each other can be read; .*epoch 1 are kept"):
        go(0)
    assert len(st.Run(tmp_path / "run").history) == 1


@pytest.mark.parametrize("part", ["validation", "test"])
def test_files_that_go_in_a_row_of_names_cost_nobody_the_figures_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    told: list[str] = []
    monkeypatch.setattr("striate.runs.training.voice", lambda quiet: told.append)
    monkeypatch.setattr(lazy, "MEMORY", 0)
    monkeypatch.setattr("striate.training.loop.EVALUATED", 4)
    monkeypatch.setattr(stream, "GONE", 8)
    root = written.colours(tmp_path / "data", ("red", "green"), 200, (20, 24), noise=120, light=100)
    gone = vanishing(monkeypatch, part, lambda paths: paths[: len(paths) - 3])
    run = st.train(NET, root, out=tmp_path / "run", epochs=2, batch=16, device="cpu", workers=0)
    assert len(gone) > stream.GONE
    assert {line for line in told if "left out: " in line} == {
        f"left out: {path} (no such file or directory)" for path in gone
    }
    assert (run.path / "report.html").is_file()


def test_a_test_set_that_is_gone_is_said_and_the_report_is_of_the_validation_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("striate.runs.training.voice", lambda quiet: told.append)
    monkeypatch.setattr(lazy, "MEMORY", 0)
    root = written.colours(tmp_path / "data", ("red", "green"), 40, (20, 24), noise=120, light=100)
    gone = vanishing(monkeypatch, "test", list)
    run = st.train(NET, root, out=tmp_path / "run", epochs=1, batch=16, device="cpu", workers=0)
    (said,) = (line for line in told if line.startswith("there are no figures of the test set: "))
    assert f"none of {len(gone)} files that follow each other can be read" in said
    assert (run.path / "report.html").is_file()
    assert run.model()


def vanishing(monkeypatch: pytest.MonkeyPatch, part: str, which: Callable[[list[Path]], list[Path]]) -> list[Path]:
    """Removes some files of a part when the training begins; they are in the list from then on."""
    planned, gone = training.planned, list[Path]()

    def going(request: Request) -> Any:
        plan, parts, begun = planned(request)
        examples = parts.each[part]
        gone.extend(which([Path(examples.name(row)) for row in range(len(examples))]))
        for path in gone:
            path.unlink()
        return plan, parts, begun

    monkeypatch.setattr(training, "planned", going)
    return gone


def test_a_process_that_is_killed_is_told_and_what_was_learned_is_kept_and_gone_on_with(
    go: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = go(1)
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
    monkeypatch.setattr(stream._Made, "__getitem__", made)
    more = load_file(st.resume(tmp_path / "run", quiet=True).path / "model.safetensors")
    assert all(torch.equal(more[name], whole[name]) for name in whole)


KILLED = """
import multiprocessing, os, signal, sys
import torch
from striate.training.stream import Stream

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    some = Stream({"image": torch.zeros(64, 3)}, {}, {}, {"image": (3,)}, workers=2)
    reads = some.epoch(0, 1, 4)
    next(reads)
    assert len(multiprocessing.active_children()) == 2
    print("reads", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_those_who_read_end_with_the_one_that_trains(method: str, tmp_path: Path) -> None:
    """All hold its output open: it is read to its end only when all are gone."""
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    ended = subprocess.run([sys.executable, script, method], stdout=subprocess.PIPE, text=True, timeout=120)
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, "reads\n")


def test_no_more_is_ahead_than_fits() -> None:
    some = Stream({"image": torch.zeros(8, 3)}, {}, {}, {"image": (3,)})
    assert some._processes(1000) == (cores(), 4)
    count, ahead = some._processes(stream.AHEAD)
    assert count * ahead * stream.AHEAD <= stream.AHEAD
