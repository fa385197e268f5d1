"""Hints at what is wrong with the data: what is planted is named, also by a run that was stopped and went on."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from striate import data
from striate.data import lazy
from striate.runs.hints import MANY
from striate.runs.keeper import Keeper
from striate.runs.resuming import resume
from striate.runs.run import Run
from striate.runs.training import train
from striate.tasks.task import Wish
from striate.training.disputes import Disputes
from striate.training.history import History
from striate.training.saved import SavedRun
from tests import written

NET = "input 1x8x8 -> conv 16@3x3 pad same -> relu -> maxpool 2 -> fc 64 -> relu -> fc 10"
OPTIONS: dict[str, Any] = {"seed": 0, "quiet": True, "validation": 0.3, "augment": "none"}
FLIPPED = 0.05


@pytest.fixture(scope="module")
def flipped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[bytes]]:
    """Digits of which one in twenty has a wrong label, and the images of these."""
    digits, chance = data.load("digits"), np.random.default_rng(0)
    images, labels = digits.train.images.numpy(), digits.train.labels.numpy().copy()
    wrong = chance.random(len(labels)) < FLIPPED
    labels[wrong] = (labels[wrong] + chance.integers(1, 10, wrong.sum())) % 10
    path = tmp_path_factory.mktemp("flipped") / "digits.npz"
    assert digits.test is not None
    np.savez(path, x_train=images, y_train=labels, x_test=digits.test.images, y_test=digits.test.labels)
    return path, {image.tobytes() for image in images[wrong]}


@pytest.fixture(scope="module")
def run(flipped: tuple[Path, set[bytes]], tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(NET, flipped[0], epochs=12, out=tmp_path_factory.mktemp("runs") / "whole", **OPTIONS)


def page(run: Run) -> str:
    return (run.path / "report.html").read_text()


def section(html: str, anchor: str) -> str:
    found = re.search(rf'<section id="{anchor}">.*?</section>', html, re.DOTALL)
    return found[0] if found else ""


def test_labels_that_were_flipped_are_named(run: Run, flipped: tuple[Path, set[bytes]]) -> None:
    """Far more of those that are named were flipped than of all, and most of those that were flipped are named."""
    disputes = run.saved.last().disputes
    times, epochs = disputes.later(12)
    assert epochs == 6
    _, opened = type(run.task).open(str(flipped[0]), Wish(), run.task)  # type: ignore[misc]
    _, validation = opened.split(0.3, 0)
    true = np.array(
        [image.numpy().tobytes() in flipped[1] for image in validation.take(range(len(validation)))["image"]]
    )
    named = times > 0.5 * epochs
    assert true[named].mean() > 0.8, "of those that are named; of all it is one in twenty"
    assert named[true].mean() > 0.7, "of those that were flipped"
    html = section(page(run), "disputed")
    assert f"{named.sum()} of {len(validation)} validation images" in html
    rows = {int(row) for row in re.findall(r"number (\d+)", html.split("training images")[0])}
    assert rows <= set(np.flatnonzero(named).tolist())
    assert len(rows) == min(24, named.sum())


def test_a_run_that_goes_on_gives_the_same_hints(run: Run, flipped: tuple[Path, set[bytes]], tmp_path: Path) -> None:
    told = Keeper.epoch

    def stop(self: Keeper, history: History) -> None:
        told(self, history)
        if len(history) == 7:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Keeper, "epoch", stop)
        train(NET, flipped[0], epochs=12, out=tmp_path / "run", **OPTIONS)
    other = resume(tmp_path / "run", quiet=True)
    ours, theirs = run.saved.last(), other.saved.last()
    assert np.array_equal(ours.disputes.epochs, theirs.disputes.epochs)
    assert all(torch.equal(ours.weights[name], theirs.weights[name]) for name in ours.weights)
    assert section(page(run), "disputed") == section(page(other), "disputed")


def test_a_run_of_an_earlier_version_goes_on_without(flipped: tuple[Path, set[bytes]], tmp_path: Path) -> None:
    """Its checkpoints know nothing of disputes; those from now on count."""
    train(NET, flipped[0], epochs=3, out=tmp_path / "run", **OPTIONS)
    saved = SavedRun.open(tmp_path / "run")
    saved.save_epoch(None, replace(saved.last(), disputes=Disputes()))
    assert not SavedRun.open(tmp_path / "run").last().disputes.epochs.size
    went_on = resume(tmp_path / "run", epochs=4, quiet=True)
    assert len(went_on.saved.last().disputes.epochs) == 1
    assert not section(page(went_on), "disputed"), "one epoch tells nothing, and training images need ten"


def copied(root: Path) -> Path:
    """Colours in two parts, of which the test images hold a copy of a training image; returns that one."""
    written.colours(root, ("red", "green"), 14)
    for part in ("train", "test"):
        (root / part).mkdir()
    for number, path in enumerate(sorted(root.glob("*/*.png"))):
        part = "test" if number % 7 == 0 else "train"
        target = root / part / path.parent.name / path.name
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
    original = sorted((root / "train" / "red").iterdir())[0]
    (root / "test" / "red" / "copy.png").write_bytes(original.read_bytes())
    for folder in ("red", "green"):
        (root / folder).rmdir()
    return original


COLOURS = "input 3x12x16 -> conv 4@3 -> relu -> gap -> fc 2"


@pytest.mark.parametrize("streamed", [False, True])
def test_images_of_the_test_set_that_were_trained_on_are_named(
    streamed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = copied(tmp_path / "colours")
    if streamed:
        monkeypatch.setattr(lazy, "MEMORY", 0)
    epochs = MANY if streamed else 1
    run = train(COLOURS, tmp_path / "colours", epochs=epochs, out=tmp_path / "run", quiet=True, workers=0)
    html = section(page(run), "duplicates")
    assert "is nearly the same" in html
    assert "1 of them in every pixel" in html
    assert f"training: train/red/{original.name}" in html
    assert "test: test/red/copy.png" in html
    if streamed:
        return
    clean = train(NET, "digits", epochs=1, out=tmp_path / "clean", quiet=True)
    assert not section(page(clean), "duplicates")


def test_the_report_says_why_nobody_looked_for_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the images stay in their files, and one more pass over these would be a large part of the training."""
    copied(tmp_path / "colours")
    monkeypatch.setattr(lazy, "MEMORY", 0)
    run = train(COLOURS, tmp_path / "colours", epochs=2, out=tmp_path / "run", quiet=True, workers=0)
    html = section(page(run), "duplicates")
    assert "They were not looked for" in html
    assert f"after {MANY} epochs or more" in html


def test_the_report_of_a_test_shows_it_too(run: Run, flipped: tuple[Path, set[bytes]], tmp_path: Path) -> None:
    run.test(report=tmp_path / "test.html", quiet=True)
    html = section((tmp_path / "test.html").read_text(), "wrong")
    assert html == section(page(run), "wrong"), "the same images, with the same places"


def test_the_report_shows_where_the_network_looked(run: Run, tmp_path: Path) -> None:
    html = section(page(run), "wrong")
    assert "Grad-CAM, layer " in html
    assert html.count('alt="where the network looked"') == html.count("<li>")
    gap = train("input 1x8x8 -> conv 8@3 -> relu -> gap -> fc 10", "digits", epochs=1, out=tmp_path / "g", quiet=True)
    assert "(CAM, layer relu1)" in page(gap)
    flat = train("input 1x8x8 -> fc 10", "digits", epochs=1, out=tmp_path / "flat", quiet=True)
    assert "where the network looked" not in page(flat), "there are no maps"
    assert "Most wrong images" in page(flat)
