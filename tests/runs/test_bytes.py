"""What is read of a run to use it: each file once."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from striate.runs import doing
from striate.runs.resuming import resume
from striate.runs.run import Run
from striate.runs.training import train
from striate.training.saved import MODEL

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone says what a process has read")
ROOM = 100_000  # bytes for what is not weights: texts, the digits, libraries' own files


def read_by(work: Callable[[], object]) -> int:
    """Bytes that this process reads meanwhile, by any means but mapped memory."""

    def so_far() -> int:
        return int(Path("/proc/self/io").read_text().split("\n")[0].removeprefix("rchar: "))

    before = so_far()
    work()
    return so_far() - before


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose weights are most of its bytes; nothing is read for the first time after it."""
    root = tmp_path_factory.mktemp("bytes")
    text, options = "input 1x8x8 -> fc 4000 -> relu -> fc 10", {"epochs": 1, "engine": "torch", "quiet": True}
    resume(train(text, "digits", out=root / "first", **options).path, epochs=2, quiet=True)
    return train(text, "digits", out=root / "run", **options)


def sizes(root: Path) -> tuple[int, int]:
    """Bytes of the best weights and of the newest checkpoint."""
    return (root / MODEL).stat().st_size, max((root / "checkpoint").iterdir()).stat().st_size


def test_predicting_reads_the_model_once(run: Run) -> None:
    model, _ = sizes(run.path)
    assert model > 10 * ROOM
    images = torch.zeros(1, 1, 8, 8, dtype=torch.uint8)
    read = read_by(lambda: Run(run.path).outputs(images))
    assert model <= read <= model + ROOM


def test_the_history_is_read_without_any_weights(run: Run) -> None:
    assert 0 < read_by(lambda: Run(run.path).history) <= ROOM
    assert 0 < read_by(lambda: Run(run.path).notes) <= ROOM


def test_going_on_reads_the_newest_state_once_and_the_best_weights_when_they_are_tested(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doing, "report", lambda *given: "<!doctype html>")  # drawing reads fonts, megabytes
    model, state = sizes(run.path)
    assert state > 2.9 * model
    read = read_by(lambda: resume(run.path, epochs=2, quiet=True))
    assert state + model <= read <= state + 2 * model + ROOM <= 1.5 * (state + model)
