"""`--size`, `--from`, and the weights of a run alone where a run is asked for."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Cli = Callable[..., Any]
TINY = "input 1x8x8 -> fc 10"


def test_explain_at_another_size(cli: Cli) -> None:
    value = cli("explain", "resnet18", "--size", 64, "--json").json
    assert value["input"] == [3, 64, 64]
    assert value["total_parameters"] == 11_689_512
    assert cli("explain", "resnet18", "--size", "64x48", "--json").json["layers"][0]["output"] == [64, 32, 24]


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ("16", "vgg16 does not fit an input of 3x16x16: maxpool 2 does not fit its 1x1 input; the next size that"),
        ("0", "--size takes one number for all axes or height x width, as in --size 64 or --size 64x48. Received: 0"),
        ("64x", "--size takes one number for all axes or height x width"),
        ("large", "--size takes one number for all axes or height x width"),
        ("9x9x9", "a size is one whole number from 1, or one for each of the input's 2 axes"),
    ],
)
def test_sizes_that_are_none_or_do_not_fit(size: str, message: str, cli: Cli) -> None:
    for words in (["explain", "vgg16"], ["train", "vgg16", "digits"]):
        ended = cli(*words, "--size", size)
        assert ended.status == 2
        assert message in ended.error


def test_training_at_a_size_from_a_run(run: Path, tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "run"
    net = "input 1x8x8 -> conv 2@3 -> relu -> gap -> fc 10"
    ended = cli("train", net, "digits", "--size", "10x12", "--epochs", 1, "--engine", "torch", "--out", out)
    assert ended.status == 0
    assert "network: input 1x10x12, as asked for, instead of 1x8x8" in ended.err
    assert json.loads((out / "config.json").read_text())["recipe"]["shape"] == [1, 10, 12]
    again = ["--epochs", 1, "--engine", "torch", "--out", tmp_path / "again"]
    ended = cli("train", TINY, "digits", "--from", run, *again)
    assert f"weights: kept 2 of 2 tensors from {run} (our own names)" in ended.err
    wrong = cli("train", net, "digits", "--from", run, "--out", tmp_path / "wrong")
    assert wrong.status == 2
    assert f"nothing of {run} fits the network" in wrong.error
    assert not (tmp_path / "wrong").exists()


def test_small_images_are_told_how_the_network_was_changed(tmp_path: Path, cli: Cli) -> None:
    generator = np.random.default_rng(0)
    np.savez(tmp_path / "w.npz", x=generator.integers(0, 255, (30, 3, 12, 12), np.uint8), y=np.arange(30) % 3)
    net = "input 3x96x96 -> conv 4@7 stride 2 -> relu -> maxpool 2 -> gap -> FC"
    ended = cli("train", net, tmp_path / "w.npz", "--epochs", 1, "--engine", "torch", "--out", tmp_path / "run")
    assert "input 3x12x12, the images' own size, instead of 3x96x96; stem: conv 4@3x3 pad 1 instead of" in ended.err
    assert "size" in ended.err.split("stem: ")[1].splitlines()[0]


def test_the_weights_alone_predict_and_test(run: Path, tmp_path: Path, cli: Cli) -> None:
    Image.new("L", (8, 8), 90).save(tmp_path / "grey.png")
    alone = shutil.copy(run / "model.safetensors", tmp_path / "alone.safetensors")
    for verb, what in (("predict", [tmp_path / "grey.png"]), ("test", [])):
        ours, theirs = (cli(verb, source, *what, "--json") for source in (alone, run))
        assert ours.status == 0
        assert ours.json == theirs.json
    assert cli("see", alone, "--report").status == 1
    assert cli("resume", alone).status == 2
