"""Training that begins with the weights of another: what fits is the file's, the rest is new, and a run remembers."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from striate import building, data, zoo
from striate.errors import InputError
from striate.runs.beginning import Beginning
from striate.runs.doing import Trained
from striate.runs.resuming import resume
from striate.runs.run import Run
from striate.runs.training import train
from striate.training.options import Options
from striate.weights.layouts import naming
from tests.learning import Training

NET = "input 1x8x8 -> conv 12@3x3 -> relu -> conv 16@3x3 -> bn -> relu -> FC"


def digits(classes: int, first: int) -> data.Dataset:
    """The digits from 0 below `classes`, the first ones of them to train on."""
    whole = data.load("digits")
    assert whole.test
    parts = []
    for split, count in ((whole.train, first), (whole.test, 200)):
        rows = torch.nonzero(split.labels < classes).flatten()[:count].tolist()
        parts.append(split.take(rows))
    return data.Dataset("digits", "", parts[0], parts[1], tuple(map(str, range(classes))))


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A training on all digits. Not to be changed."""
    return train(NET, "digits", epochs=6, lr=0.01, engine="torch", out=tmp_path_factory.mktemp("runs") / "before")


def training(dataset: Any, source: Any, net: Any = NET, engine: str = "torch", **options: Any) -> Training:
    return Training(net, dataset, Options(**options), engine=engine, device="cpu", weights=source)


def begun(task: Training) -> dict[str, Tensor]:
    """The weights before the first step."""
    weights: dict[str, Tensor] = task.engine.weights()
    return weights


@pytest.mark.parametrize("engine", ["torch", "native"])
def test_a_run_of_other_classes_gives_all_but_its_head(before: Run, engine: str) -> None:
    task = training(digits(5, 60), before.path, engine=engine, batch=16)
    weights, scratch = begun(task), begun(training(digits(5, 60), None, engine=engine, batch=16))
    for name, tensor in weights.items():
        if name.endswith("num_batches_tracked"):  # nothing is computed from it, and the native engine counts anew
            continue
        if name == "fc1.weight":
            assert float(tensor.std()) == pytest.approx(0.01)
            assert torch.allclose(tensor, scratch[name] * (0.01 / scratch[name].std()))
        else:
            expected = scratch[name] if name == "fc1.bias" else before.state.weights[name]
            assert torch.equal(tensor, expected), name
    assert task.plan.said()[-1] == (
        f"weights: kept 9 of 11 tensors from {before.path} (our own names); new: fc1 (5 classes for 10); "
        "images are scaled for them: mean 0.306 and spread 0.376, those of that run"
    )


def test_it_learns_more_of_a_few_images_than_from_the_start(before: Run, tmp_path: Path) -> None:
    few = digits(5, 30)
    tests = [
        train(NET, few, epochs=2, batch=8, validation=0.2, engine="torch", weights=source, out=tmp_path / name).test(
            few
        )
        for name, source in (("fine", before.path), ("scratch", None))
    ]
    assert tests[0].accuracy > tests[1].accuracy + 0.1


@pytest.mark.parametrize("what", ["folder", "model.safetensors", "lone", "checkpoint"])
def test_every_part_of_a_run_that_holds_weights(what: str, before: Run, tmp_path: Path) -> None:
    places = {"folder": before.path, "lone": tmp_path / "alone.safetensors"}
    shutil.copy(before.path / "model.safetensors", tmp_path / "alone.safetensors")
    checkpoint = sorted((before.path / "checkpoint").iterdir())[-1]
    source = places.get(what, checkpoint if what == "checkpoint" else before.path / what)
    weights = begun(training("digits", source))
    whole = load_file(checkpoint if what == "checkpoint" else before.path / "model.safetensors")
    assert all(torch.equal(tensor, whole[name]) for name, tensor in weights.items())


def test_the_same_number_of_other_classes_is_another_head(before: Run) -> None:
    same = digits(10, 90)
    other = data.Dataset("letters", "", same.train, same.test, tuple("abcdefghij"))
    for dataset, kept in ((same, True), (other, False)):
        task = training(dataset, before.path)
        assert torch.equal(begun(task)["fc1.weight"], before.state.weights["fc1.weight"]) is kept
        assert ("new: fc1 (of other classes)" in task.plan.said()[-1]) is not kept


def foreign(path: Path) -> dict[str, Tensor]:
    """ResNet-18 under torchvision's names, in a file as a training leaves it; returned under our names."""
    model = building.build("resnet18")
    names = naming(model)["torchvision and timm (ResNet)"]
    assert names
    renamed = {}
    for name, tensor in model.state_dict().items():
        layer, _, key = name.rpartition(".")
        renamed[f"module.{names[layer]}.{key}"] = tensor
    torch.save({"model": renamed, "epoch": 90}, path)
    return model.state_dict()


def test_torchvision_s_weights_in_a_network_for_small_images(tmp_path: Path) -> None:
    """The small stem is new, as the head is; all else is the file's."""
    theirs = foreign(tmp_path / "resnet18.pth")
    images = torch.randint(0, 255, (30, 3, 16, 16), dtype=torch.uint8)
    made_up = data.Dataset("made-up", "", data.Split(images, torch.arange(30) % 3), None, ("a", "b", "c"))
    task = training(made_up, tmp_path / "resnet18.pth", net="resnet18")
    weights = begun(task)
    new = {name for name, tensor in weights.items() if not torch.equal(tensor, theirs[name])}
    assert new == {"conv1.weight", "fc1.weight", "fc1.bias"}
    assert "kept 119 of 122 tensors" in task.plan.said()[-1]
    assert "new: conv1 (64x3x3x3 for 64x3x7x7), fc1 (3 classes for 1,000)" in task.plan.said()[-1]


def started(source: Path, root: Path, **options: Any) -> Trained:
    return Training(NET, "digits", Options(**options), weights=source, engine="torch").start(root)


def test_a_run_remembers_where_its_weights_came_from_and_goes_on_without_them(before: Run, tmp_path: Path) -> None:
    shutil.copytree(before.path, tmp_path / "source")
    result = started(tmp_path / "source", tmp_path / "run", epochs=1)
    kept = result.run.config["weights"]
    content = (tmp_path / "source" / "model.safetensors").read_bytes()
    assert kept["source"] == str(tmp_path / "source")
    assert kept["sha256"] == hashlib.sha256(content).hexdigest()
    assert (kept["kept"], kept["of"], kept["new"]) == (11, 11, [])
    assert kept["said"] in result.run.config["decisions"]
    assert f"--from {tmp_path / 'source'}" in result.run.config["command"]
    shutil.rmtree(tmp_path / "source")
    resume(tmp_path / "run", epochs=2)
    assert json.loads((tmp_path / "run" / "config.json").read_text())["weights"] == kept
    assert len(Run(tmp_path / "run").history) == 2


def test_a_run_that_goes_on_is_the_run_that_never_stopped(before: Run, tmp_path: Path) -> None:
    whole = started(before.path, tmp_path / "whole", epochs=2, schedule="constant")
    started(before.path, tmp_path / "parts", epochs=1, schedule="constant")
    resume(tmp_path / "parts", epochs=2)
    ours, theirs = (Run(tmp_path / name).saved.last().weights for name in ("whole", "parts"))
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())
    assert whole.run.config["weights"]["kept"] == 11


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nowhere", r"no file nowhere \(looked in "),
        (3, r"weights come from a run or a file, given by its path\. Received: int"),
        ("empty", "empty is no run"),
        ("text.pth", r"text\.pth is no file of weights"),
        ("other.pth", r"nothing of other\.pth fits the network: it has 'a\.weight' of shape 2x2, the network conv1 \("),
    ],
)
def test_what_holds_no_weights_that_fit(
    source: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.pth").write_text("hello")
    torch.save({"a.weight": torch.zeros(2, 2)}, tmp_path / "other.pth")
    with pytest.raises(InputError, match=f"^{message}"):
        train(NET, "digits", weights=source, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_damaged_run_begins_from_its_checkpoint_and_says_so(before: Run, tmp_path: Path) -> None:
    shutil.copytree(before.path, tmp_path / "source")
    path = tmp_path / "source" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x77")
    found = Beginning(tmp_path / "source")
    assert found.task == before.task
    said = found.begin(building.build(zoo.net(NET)), before.task)["said"]
    assert "model.safetensors is damaged" in said
    assert "the newest state that is whole" in said


def folder_of(sizes: list[tuple[int, int]], root: Path) -> Path:
    """Two classes of twelve noise images, of (width, height) in turn."""
    generator = np.random.default_rng(0)
    for label in "ab":
        (root / label).mkdir(parents=True)
        for number in range(12):
            width, height = sizes[number % len(sizes)]
            pixels = generator.integers(0, 255, (height, width, 3), np.uint8)
            Image.fromarray(pixels).save(root / label / f"{number}.png")
    return root


LARGE = "input 3x96x96 -> conv 4@7 stride 2 -> relu -> maxpool 2 -> conv 4@3 pad 1 -> gap -> FC"
DEEP = "input 3x96x96 -> [conv 4@3 -> relu -> maxpool 2]*2 -> conv 4@2 -> FC"  # 14x14 at least


@pytest.mark.parametrize(
    ("net", "sizes", "source", "shape"),
    [
        (LARGE, [(16, 12)], (3, 12, 16), (3, 12, 16)),
        (LARGE, [(16, 12), (9, 30), (20, 14)], (3, 14, 16), (3, 14, 16)),
        (DEEP, [(13, 12), (9, 11), (12, 13)], (3, 12, 12), (3, 14, 14)),
        (LARGE, [(50, 60), (20, 90), (300, 200)], (3, 96, 96), (3, 96, 96)),
    ],
)
def test_images_of_a_folder_are_trained_and_resumed_at_their_size(
    net: str, sizes: list[tuple[int, int]], source: tuple[int, ...], shape: tuple[int, ...], tmp_path: Path
) -> None:
    """Where they differ, at their median; the run goes on with the same images."""
    folder = folder_of(sizes, tmp_path / "folder")
    run = train(net, folder, epochs=1, engine="torch", out=tmp_path / "run")
    assert (run.recipe.source, run.recipe.shape, run.network.input) == (source, shape, shape)
    assert resume(tmp_path / "run", epochs=2)
    assert Run(tmp_path / "run").test().examples == run.test().examples


def test_the_size_that_was_asked_for_is_kept(tmp_path: Path) -> None:
    folder = folder_of([(16, 12)], tmp_path / "folder")
    wide = train(LARGE, folder, epochs=1, size=96, engine="torch", out=tmp_path / "wide")
    assert wide.network.input == wide.recipe.shape == (3, 96, 96)
    resume(tmp_path / "wide", epochs=2)
    assert Run(tmp_path / "wide").network.layers == wide.network.layers
    assert "--size 96" in wide.config["command"]
