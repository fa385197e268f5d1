"""Trainings that start from the weights of others: frozen layers, scaling, other tasks; exact where they go on."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from striate import building, data
from striate.errors import InputError
from striate.runs.beginning import Beginning
from striate.runs.resuming import resume
from striate.runs.run import Run
from striate.runs.training import train
from striate.training.options import Options
from striate.weights.layouts import naming
from striate.weights.scaling import BYTES, IMAGENET
from tests.learning import Training
from tests.native.needs import needs_compiler

NET = "input 1x8x8 -> a: conv 6@3x3 -> relu -> conv 8@3x3 -> relu -> FC"
BOTH = pytest.mark.parametrize("engine", ["torch", pytest.param("native", marks=needs_compiler)])


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A training on all digits. Not to be changed."""
    out = tmp_path_factory.mktemp("runs") / "before"
    return train(NET, "digits", epochs=1, engine="torch", quiet=True, out=out)


def three(classes: int = 3) -> data.Dataset:
    """Few digits of few classes."""
    whole = data.load("digits")
    rows = torch.nonzero(whole.train.labels < classes).flatten()[:64].tolist()
    return data.Dataset("digits", "", whole.train.take(rows), None, tuple(map(str, range(classes))))


def weights_after(run: Run) -> dict[str, Tensor]:
    return dict(run.saved.last().weights)


@BOTH
def test_a_run_that_goes_on_between_freezing_and_unfreezing_is_the_run_that_never_stopped(
    engine: str, before: Run, tmp_path: Path
) -> None:
    how: dict[str, Any] = {"weights": before.path, "freeze": "a", "unfreeze_after": 2, "schedule": "constant"}
    how |= {"engine": engine, "quiet": True, "batch": 16}
    whole = train(NET, three(), epochs=4, out=tmp_path / "whole", **how)
    for done in (2, 3):  # at the end of the frozen epochs, and after it
        part = train(NET, three(), epochs=done, out=tmp_path / f"part{done}", **how)
        first, now = before.state.weights["conv1.weight"], weights_after(part)["conv1.weight"]
        assert torch.equal(first, now) is (done == 2)
        gone_on = resume(part.path, three(), epochs=4, quiet=True)
        ours, theirs = weights_after(whole), weights_after(gone_on)
        assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items()), done
    said = whole.config["decisions"]
    assert "frozen for 2 epochs: conv1" in said
    command = Training(NET, "digits", Options(freeze="a", unfreeze_after=2)).plan.command
    assert "--freeze a --unfreeze-after 2" in command


def test_weights_of_others_mean_a_lower_rate_lowest_in_the_first_layers(before: Run) -> None:
    started, scratch = (Training(NET, "digits", Options(), weights=source).plan for source in (before.path, None))
    assert (started.options.rate, started.options.slowest) == (0.001, 0.1)
    assert (scratch.options.rate, scratch.options.slowest) == (0.003, 1)
    chosen = Training(NET, "digits", Options(lr=0.02, rates=1), weights=before.path).plan.options
    assert (chosen.rate, chosen.slowest) == (0.02, 1)


def photographs() -> data.Dataset:
    images = torch.randint(0, 255, (30, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return data.Dataset("made-up", "", data.Split(images, torch.arange(30) % 2), None, ("a", "b"))


def foreign(model: nn.Module, layout: str) -> dict[str, Tensor]:
    """A model's tensors under another library's names."""
    names = naming(model)[layout]
    split = {name: name.rpartition(".") for name in model.state_dict()}
    return {f"{names[split[name][0]]}.{split[name][2]}": tensor for name, tensor in model.state_dict().items()}


def test_images_are_scaled_as_the_library_of_the_weights_scales_them(tmp_path: Path) -> None:
    model = building.build("squeezenet")
    for layout, scaling in (("torchvision (SqueezeNet)", IMAGENET), ("fire2.conv1x1_1 (SqueezeNet)", BYTES)):
        file = tmp_path / "weights.npz"
        np.savez(file, **{name: tensor.numpy() for name, tensor in foreign(model, layout).items()})
        options = Options(freeze="all-but-head")
        task = Training("squeezenet", photographs(), options, weights=file, size=96, engine="torch")
        assert task.plan.recipe is not None
        assert (task.plan.recipe.mean, task.plan.recipe.std) == (scaling.mean, scaling.std)
        first = task.engine.weights()["conv1.weight"]
        assert torch.equal(first, model.state_dict()["conv1.weight"].flip(1) if scaling.bgr else model[0].weight)
        assert f"images are scaled for them: {scaling.said()}" in task.plan.begun["said"]
        assert any(f"scaled by mean {scaling.mean[0]:.3g}" in note for note in task.plan.notes)


def test_layers_that_begin_anew_are_not_frozen(tmp_path: Path) -> None:
    """Small images get a small stem, for which the file has no weights: it learns though all but the head is frozen."""
    theirs = foreign(building.build("resnet18"), "torchvision and timm (ResNet)")
    torch.save(theirs, tmp_path / "resnet18.pth")
    options = Options(freeze="all-but-head", lr=0.01)
    task = Training("resnet18", photographs(), options, weights=tmp_path / "resnet18.pth", engine="auto")
    assert "engine torch: the native engine lacks frozen batch norms" in task.plan.said()
    engine = task.engine
    first = engine.weights()
    engine.train()
    engine.step({"image": torch.randn(4, 3, 32, 32)}, {"label": torch.tensor([0, 1, 0, 1])})
    changed = {name for name, tensor in engine.weights().items() if not torch.equal(tensor, first[name])}
    assert changed == {"conv1.weight", "fc1.weight", "fc1.bias"}
    assert any("their batch norms use the mean and spread they have" in line for line in task.plan.said())


BACKBONE = "conv 6@3x3 pad 1 -> relu -> conv 8@3x3 pad 1 -> relu"


def masks(root: Path) -> Path:
    """Noise, of which the bright pixels are a class."""
    draws = np.random.default_rng(0)
    for number in range(20):
        image = draws.integers(0, 255, (8, 8), np.uint8)
        for folder, pixels in (("images", image), ("masks", (image > 127).astype(np.uint8))):
            (root / "photos" / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(root / "photos" / folder / f"{number}.png")
    return root / "photos"


def test_classes_and_masks_share_a_backbone_both_ways(tmp_path: Path) -> None:
    how: dict[str, Any] = {"epochs": 1, "engine": "torch", "quiet": True, "batch": 8}
    classify, segment = f"input 1x8x8 -> {BACKBONE} -> gap -> FC", f"input 1x8x8 -> {BACKBONE} -> conv 2@1x1"
    first = train(classify, three(), out=tmp_path / "classes", **how)
    second = train(segment, masks(tmp_path), weights=first.path, out=tmp_path / "masks", **how)
    back = train(classify, three(), weights=second.path, out=tmp_path / "back", **how)
    told = ((second, "conv3 (not in the file)", "fc1."), (back, "fc1 (not in the file)", "conv3."))
    for run, new, unused in told:
        begun = run.config["weights"]
        assert (begun["kept"], begun["of"], begun["new"]) == (4, 6, [new])
        assert f"2 of the file's have no place, such as {unused}" in begun["said"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"freeze": "b"}, "no layer 'b' with weights to freeze; there are conv1, conv2, fc1"),
        ({"unfreeze_after": 2}, "unfreeze_after 2 is for frozen layers; say which with `freeze`"),
        ({"rates": 0.0}, "rates must be "),
    ],
)
def test_what_names_no_layers(options: dict[str, Any], message: str, before: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        train(NET, "digits", weights=before.path, out=tmp_path / "run", quiet=True, **options)
    assert not (tmp_path / "run").exists()


def test_an_earlier_run_of_weights_goes_on_without_knowing_which_are_new(before: Run, tmp_path: Path) -> None:
    assert Beginning(before.path).recipe == Run(before.path).recipe
    run = train(NET, three(), epochs=1, weights=before.path, quiet=True, out=tmp_path / "run", engine="torch")
    config = json.loads((run.path / "config.json").read_text())
    assert config["weights"]["fresh"] == ["fc1"]
