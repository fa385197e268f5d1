"""Runs are listed as their folders have them: how far, how good, and what is damaged, without PyTorch."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from striate.errors import InputError
from striate.runs.listed import DAMAGED, FINISHED, INTERRUPTED, QUIET, RUNNING, listed
from striate.runs.listing import find, list_runs
from striate.runs.run import Run
from striate.training.saved import CONFIG, HISTORY, MODEL, REPORT


@pytest.fixture
def runs(tmp_path: Path, trained: Run) -> Path:
    """A finished run, and a copy of it that was planned for more epochs and has no report."""
    shutil.copytree(trained.path, tmp_path / "done")
    shutil.copytree(trained.path, tmp_path / "inner" / "half")
    half = tmp_path / "inner" / "half"
    (half / REPORT).unlink()
    config = trained.saved.config()
    from striate.training.saved import SavedRun

    SavedRun.open(half).save_set_up(trained.saved.net(), config | {"options": config["options"] | {"epochs": 9}})
    return tmp_path


def test_a_run_says_what_its_history_says(runs: Path, trained: Run) -> None:
    run = listed(runs / "done")
    best = trained.history.best
    assert (run.state, run.damage) == (FINISHED, ())
    assert run.value == best.validation_accuracy
    assert run.error == pytest.approx(1 - best.validation_accuracy)
    assert run.interval is not None
    assert run.interval.low < best.validation_accuracy < run.interval.high
    assert run.parameters == sum(weight.numel() for weight in trained.model().parameters())
    facts = run.facts()
    assert (facts["task"], facts["network"], facts["data"], facts["epochs_done"]) == ("classify", "net", "digits", 3)
    assert facts["lr"] == 0.01


def test_one_that_is_not_finished_runs_or_was_interrupted(runs: Path) -> None:
    half = runs / "inner" / "half"
    missing = (f"{half / REPORT} is missing",)  # it is listed, as this run was finished once
    assert listed(half).damage == missing
    from striate.training.store import Store

    Store(half).write({}, [REPORT])
    assert listed(half).state == RUNNING
    old = time.time() - 2 * QUIET
    os.utime(half / "SHA256SUMS", (old, old))
    assert listed(half).state == INTERRUPTED
    assert [run.path.name for run in list_runs(runs)] == ["done", "half"], "newest first"


@pytest.mark.parametrize(
    ("file", "content"),
    [(CONFIG, b"{"), (HISTORY, b""), (MODEL, None), ("SHA256SUMS", None), (CONFIG, None)],
)
def test_what_is_damaged_is_named_and_the_rest_listed(runs: Path, file: str, content: bytes | None) -> None:
    path = runs / "done" / file
    path.unlink() if content is None else path.write_bytes(content)
    found = {run.path.name: run for run in list_runs(runs)}
    assert found["done"].state == DAMAGED
    assert any(file in line for line in found["done"].damage)
    assert set(found) == {"done", "half"}


@pytest.mark.parametrize("config", ["[1]", '"a"', '{"format": 3}', '{"options": 4}', "", '{"format": 99}'])
def test_a_folder_that_only_looks_like_a_run(tmp_path: Path, config: str) -> None:
    (tmp_path / CONFIG).write_text(config)
    (run,) = list_runs(tmp_path)
    assert run.state == DAMAGED
    assert json.dumps(run.facts())


def test_damaged_weights_are_found_when_they_are_asked_for(runs: Path) -> None:
    path = runs / "done" / MODEL
    path.write_bytes(path.read_bytes()[:-1])
    assert listed(runs / "done").damage == ()
    assert MODEL in listed(runs / "done", whole=True).damage[0]


def test_conditions_and_order(runs: Path) -> None:
    assert [run.path.name for run in list_runs(runs, where=["epochs>3"])] == ["half"]
    assert [run.path.name for run in list_runs(runs, where=["task=classify", "state!=damaged"])] == ["done"]
    assert list_runs(runs, where=["data=mnist"]) == []
    assert [run.path.name for run in list_runs(runs, by="epochs")] == ["done", "half"]
    with pytest.raises(InputError, match="runs have no 'eror'; did you mean 'error'"):
        list_runs(runs, by="eror")
    with pytest.raises(InputError, match="a condition is name, sign, value"):
        list_runs(runs, where=["mnist"])
    with pytest.raises(InputError, match="no folder at"):
        list_runs(runs / "nowhere")


def test_a_run_is_listed_once_and_what_is_within_it_is_no_run(runs: Path) -> None:
    (runs / "loop").symlink_to(runs)
    assert len(find([runs, runs / "done", runs / "inner"])) == 2


def test_pytorch_is_not_waited_for(runs: Path) -> None:
    code = (
        "import sys; from striate.runs.listing import list_runs; "
        f"print(len(list_runs({str(runs)!r}))); sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "2\n")


def test_conditions_of_numbers_have_ends_of_either_kind(runs: Path) -> None:
    assert len(list_runs(runs, where=["lr>=0.01"])) == len(list_runs(runs, where=["lr<=0.01"])) == 2
    assert list_runs(runs, where=["lr>0.01"]) == []
    with pytest.raises(InputError, match="is for numbers"):
        list_runs(runs, where=["task>=classify"])
    assert len(list_runs(runs, where=["state=running"])) == len(list_runs(runs, where=["state=running?"]))
