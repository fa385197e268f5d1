"""A search from beginning to end: its trials are runs, it goes on after it was killed, and only the best is tested."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from striate.errors import InputError, WorkError
from striate.runs.listed import listed
from striate.runs.run import Run
from striate.runs.training import train
from striate.training.history import History

optuna = pytest.importorskip("optuna")

from striate.searching.asked import Asked  # noqa: E402
from striate.searching.book import Book  # noqa: E402
from striate.searching.found import Found  # noqa: E402
from striate.searching.searching import search  # noqa: E402
from striate.searching.trial import Teller  # noqa: E402

NET = "input 1x8x8 -> fc width -> relu -> fc 10"
OVER = {"lr": (1e-3, 1e-1), "width": [4, 8]}
Search = Callable[..., Found]


@pytest.fixture
def found(tmp_path: Path) -> Search:
    """Searches in a folder of its own."""

    def run(**words: Any) -> Found:
        given = {
            "over": OVER,
            "trials": 3,
            "epochs": 2,
            "batch": 256,
            "out": tmp_path / "found",
            "quiet": True,
            **words,
        }
        return search(given.pop("net", NET), given.pop("data", "digits"), **given)

    return run


def test_trials_are_runs_and_the_best_is_chosen_by_validation(found: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    tested: list[Path] = []
    judged = Run.judged
    monkeypatch.setattr(Run, "judged", lambda run, *a, **b: tested.append(run.path) or judged(run, *a, **b))
    result = found()
    assert len(result.trials) == 3
    for trial in result.trials:
        run = Run(trial.run)
        assert run.config["options"]["lr"] == trial.values["lr"]
        assert run.network.layers[0].units == trial.values["width"]  # type: ignore[attr-defined]
        assert run.history.value(run.history.best) == trial.value
        assert list(trial.epochs) == [epoch.validation_accuracy for epoch in run.history.epochs]
        assert "on the test set" not in (run.path / "report.html").read_text()
    assert result.best.value == max(trial.figure for trial in result.trials)
    assert tested == [result.best.run]
    assert result.test.figures["accuracy"] == Run(result.best.run).test().accuracy
    page = result.page.read_text()
    assert "<script" not in page
    assert page.count("<svg") == 2, "of three trials the importance of options is not told"
    assert (result.root / "trials.csv").read_text().count("\n") == 4


def test_the_same_search_goes_on_and_another_is_refused(found: Search) -> None:
    first = found(trials=2)
    assert found(trials=2).trials == first.trials
    more = found(trials=3)
    assert more.trials[:2] == first.trials
    assert len(more.trials) == 3
    with pytest.raises(InputError, match=r"holds another search \(its options differs\)"):
        found(epochs=3)
    with Book.open(first.root).held(), pytest.raises(WorkError, match="another search is at work"):
        found(trials=4)


class Killed(BaseException):
    """What nothing catches, as nothing catches `kill -9`."""


def test_a_trial_that_was_killed_goes_on_where_it_was(
    found: Search, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tell = Teller.epoch

    def killing(teller: Teller, history: History) -> None:
        tell(teller, history)
        if teller.trial.number == 1 and len(history) == 2:
            raise Killed

    monkeypatch.setattr(Teller, "epoch", killing)
    with pytest.raises(Killed):
        found(epochs=4)
    monkeypatch.setattr(Teller, "epoch", tell)
    began = (tmp_path / "found" / "trials" / "0001" / "epochs" / "epoch-00001.safetensors").stat().st_mtime_ns
    result = found(epochs=4)
    assert [trial.number for trial in result.trials] == [0, 1, 3]  # Optuna's 2 is 1 once more
    trial = result.trials[1]
    assert (trial.run / "epochs" / "epoch-00001.safetensors").stat().st_mtime_ns == began, "it was not begun again"
    words: dict[str, Any] = {"lr": trial.values["lr"], "letters": {"width": trial.values["width"]}}
    unbroken = train(NET, "digits", epochs=4, batch=256, out=tmp_path / "unbroken", quiet=True, **words)
    assert list(trial.epochs) == [epoch.validation_accuracy for epoch in unbroken.history.epochs]


def test_those_behind_are_stopped_and_those_that_fail_named(found: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optuna.Trial, "should_prune", lambda trial: trial.number == 1)
    result = found(over={"width": [4], "lr": (0.01, 0.02)}, trials=2)
    assert [(trial.state, len(trial.epochs)) for trial in result.trials] == [("done", 2), ("stopped early", 1)]
    assert result.best.number == 0
    assert "stopped early" in result.page.read_text()
    assert [listed(trial.run).state for trial in result.trials] == ["finished", "stopped early"]


def test_a_search_in_which_nothing_can_be_trained(found: Search) -> None:
    with pytest.raises(WorkError, match=r"no trial of .* was trained to its end: the .*loss is (nan|inf)"):
        found(over={"lr": [3e38], "width": [4]}, trials=1, optimizer="sgd")


def test_data_made_in_python(found: Search) -> None:
    from striate import data

    digits = data.load("digits")
    made = data.Dataset(**{**vars(digits), "source": ""})
    assert len(found(data=made, trials=1).trials) == 1
    with pytest.raises(InputError, match="searched in one process"):
        found(data=made, trials=1, jobs=2)


def test_wrong_words(found: Search, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for words, message in (
        ({"epoch": 3}, "no option epoch"),
        ({"prune": "some"}, "no prune 'some'"),
        ({"trials": 0}, "trials must be"),
        ({"net": "input 1x8x8 -> fc width -> fc 11"}, "11"),
        ({"out": Path(__file__).parent}, "is no search"),
    ):
        with pytest.raises(InputError, match=message):
            found(**words)
    root = found(trials=1).root
    (root / "study.db").write_bytes(b"this is no data base" * 100)
    with pytest.raises(WorkError, match=r"can't be used: .*not a database"):
        found(trials=1)
    (root / "search.json").write_text("{")
    with pytest.raises(InputError, match="can't be read"):
        found(trials=1)
    monkeypatch.setattr("striate.searching.searching.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r'pip install "striate\[search\]"'):
        found(out=tmp_path / "other")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that inherit a lock")
def test_processes_share_the_trials_and_all_may_be_killed(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "striate", "search", NET, "digits", "--over", "lr=1e-3..1e-1", "--over", "width=4,8"]
    words += ["--trials", "4", "--jobs", "2", "--epochs", "20", "--prune", "none", "--out", str(tmp_path / "found")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    while process.poll() is None and not list((tmp_path / "found" / "trials").glob("*/checkpoint/epoch-00003*")):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    ended = subprocess.run([*words, "--json"], capture_output=True, text=True, env=environment)
    while "another search is at work" in ended.stderr:  # its workers have not noticed yet
        time.sleep(0.1)
        ended = subprocess.run([*words, "--json"], capture_output=True, text=True, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert "stopped halfway: going on" in ended.stderr
    book = Book.open(tmp_path / "found")
    assert isinstance(book.asked, Asked)
    states = [trial.state.name for trial in book.study().get_trials() if "again" not in trial.user_attrs]
    assert states == ["COMPLETE"] * 4
    folders = sorted((tmp_path / "found" / "trials").iterdir())
    assert len(folders) == 4
    assert all(len(Run(folder).history) == 20 for folder in folders)
