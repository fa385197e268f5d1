"""`striate inside`: every method on a run, as a picture and as JSON, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from striate import data, inside
from striate.cli.inside import METHODS, with_names
from striate.cli.looks import LOOKS
from striate.runs.run import Run
from striate.runs.training import train

Cli = Callable[..., Any]
NET = "input 1x8x8 -> conv 6@3 -> relu -> maxpool 2 -> conv 8@2 -> relu -> gap -> fc 10"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the digits. Not to be changed."""
    return train(NET, "digits", epochs=2, lr=0.01, out=tmp_path_factory.mktemp("runs") / "digits").path


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on sentences. Not to be changed."""
    folder = tmp_path_factory.mktemp("text")
    words = {"good": ("fine", "great", "lovely"), "bad": ("dull", "weak", "poor")}
    lines = [f"{label}\ta {word} film {number}\n" for number in range(12) for label in words for word in words[label]]
    (folder / "reviews.tsv").write_text("".join(lines))
    return train("kim-cnn", folder / "reviews.tsv", epochs=2, out=folder / "run").path


@pytest.fixture(scope="module")
def seven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn 7 as a PNG file."""
    test = data.load("digits").test
    assert test is not None
    path = tmp_path_factory.mktemp("drawn") / "seven.png"
    Image.fromarray(test.images[test.labels.tolist().index(7), 0].numpy()).save(path)
    return path


WORDS: dict[str, tuple[str, ...]] = {  # with which options, and whether an example is looked at
    "filters": (),
    "maps": ("EXAMPLE", "--layer", "conv1"),
    "field": ("--layer", "conv2", "--unit", "0,1,1"),
    "deconv": ("EXAMPLE", "--layer", "conv2", "--unit", "3"),
    "guided": ("EXAMPLE", "--class", "7"),
    "patches": ("--layer", "conv2", "--unit", "3", "--count", "4"),
    "saliency": ("EXAMPLE",),
    "smooth": ("EXAMPLE", "--class", "7"),
    "integrated": ("EXAMPLE", "--steps", "9"),
    "cam": ("EXAMPLE",),
    "occlusion": ("EXAMPLE", "--layer", "conv2", "--unit", "3,0,0"),
    "dream": ("--class", "3", "--steps", "5"),
    "classes": ("--layer", "conv2"),
    "embedding": ("--by", "pca"),
}


def test_every_method_is_there() -> None:
    assert list(METHODS) == list(LOOKS)
    assert {*WORDS, "words"} == set(METHODS)


@pytest.mark.parametrize("method", WORDS)
def test_every_method_draws_and_tells(method: str, cli: Cli, run: Path, seven: Path, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    words = [seven if word == "EXAMPLE" else word for word in WORDS[method]]
    value = cli("inside", run, method, *words, "--out", picture, "--json").json
    assert (value["look"], value["picture"]) == (method, str(picture))
    assert value["classes"] == list("0123456789")
    assert len(value) > 4
    with Image.open(picture) as drawn:
        assert min(drawn.size) > 200
        assert len(np.unique(np.asarray(drawn.convert("RGB")).reshape(-1, 3), axis=0)) > 20


def test_in_words_with_a_picture_of_its_own(
    cli: Cli, run: Path, seven: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = cli("inside", run, "cam", seven)
    assert ended.status == 0
    assert "layer: relu2" in ended.out
    assert ended.out.endswith("picture: cam.png\n")
    assert (tmp_path / "cam.png").is_file()


def test_a_picture_says_what_the_class_is_called() -> None:
    x = torch.ones(1, 1, 2, 2)
    named = with_names(inside.Attribution("saliency", x, x, torch.zeros(1), ("class 1",)), ("cat", "dog"))
    assert named.explained == ("class 1 (dog)",)  # type: ignore[attr-defined]
    assert named.picture().axes[0].get_title() == "input; class 1 (dog): 0"


def test_it_says_what_python_says(cli: Cli, run: Path, seven: Path) -> None:
    opened = Run(run, "cpu")
    x = opened.read(seven)
    assert x.shape == (1, 1, 8, 8)
    found = inside.saliency(opened.model(), x, 7)
    value = cli("inside", run, "saliency", seven, "--class", "7", "--json").json
    assert value["picture"] is None
    assert value["explained"] == ["class 7"]
    assert value["score"] == pytest.approx(found.scores.tolist())
    assert value["largest"] == pytest.approx([float(found.map.max())])


def test_a_class_is_the_one_that_predict_says(cli: Cli, run: Path, seven: Path) -> None:
    label = cli("predict", run, seven, "--json").json[0]["class"]
    assert cli("inside", run, "saliency", seven, "--json").json["explained"] == [f"class {label}"]


def test_patches_are_of_the_test_examples(cli: Cli, run: Path) -> None:
    opened = Run(run, "cpu")
    x, labels = map(torch.cat, zip(*opened.batches(), strict=True))
    assert len(x) == len(labels) == len(opened.test_split())
    found = cli("inside", run, "patches", "--layer", "conv2", "--unit", "3", "--count", "1", "--json").json["patches"]
    maps = inside.feature_maps(opened.model(), x, "conv2").values[:, 3]
    assert found[0]["example"] == int(maps.flatten(1).amax(1).argmax())


def test_other_ends_get_grad_cam_and_are_told(cli: Cli, tmp_path: Path, seven: Path) -> None:
    path = train("input 1x8x8 -> conv 4@3 -> relu -> fc 10", "digits", epochs=1, out=tmp_path / "run").path
    ended = cli("inside", path, "cam", seven, "--json")
    assert ended.json["method"] == "Grad-CAM"
    assert "CAM is for networks that end in global average pooling" in ended.err


def test_words_of_a_sentence(cli: Cli, spoken: Path, tmp_path: Path) -> None:
    picture = tmp_path / "words.png"
    value = cli("inside", spoken, "words", "a great film", "--class", "good", "--out", picture, "--json").json
    assert [one["word"] for one in value["words"][0]] == ["a", "great", "film"]
    assert picture.is_file()
    looked = cli("inside", spoken, "cam", "a great film", "--out", tmp_path / "cam.png", "--json").json
    assert looked["method"] == "Grad-CAM"
    assert (tmp_path / "cam.png").is_file()
    assert "reads words" in cli("inside", spoken, "saliency", "a great film").error


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("filtres",), "did you mean 'filters'?"),
        (("gradcam",), "did you mean 'cam'?"),
        (("saliency",), "saliency looks at an example"),
        (("saliency", "missing.png"), "missing.png"),
        (("maps", "EXAMPLE"), "maps looks at one layer: say --layer, one of conv1, relu1"),
        (("maps", "EXAMPLE", "--layer", "cnov1"), "no layer 'cnov1'; did you mean 'conv1'?"),
        (("patches", "--layer", "conv1"), "patches looks at one unit: say --unit"),
        (("deconv", "EXAMPLE", "--layer", "conv1", "--unit", "six"), "--unit takes a channel"),
        (("deconv", "EXAMPLE", "--layer", "conv1", "--unit", "9"), "no unit 9: there are 6"),
        (("field", "--layer", "conv1", "--unit", "0,99,0"), "a position is one of a map of (6, 6)"),
        (("saliency", "EXAMPLE", "--class", "ten"), "no class 'ten'"),
        (("saliency", "EXAMPLE", "--class", "10"), "no class '10'; did you mean '9'?; there are 0, 1, 2"),
        (("saliency", "EXAMPLE", "--class", "1", "--layer", "conv1", "--unit", "1"), "a class or a unit"),
        (("cam", "EXAMPLE", "--unit", "1"), "cam is for classes"),
        (("filters", "--layer", "relu1"), "layer 'relu1' is a ReLU without filters"),
        (("filters", "--out", "picture.txt"), "end its name with .png"),
        (("embedding", "--layer", "gap1", "--by", "pac"), "did you mean 'pca'?"),
        (("words", "EXAMPLE"), "words is for runs on text"),
        (("embedding", "--layer", "gap1", "--data", "missing"), "missing"),
    ],
)
def test_what_is_wrong_is_said(words: tuple[str, ...], message: str, cli: Cli, run: Path, seven: Path) -> None:
    ended = cli("inside", run, *(seven if word == "EXAMPLE" else word for word in words), "--json")
    assert ended.status == 2
    assert message in ended.error


def test_a_picture_that_cannot_be_written(cli: Cli, run: Path, tmp_path: Path) -> None:
    ended = cli("inside", run, "filters", "--out", tmp_path / "missing" / "picture.png")
    assert ended.status == 1
    assert "can't write" in ended.error


def test_without_a_run(cli: Cli, tmp_path: Path) -> None:
    assert cli("inside", tmp_path, "filters").status == 2
