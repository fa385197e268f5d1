"""Volumes, images of many bands and clips on the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest

import striate as st
from tests import cubes, scans, scenes
from tests.cli.conftest import Ended

Cli = Callable[..., Ended]
HOW = ("--epochs", 1, "--engine", "torch", "--threads", 1)


def test_labels_are_written_under_the_volume_s_name(cli: Cli, tmp_path: Path) -> None:
    scans.decathlon(tmp_path / "data", 4, 2)
    net = "input 1x8x8x8 -> conv 3@3x3x3 pad same"
    trained = cli(
        "train", net, tmp_path / "data", "--task", "volume", "--spacing", "1.5", "--out", tmp_path / "run", *HOW
    )
    assert trained.status == 0
    made = cli("predict", tmp_path / "run", tmp_path / "data" / "imagesTs", "--out", tmp_path / "out")
    assert made.status == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"answers.csv", "s04-slices.png", "s04.nii.gz", "s05-slices.png", "s05.nii.gz"}
    assert "2 pictures and 2 files of labels" in made.out
    images = tmp_path / "data" / "imagesTs"
    before = (images / "s04.nii.gz").read_bytes()
    refused = cli("predict", tmp_path / "run", images, "--out", images)
    assert refused.status == 2
    assert "could be written over" in refused.error
    assert (images / "s04.nii.gz").read_bytes() == before
    told = cli("test", tmp_path / "run", "--json").json
    assert {"dice", "usual_dice"} <= told.keys()


def test_a_map_and_the_rival_beside_it(cli: Cli, tmp_path: Path) -> None:
    data = cubes.arrays(tmp_path / "data")
    net = "input 1x4x5x5 -> conv 4@3x3x3 -> relu -> fc 3"
    how = ("--task", "cube", "--split", "random:0.2", "--out", tmp_path / "run")
    assert cli("train", net, data, *how, *HOW).status == 0
    told = cli("test", tmp_path / "run", "--json").json
    assert told["split"] == "random:0.2"
    beside = cli("baseline", "raw", data, "--task", "cube", "--beside", tmp_path / "run", "--json").json
    assert beside["examples"] == beside["beside"]["examples"] == told["examples"]
    assert cli("predict", tmp_path / "run", data / "scene.npy", "--out", tmp_path / "out").status == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"answers.csv", "scene-map.png", "scene.npy"}


def test_clips_are_answered_each(cli: Cli, tmp_path: Path) -> None:
    scenes.arrays(tmp_path / "data", 8, 4)
    net = "input 1x4x12x12 -> conv 4@3x3x3 -> relu -> gap -> fc 2"
    assert cli("train", net, tmp_path / "data", "--task", "clip", "--out", tmp_path / "run", *HOW).status == 0
    answers = cli("predict", tmp_path / "run", tmp_path / "data" / "test", "--json").json
    assert len(answers) == 4
    assert cli("test", tmp_path / "run", "--json").json["examples"] == 4
    with pytest.raises(st.InputError, match="one picture, one sentence"):
        st.see(tmp_path / "run", browser=False)
