"""Poses: what they are learned from, in which forms, and how good they are said to be."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import striate as st
from striate.data.kinds import Points
from striate.errors import InputError
from striate.runs.run import Run
from striate.tasks import known
from striate.tasks.task import Wish
from tests import posed
from tests.tasks.test_every_task import MADE, options

NUMBERS = """
joints = 2
three(w) = conv w@3 pad 1 -> bn -> relu
input 3x40x48
three(12) -> maxpool 2 -> three(16) -> maxpool 2 -> three(24) -> fc 2*joints
"""
CASCADE = """
joints = 2
three(w) = conv w@3 pad 1 -> bn -> relu
photo: input 3x40x48
heads[ first: three(8) -> maxpool 4 -> three(16) -> fc 2*joints
     | second: roialign 12 from photo -> three(8) -> maxpool 2 -> fc 2*joints
     | third: roialign 12 from photo -> three(8) -> maxpool 2 -> fc 2*joints ]
"""
HEATED = CASCADE.replace("maxpool 4 -> three(16) -> fc 2*joints", "maxpool 2 -> three(16) -> conv joints@1")
HOW: dict[str, Any] = {"batch": 4, "seed": 3, "device": "cpu", "quiet": True, "threads": 1}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return posed.table(tmp_path_factory.mktemp("posed") / "set", {"train": 24, "validation": 6, "test": 8})


@pytest.fixture(scope="module")
def cascade(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return st.train(CASCADE, data, out=tmp_path_factory.mktemp("cascade") / "run", epochs=60, lr=0.01, **HOW)


def test_no_stage_of_a_cascade_is_worse_than_the_first(cascade: Run) -> None:
    result = cascade.test()
    first, second, third = (one["pck"] for one in result["stages"])
    assert first <= min(second, third) + 0.05
    assert result["pck"] == third > 0.8
    assert result["mean_pose_pck"] < result["pck"]
    json.dumps(result)


def test_a_cascade_may_begin_with_maps(data: Path, tmp_path: Path) -> None:
    run = st.train(HEATED, data, out=tmp_path / "run", epochs=60, lr=0.01, **HOW)
    first, _, third = (one["pck"] for one in run.test()["stages"])
    assert min(first, third) > 0.8
    with pytest.raises(InputError, match="3 joints take fc 6"):
        st.train(HEATED.replace("conv joints@1", "conv 4@1"), data, out=tmp_path / "other", epochs=1, **HOW)


def test_an_answer_is_in_the_pixels_of_the_image(cascade: Run, data: Path, tmp_path: Path) -> None:
    """A picture three times as large, with room on its sides, has its joints three times as far apart."""
    pixels = np.asarray(Image.open(data / "images" / "im030.png"))
    large = Image.fromarray(pixels).resize((144, 120), Image.Resampling.NEAREST)
    wide = Image.new("RGB", (200, 120), (114, 114, 114))
    wide.paste(large, (28, 0))
    wide.save(tmp_path / "wide.png")
    plain, scaled = (
        cascade.predict(path)[0].to_json()["joints"] for path in (data / "images" / "im030.png", tmp_path / "wide.png")
    )
    for one, other in zip(plain, scaled, strict=True):
        assert (one["name"], one["probability"]) == (other["name"], None)
        assert other["x"] == pytest.approx(3 * one["x"] + 1 + 28, abs=9)
        assert other["y"] == pytest.approx(3 * one["y"] + 1, abs=9)


def test_a_mirror_exchanges_left_and_right(tmp_path: Path) -> None:
    root = posed.table(tmp_path / "set", {"train": 4})
    path = root / "joints.csv"
    path.write_text(path.read_text().replace("right_hip", "right_shoulder"))
    _, opened = known.opened(str(root), Wish())
    kind = opened.schema.targets["places"]
    assert isinstance(kind, Points)
    assert (kind.size, kind.pairs) == ((32, 64), ((0, 1),))


@pytest.mark.parametrize(
    ("net", "message"),
    [
        ("input 3x40x48 -> conv 4@3 -> relu -> fc 5", "3 joints take fc 6"),
        ("input 3x40x48 -> conv 4@3 -> relu -> conv 2@1", "3 joints take fc 6, or a map for each: conv 3@1"),
        (
            CASCADE.replace("first:", "first: heads[ a: fc 2 | b:").replace(
                "fc 2*joints\n     | second", "fc 4 ]\n     | second", 1
            ),
            "joints take",
        ),
        ("input 3x40x48 -> maxpool 8 -> heads[ a: fc 6 | b: fc 6 ]", "b must look at boxes: begin the head with roial"),
    ],
)
def test_a_network_that_does_not_fit_is_told(data: Path, tmp_path: Path, net: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        st.train(net, data, out=tmp_path / "run", epochs=1, **HOW)


def test_coco_is_found_only_where_poses_are_asked_for(tmp_path: Path) -> None:
    root = posed.coco(tmp_path / "set", {"train": 12, "test": 4})
    run = st.train(NUMBERS, root, out=tmp_path / "run", task="pose", epochs=2, **HOW)
    assert run.task.word == "pose"
    assert run.task.limbs == ((0, 2), (2, 1))
    assert 0 <= run.test()["pcp"] <= 1


def test_the_report_has_every_joint_and_both_pictures(cascade: Run) -> None:
    html = (cascade.path / "report.html").read_text()
    assert all(name in html for name in posed.JOINTS)
    assert "always saying the mean pose" in html.lower()
    assert "PCK after each stage" in html


def test_changes_that_forget_joints_are_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="mixup"):
        st.train(NUMBERS, data, out=tmp_path / "run", epochs=1, augment="mixup", **HOW)


@pytest.mark.parametrize("word", ["pose", "localize"])
def test_a_network_that_says_the_same_of_every_image_is_told_so(word: str, tmp_path: Path) -> None:
    made = MADE[word]
    root, *_ = made.make(tmp_path / "data")
    how = options("torch") | {"epochs": 1, "lr": 1e-6, "task": word}
    net = "input 3x40x48 -> fc 6" if word == "pose" else "input 3x40x48 -> heads[ class: fc 2 | box: fc 4 ]"
    run = st.train(net, root, out=tmp_path / "run", init="zeros", **how)
    said = f"Every image gets the same {'pose' if word == 'pose' else 'box'}: the units that looked may have died"
    assert any(said in str(line) for line in run.judged(quiet=True).printed())
    assert said in (run.path / "report.html").read_text()
    assert "Well fitted" not in (run.path / "report.html").read_text()
