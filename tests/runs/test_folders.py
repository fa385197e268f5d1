"""Folders as people have them: a validation part of their own, and files among the images that are not read."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from striate import data
from striate.data.examples import Examples
from striate.errors import InputError, WorkError
from striate.rival.rival import baseline
from striate.runs import doing
from striate.runs.resuming import resume
from striate.runs.run import Run
from striate.runs.training import train
from striate.training.options import Options
from striate.training.saved import LEFT_OUT, REPORT
from tests.learning import Training

NET = "input 3x12x16 -> fc 3"
Said = list[str]


@pytest.fixture
def parts(colours: Path, tmp_path: Path) -> Path:
    """The colours as `train/` and `val/`, four images of each class in the latter."""
    for name in ("red", "green", "blue"):
        (tmp_path / "parts" / "val" / name).mkdir(parents=True)
        for number in range(10, 14):
            shutil.move(colours / name / f"{number}.png", tmp_path / "parts" / "val" / name)
    shutil.move(colours, tmp_path / "parts" / "train")
    return tmp_path / "parts"


def planned(dataset: object, **options: object) -> Training:
    return Training(NET, dataset, Options(epochs=1, **options))  # type: ignore[arg-type]


def names(examples: Examples) -> list[str]:
    return [examples.name(row) for row in range(len(examples))]


def test_a_validation_folder_is_the_validation_set(parts: Path) -> None:
    task = planned(parts)
    assert [len(part) for part in (task.parts.training, task.parts.validation)] == [24, 12]
    assert all("/val/" in path for path in names(task.parts.validation))
    assert not any("/val/" in path for path in names(task.parts.training))
    assert any("12 kept for validation (the data's own), 6 for the test" in line for line in task.plan.said())
    assert any("val/ chooses the best epoch" in line for line in task.plan.said())


def test_a_wish_that_the_folder_leaves_no_place_for_is_said(parts: Path) -> None:
    line = "a share of 0.3 for validation is not taken: parts has validation images"
    assert line in planned(parts, validation=0.3).plan.said()
    assert not any("is not taken" in other for other in planned(parts).plan.said())


def test_a_run_with_a_validation_folder_goes_on_exactly(parts: Path, tmp_path: Path) -> None:
    whole = train(NET, parts, out=tmp_path / "whole", epochs=4, schedule="constant")
    train(NET, parts, out=tmp_path / "short", epochs=2, schedule="constant")
    resume(tmp_path / "short", epochs=4)
    resumed = Run(tmp_path / "short")
    for name, weight in whole.state.weights.items():
        assert torch.equal(weight, resumed.state.weights[name])
    assert resumed.test().examples == 6


@pytest.mark.parametrize("change", ["pixel", "class"])
def test_a_validation_image_that_changed_is_no_data_to_go_on_with(parts: Path, tmp_path: Path, change: str) -> None:
    train(NET, parts, out=tmp_path / "run", epochs=1)
    path = parts / "val" / "red" / "10.png"
    if change == "pixel":
        with Image.open(path) as image:
            pixels = np.array(image)
        pixels[0, 0] ^= 1
        Image.fromarray(pixels).save(path)
    else:
        path.rename(parts / "val" / "blue" / "99.png")
    with pytest.raises(InputError, match=r"the images of parts have changed"):
        resume(tmp_path / "run", epochs=2)


def test_without_a_test_set_validation_is_what_test_measures_on(parts: Path, tmp_path: Path) -> None:
    found = data.load(parts)
    mine = data.Dataset("mine", "", found.train, None, found.classes, validation=found.validation)
    run = train(NET, mine, out=tmp_path / "run", epochs=1)
    assert run.test(mine).examples == 12


def test_the_rival_takes_the_same_parts(parts: Path) -> None:
    result = baseline("raw", parts)
    assert (result.trained_on, result.examples) == (24, 6)
    assert any("12 for validation (the data's own)" in line for line in result.notes)


def test_classes_that_cannot_be_judged_are_named(colours: Path) -> None:
    for number in range(1, 14):
        (colours / "red" / f"{number:02}.png").unlink()
    for number in range(2, 14):
        (colours / "blue" / f"{number:02}.png").unlink()
    lines = planned(colours).plan.said()
    assert "classes of a single image: red" in lines
    assert "classes without an image in the validation set: blue, red" in lines
    assert "classes without an image in the test set: red" in lines
    assert any("classes without an image in the test set: red" in line for line in baseline("raw", colours).notes)


@pytest.fixture
def littered(colours: Path) -> Path:
    """The colours among seventy files that are no images."""
    for number in range(65):
        (colours / "red" / f"bad{number:02}.png").touch()
    for name in ("red/notes.txt", "blue/Thumbs.db", "labels.csv", "green/<b>\n.txt", "green/.hidden"):
        (colours / name).write_text("words")
    return colours


def named(text: str) -> list[str]:
    return [line.split("\t")[0] for line in text.splitlines()]


def test_what_was_left_out_is_named_in_the_run_and_its_report(littered: Path, tmp_path: Path) -> None:
    said: Said = []
    trained = Training(NET, littered, Options(epochs=1), say=said.append).start(tmp_path / "run")
    counted = [line for line in said if "left out" in line]
    assert "left out: 65 unreadable .png, 2 .txt, 1 .csv, 1 hidden, 1 of the system" in counted[0]
    assert counted[0].count("an empty file") == 5
    assert counted[1:] == [f"what was left out is named in {tmp_path / 'run' / LEFT_OUT}"]
    listed = named((tmp_path / "run" / LEFT_OUT).read_text())
    expected = {*(f"red/bad{number:02}.png" for number in range(65)), "red/notes.txt", "blue/Thumbs.db", "labels.csv"}
    assert set(listed) == expected | {"green/<b>\\n.txt", "green/.hidden"}
    assert len(listed) == 70
    report = (tmp_path / "run" / REPORT).read_text()
    assert all(name in report for name in expected)
    assert "green/&lt;b&gt;\\n.txt" in report
    assert trained.run.saved.check() == []
    assert LEFT_OUT in trained.run.saved.store.listed()
    (tmp_path / "run" / LEFT_OUT).write_text("changed")
    assert "left-out.txt is damaged" in str(Run(tmp_path / "run").saved.check())


def test_a_clean_folder_has_no_such_file_and_nothing_old_stays(littered: Path, tmp_path: Path) -> None:
    train(NET, littered, out=tmp_path / "run", epochs=1)
    for path in [*littered.rglob("bad*.png"), *littered.rglob("*.txt")]:
        path.unlink()
    resume(tmp_path / "run", epochs=2)
    listed = named((tmp_path / "run" / LEFT_OUT).read_text())
    assert sorted(listed) == ["blue/Thumbs.db", "green/.hidden", "labels.csv"]
    for name in listed:
        (littered / name).unlink()
    resume(tmp_path / "run", epochs=3)
    assert not (tmp_path / "run" / LEFT_OUT).exists()
    assert Run(tmp_path / "run").saved.check() == []
    (littered / "labels.csv").touch()
    train(NET, littered, out=tmp_path / "run", epochs=1, overwrite=True)
    assert named((tmp_path / "run" / LEFT_OUT).read_text()) == ["labels.csv"]
    (littered / "labels.csv").unlink()
    train(NET, littered, out=tmp_path / "run", epochs=1, overwrite=True)
    assert not (tmp_path / "run" / LEFT_OUT).exists()


def test_a_run_that_is_to_be_replaced_stays_whole_until_it_is(
    littered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(NET, littered, out=tmp_path / "run", epochs=1)
    before = (tmp_path / "run" / LEFT_OUT).read_text()
    (littered / "red" / "bad00.png").unlink()

    def broken(*_: object, **__: object) -> None:
        raise WorkError("the machine is on fire")

    monkeypatch.setattr(doing, "train_loop", broken)
    with pytest.raises(WorkError):
        train(NET, littered, out=tmp_path / "run", epochs=1, overwrite=True)
    assert (tmp_path / "run" / LEFT_OUT).read_text() == before
    assert Run(tmp_path / "run").saved.check() == []


@pytest.mark.parametrize("verb", ["test", "predict"])
def test_test_and_predict_count_too(littered: Path, tmp_path: Path, verb: str) -> None:
    train(NET, littered, out=tmp_path / "run", epochs=1)
    run = Run(tmp_path / "run")
    act: Callable[[Path], object] = run.test if verb == "test" else run.predict
    act(littered)
    assert len(run.left_out) == 70
    lines = [note for note in run.notes if "left out" in note]
    assert len(lines) == 1
    assert "65 unreadable .png, 2 .txt, 1 .csv, 1 hidden, 1 of the system" in lines[0]
