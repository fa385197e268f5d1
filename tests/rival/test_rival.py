"""Features made by hand against the digits: learned, timed, and measured on the images a network is measured on."""

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from striate import data
from striate.errors import InputError
from striate.features import FEATURES
from striate.rival import rival
from striate.rival.rival import baseline
from striate.runs.run import Run


@pytest.mark.parametrize(
    ("name", "classifier"), [*((name, "linear") for name in FEATURES), ("raw", "rbf"), ("hog", "rbf")]
)
def test_every_feature_tells_the_digits_apart(name: str, classifier: str) -> None:
    result = baseline(name, "digits", classifier=classifier)
    assert result.accuracy > 0.93
    assert (result.examples, result.trained_on) == (359, 1295)
    assert result.error == pytest.approx(1 - result.accuracy)
    assert min(result.feature_seconds, result.fit_seconds, result.predict_seconds) > 0
    assert result.images_per_second == pytest.approx(1797 / result.feature_seconds)
    assert json.loads(json.dumps(result.to_json()))["dimensions"] == result.dimensions


def test_the_images_are_those_of_a_network_s_training(trained: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []

    def rows(feature: object, images: torch.Tensor) -> rival.Rows:
        seen.append(images)
        return images.flatten(1).numpy()

    monkeypatch.setattr(rival, "_rows", rows)
    baseline("raw", "digits")
    training, held = data.carve(data.load("digits").train, 0.1, 0)
    tested = trained.test_split()
    wanted = (training.images, held.images, tested.take(range(len(tested)))["image"])
    for given, images in zip(seen, wanted, strict=True):
        assert torch.equal((given * 255).round().byte(), images)


def test_the_test_labels_teach_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the labels of the training images exchanged at random, nothing can be known about the test."""
    digits = data.load("digits")
    few = digits.train.take(range(300))
    mixed = data.Split(few.images, few.labels[torch.randperm(300, generator=torch.Generator().manual_seed(0))])
    result = baseline("sobel", data.Dataset("mixed", "", mixed, digits.test, digits.classes))
    assert result.accuracy < 0.25


def test_notes_are_said_as_they_are_made(tmp_path: Path) -> None:
    said: list[str] = []
    result = baseline("hog", "digits", out=tmp_path / "a" / "b", say=said.append)
    assert said == list(result.notes)
    assert "images: 1,295 to train on, 143 for validation (seed 0), 359 test" in said
    assert f"picture: {tmp_path / 'a' / 'b' / 'features.png'}" in said
    assert (tmp_path / "a" / "b" / "features.png").stat().st_size > 10_000


def test_large_colours_are_reduced(colours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rival, "LARGEST", 8)
    result = baseline("raw", colours)
    assert "images: reduced from 12x16 to 6x8" in result.notes
    assert result.dimensions == 3 * 6 * 8
    assert result.accuracy == 1


def test_values_of_an_archive_are_scaled(archive: Callable[..., Path]) -> None:
    result = baseline("raw", archive(1, 6, 6))
    assert any(note.startswith("images: values -") and note.endswith("scaled to 0..1") for note in result.notes)
    assert result.accuracy > 0.9


def test_what_is_refused(archive: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match="no feature 'hogg'; did you mean 'hog'"):
        baseline("hogg", "digits")
    with pytest.raises(InputError, match="no classifier 'rbv'; did you mean 'rbf'"):
        baseline("hog", "digits", classifier="rbv")
    with pytest.raises(InputError, match="images with two axes; arrays2 has 1"):
        baseline("raw", archive(1, 30))
    digits = data.load("digits")
    with pytest.raises(InputError, match="digits has no test images"):
        baseline("raw", data.Dataset("digits", "", digits.train, None, digits.classes))


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("STRIATE_DATA"), reason="STRIATE_DATA is not set")
def test_hog_on_a_tenth_of_mnist() -> None:
    whole = data.load("mnist")
    assert whole.test
    few = dataclasses.replace(whole, train=whole.train.take(range(6000)), test=whole.test.take(range(2000)))
    assert baseline("hog", few).error < 0.05  # all of it: 0.0197, in benchmarks/RESULTS.md
