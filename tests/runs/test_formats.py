"""Runs of other versions: `format_1` was made before files had a number, and is used as it was then."""

import json
import shutil
import webbrowser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from striate import data
from striate.runs.resuming import resume, resumed
from striate.runs.run import Run
from striate.training.saved import CONFIG, MODEL
from striate.training.state import FORMAT, LaterError

ACCURACY, LOSS = 0.520891364902507, 1.7296968698501587  # on the test set, when the run was made
OUTPUTS = [-0.040457822382450104, 0.9383448958396912, 0.12159889936447144, -0.9873906373977661]  # first of an image
VALIDATION = [0.17482517482517482, 0.5034965034965035, 0.5664335664335665]  # accuracy after each epoch


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy of the run, three epochs on the digits."""
    return Path(shutil.copytree(Path(__file__).parent / "format_1", tmp_path / "old"))


def test_it_opens_as_if_it_were_of_today(old: Path) -> None:
    assert "format" not in json.loads((old / CONFIG).read_text())
    run = Run(old)
    assert run.notes == run.check() == []
    assert [epoch.validation_accuracy for epoch in run.history.epochs] == VALIDATION
    assert [epoch.first_rate for epoch in run.history.epochs] == [None] * 3
    assert run.name == "net on digits"


def test_it_says_what_it_said(old: Path, tmp_path: Path) -> None:
    run = Run(old, "cpu", "torch")
    result = run.test()
    assert (result.accuracy, result.loss) == (pytest.approx(ACCURACY), pytest.approx(LOSS, rel=1e-5))
    test = data.load("digits").test
    assert test is not None
    assert run.outputs(test.images[:1])[0, :4].tolist() == pytest.approx(OUTPUTS, rel=1e-5)
    Image.fromarray(test.images[0, 0].numpy()).save(tmp_path / "four.png")
    assert run.predict(tmp_path / "four.png")[0].label == "6"


def test_its_report_is_shown(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    assert Run(old).see()[0] == old / "report.html"
    assert len(opened) == 1


def test_it_goes_on_and_is_then_of_today(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = Run(old)
    more = resume(old, epochs=5)
    assert "an earlier version began this run; its images come in another order" in capsys.readouterr().err
    assert [epoch.validation_accuracy for epoch in more.history.epochs][:3] == VALIDATION
    assert [epoch.first_rate is None for epoch in more.history.epochs] == [True] * 3 + [False] * 2
    assert more.recipe == before.recipe, "its images become its input as before"
    assert json.loads((old / CONFIG).read_text())["format"] == FORMAT
    assert more.check() == []
    resume(old, epochs=6)
    assert "an earlier version" not in capsys.readouterr().err


def with_more(value: Any) -> Any:
    """A configuration as a version with more in it would write it."""
    value = json.loads(json.dumps(value))
    value["news"] = {"x": 1}
    for part in ("data", "recipe", "options"):
        value[part]["news"] = [1, 2]
    return value


def test_a_field_more_does_no_harm(old: Path) -> None:
    run = Run(old)
    result, changed = run.test(), with_more(run.config)
    saved = run.saved
    for name in (MODEL, "checkpoint/epoch-00003.safetensors"):
        content = (old / name).read_bytes()
        size = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + size])
        facts = header["__metadata__"]
        history = [{**row, "mean_iou": 0.5} for row in json.loads(facts["history"])]
        facts |= {"config": json.dumps(changed), "history": json.dumps(history), "news": "x"}
        text = json.dumps(header).encode()
        saved.store.write({name: len(text).to_bytes(8, "little") + text + content[8 + size :]})
    lines = (old / "history.csv").read_text().splitlines()
    text = "\n".join(f"{line},{word}" for line, word in zip(lines, ("mean_iou", 1, 2, 3), strict=True))
    saved.store.write({CONFIG: json.dumps(changed).encode(), "history.csv": text.encode()})
    again = Run(old)
    assert (again.check(), len(again.history)) == ([], 3)
    assert again.test() == result
    said: list[str] = []
    assert len(resumed(old, None, {"epochs": 4}, say=said.append).history) == 4
    assert said[0] == "options of another version that this one does not know, and goes on without: news"


def test_a_later_format_is_refused_whatever_is_asked_of_it(old: Path) -> None:
    config = json.loads((old / CONFIG).read_text())
    Run(old).saved.store.write({CONFIG: json.dumps({**config, "format": FORMAT + 1}).encode()})
    for use in (Run, resume):
        with pytest.raises(LaterError, match=rf"old was made by a later Striate \(format {FORMAT + 1}; "):
            use(old)
