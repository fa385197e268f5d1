"""A run of format 2, of before tasks had words: its classes stand with its data, and its history has no metrics."""

import json
import shutil
from pathlib import Path

import pytest

from striate.runs.resuming import resume, resumed
from striate.runs.run import Run
from striate.tasks.classify import Classify
from striate.training.saved import CONFIG
from striate.training.state import FORMAT

ACCURACY = 0.6601671309192201  # on the test set, when the run was made
VALIDATION = [0.4125874125874126, 0.6853146853146853]  # accuracy after each of its two epochs …
MORE = [0.7552447552447552, 0.8111888111888111]  # … and after two more by the version that made it
LOSSES = [1.0133314535884783, 0.7701102035386221]  # of training, in those


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy of the run."""
    return Path(shutil.copytree(Path(__file__).parent / "format_2", tmp_path / "old"))


def test_it_opens_as_what_it_is(old: Path) -> None:
    config = json.loads((old / CONFIG).read_text())
    assert (config["format"], "task" in config, "metrics" in config) == (2, False, False)
    run = Run(old)
    assert run.notes == run.check() == []
    assert run.task == Classify(tuple("0123456789"))
    assert run.classes == run.task.classes
    assert (run.history.metric.name, run.history.unit) == ("accuracy", "images")
    assert [epoch.validation_accuracy for epoch in run.history.epochs] == VALIDATION
    assert [(epoch.first_rate, epoch.validated) for epoch in run.history.epochs] == [(0.003, 143)] * 2
    assert run.history.best.epoch == 2
    assert repr(run).endswith("net on digits, validation accuracy 0.6853)")
    assert "epoch kept" in run._repr_html_()
    assert run.test().accuracy == pytest.approx(ACCURACY)


def test_it_goes_on_as_the_version_that_made_it_would(old: Path) -> None:
    said: list[str] = []
    more = resumed(old, None, {"epochs": 4}, say=said.append).run
    assert said[0].startswith("going on after epoch 2 of 4; ")
    assert not any("an earlier version" in line for line in said), "the order of its images is that of today"
    assert [epoch.validation_accuracy for epoch in more.history.epochs] == pytest.approx(VALIDATION + MORE)
    assert [epoch.train_loss for epoch in more.history.epochs[2:]] == pytest.approx(LOSSES)
    config = json.loads((old / CONFIG).read_text())
    assert config["format"] == FORMAT
    assert config["task"] == {"word": "classify", "classes": list("0123456789")}
    assert more.check() == []
    assert len(resume(old, epochs=5, quiet=True).history) == 5


def test_its_weights_alone_are_enough(old: Path, tmp_path: Path) -> None:
    shutil.copy(old / "model.safetensors", tmp_path / "alone.safetensors")
    assert Run(tmp_path / "alone.safetensors").test() == Run(old).test()
