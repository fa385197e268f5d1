"""Boxes as a task: two stages, images of any size, what is said where nothing is found, what does not fit."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import striate as st
from striate.data.boxes.canvas import placing
from striate.errors import InputError
from striate.tasks import known
from striate.tasks.task import Wish
from striate.training import loop
from striate.training.fields import named
from tests import boxed

ONE = "input 3x40x48 -> conv 8@3 pad 1 -> relu -> maxpool 2 -> conv 16@3 pad 1 -> relu -> maxpool 2 -> conv 14@1"
TWO = """
three(w) = conv w@3 pad 1 -> bn -> relu
input 3x40x48
three(12) -> maxpool 2 -> three(16) -> maxpool 2 -> maps: three(24)
heads[ rpn: from maps -> three(24) -> heads[ object: conv 2@1 | box: conv 8@1 ]
     | roi: roialign 4 from maps -> fc 32 -> relu -> heads[ class: fc 3 | box: fc 8 ] ]
"""
PYRAMID = """
three(w) = conv w@3 pad 1 -> bn -> relu
find() = conv 16@3 pad 1 -> relu -> heads[ object: conv 1@1 | box: conv 4@1 ]
input 3x40x48
three(12) -> maxpool 2 -> c1: three(16) -> maxpool 2 -> three(16) -> p2: conv 16@1
p1: sum[ upsample 2 | from c1 -> conv 16@1 ]
heads[ rpn2: from p2 -> rpn: find() | rpn1: from p1 -> shared rpn
     | roi: roialign 4 from p1 p2 -> fc 32 -> relu -> heads[ class: fc 3 | box: fc 8 ] ]
"""
NORMED = """
three(w) = conv w@3 pad 1 -> bn -> relu
input 3x40x48
three(12) -> maxpool 2 -> three(16) -> maxpool 2 -> three(24) -> three(24) -> conv 14@1
"""
HOW = {"batch": 4, "lr": 0.005, "seed": 3, "quiet": True, "threads": 1, "device": "cpu"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return boxed.coco(tmp_path / "data", {"train": 16, "test": 8})


def test_two_stages_learn_and_go_on_as_if_they_had_never_stopped(data: Path, tmp_path: Path) -> None:
    run = st.train(TWO, data, out=tmp_path / "whole", epochs=24, schedule="constant", augment="none", **HOW)
    assert run.task.stages == 2
    assert run.config["engine"] == "torch"
    assert run.test()["map50"] > 0.8
    st.train(TWO, data, out=tmp_path / "half", epochs=12, schedule="constant", augment="none", **HOW)
    st.resume(tmp_path / "half", epochs=24, quiet=True)
    ours, theirs = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "half"))
    assert all(torch.equal(ours[name], tensor) for name, tensor in theirs.items())
    (answer,) = st.Run(tmp_path / "whole").predict(data / "test" / "im017.png")
    assert answer.values["objects"]


def test_a_pyramid_proposes_boxes_of_all_its_levels(data: Path, tmp_path: Path) -> None:
    run = st.train(PYRAMID, data, out=tmp_path / "run", epochs=24, augment="none", **HOW)
    assert run.task.levels == ("rpn1", "rpn2")  # the finest first, and the smallest anchor with it
    small, large = run.task.anchors
    assert small[0] * small[1] < large[0] * large[1]
    assert run.test()["map50"] > 0.5
    assert st.Run(tmp_path / "run").test()["map50"] == run.test()["map50"]


def test_boxes_are_told_in_pixels_of_the_image_that_was_given(data: Path, tmp_path: Path) -> None:
    """The same image, twice as large and with a margin, has the same objects there."""
    run = st.train(NORMED, data, out=tmp_path / "run", epochs=80, augment="none", **HOW | {"lr": 0.02})
    path = data / "test" / "im017.png"
    (small,) = run.predict(path)
    with Image.open(path) as image:
        large = image.resize((96, 80), Image.Resampling.BICUBIC)
    (twice,) = run.predict(np.asarray(large))
    surest, also = (answer.values["objects"][:1] for answer in (small, twice))
    for ours, theirs in zip(surest, also, strict=True):
        assert ours["class"] == theirs["class"]
        np.testing.assert_allclose(2 * np.array(ours["box"]), theirs["box"], atol=6)
    assert {"class", "probability", "box"} == small.values["objects"][0].keys()


@pytest.mark.parametrize("size", [(40, 48), (100, 48), (31, 200), (7, 5)])
def test_what_is_placed_on_a_canvas_is_found_again(size: tuple[int, int]) -> None:
    on = placing(size, (40, 48))
    boxes = np.array([[0, 0, size[1], size[0]], [1, 2, size[1] / 2, size[0] / 2]], np.float32)
    there = on.there(boxes)
    assert (there >= 0).all()
    assert (there[:, [2, 3]] <= [48.5, 40.5]).all()
    np.testing.assert_allclose(on.back(there), boxes, atol=1e-3)


def test_a_network_that_has_learned_nothing_is_told_so(data: Path, tmp_path: Path) -> None:
    run = st.train(ONE, data, out=tmp_path / "run", epochs=1, init="zeros", **HOW | {"lr": 1e-6})
    judged = run.judged(None, quiet=True)
    (answer,) = run.predict(data / "test" / "im017.png")
    assert answer.said == "nothing is found"
    assert answer.values["objects"] == []
    assert any("No box is found" in str(line) for line in judged.printed())
    assert "No box is found" in (run.path / "report.html").read_text()


@pytest.mark.parametrize(
    ("net", "said"),
    [
        (
            "input 3x40x48 -> conv 8@3 -> fc 3",
            "boxes of 2 classes take 7 maps for each anchor; for five anchors end it",
        ),
        ("input 3x40x48 -> conv 15@3", "gives 15x38x46, and boxes of 2 classes take 7 maps"),
        ("input 3x40x48 -> heads[ a: conv 7@1 | b: conv 7@1 ]", "a detector gives one map, or in two stages heads"),
        (TWO.replace("class: fc 3", "class: fc 2"), "gives 2 as roi.class, which must be 3"),
        (TWO.replace("box: conv 8@1", "box: conv 4@1"), "as rpn.box, which must be 8"),
    ],
)
def test_a_network_that_does_not_fit_is_told_what_would(data: Path, tmp_path: Path, net: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        st.train(net, data, out=tmp_path / "run", epochs=1, **HOW)


def test_images_with_polygons_are_for_segmentation_unless_boxes_are_asked_for(data: Path) -> None:
    import json

    for path in (data / "annotations").iterdir():
        content = json.loads(path.read_text())
        for one in content["annotations"]:
            left, top, width, height = one["bbox"]
            one["segmentation"] = [[left, top, left + width, top, left + width, top + height, left, top + height]]
        path.write_text(json.dumps(content))
    assert known.opened(str(data), Wish())[0].word == "segment"
    assert known.opened(str(data), Wish(), "detect")[0].word == "detect"


def test_images_without_objects_among_others_are_learned_from(tmp_path: Path) -> None:
    root = boxed.yolo(tmp_path / "yolo", {"train": 12, "test": 4})
    for path in sorted((root / "labels" / "train").iterdir())[::2]:
        path.write_text("")
    run = st.train(ONE, root, out=tmp_path / "run", epochs=2, **HOW)
    assert all(np.isfinite(value) for epoch in run.history.epochs for value in epoch.figures.values())


def test_what_is_held_out_does_not_depend_on_how_the_path_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxed.yolo(tmp_path / "d", {"train": 14})
    monkeypatch.chdir(tmp_path)
    names = [
        [Path(known.opened(place, Wish())[1].test.name(row)).name for row in range(2)]  # type: ignore[union-attr]
        for place in ("d", str(tmp_path / "d"), "./d/")
    ]
    assert names[0] == names[1] == names[2]


def test_only_validation_images_are_nothing_to_learn_from(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none to train on; add train/"):
        known.opened(str(boxed.coco(tmp_path / "val", {"validation": 3})), Wish())
    with pytest.raises(InputError, match="1 or 3 channels"):
        known.opened(str(boxed.coco(tmp_path / "two", {"train": 3})), Wish((2, 40, 48)))


def test_two_stages_answer_alike_in_one_batch_and_in_several(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = st.train(TWO, data, out=tmp_path / "run", epochs=6, augment="none", **HOW)
    whole = run.predict(data / "test")
    monkeypatch.setattr(loop, "ENTRIES", 2 * 3 * 40 * 48)
    for ours, theirs in zip(st.Run(run.path).predict(data / "test"), whole, strict=True):
        assert len(ours.values["objects"]) == len(theirs.values["objects"])
        for one, other in zip(ours.values["objects"], theirs.values["objects"], strict=True):
            np.testing.assert_allclose(one["box"], other["box"], atol=0.2)


def test_heads_in_the_wrong_order_are_told(data: Path, tmp_path: Path) -> None:
    rpn, roi = TWO.partition("heads[ ")[2].strip().removesuffix(" ]").split("\n     | ")
    text = TWO.partition("heads[")[0] + f"heads[ {roi}\n | {rpn} ]"
    with pytest.raises(InputError, match="rpn, which must stand before roi"):
        st.train(text, data, out=tmp_path / "run", epochs=1, **HOW)


def test_validation_images_without_objects_leave_the_choice_to_the_loss(tmp_path: Path) -> None:
    root = boxed.yolo(tmp_path / "yolo", {"train": 8, "validation": 3, "test": 2})
    for path in (root / "labels" / "val").iterdir():
        path.write_text("")
    run = st.train(ONE, root, out=tmp_path / "run", epochs=3, **HOW)
    losses = [epoch.validation_loss for epoch in run.history.epochs]
    assert run.history.best.epoch == 1 + losses.index(min(losses))
    assert "nan%" not in (run.path / "report.html").read_text()


@pytest.mark.parametrize("net", [ONE, TWO])
def test_the_loss_is_a_mean_over_images(data: Path, tmp_path: Path, net: str) -> None:
    """So that it does not matter whether a batch goes through at once, in parts, or in several processes."""
    run = st.train(net, data, out=tmp_path / "run", epochs=1, **HOW)
    task, (_, opened) = run.task, known.opened(str(data), Wish((3, 40, 48)))
    fields = opened.train.take(range(8))
    model, x = run.model(), fields["image"].float() / 255

    def parts(rows: slice) -> dict[str, float]:
        with torch.no_grad():
            made = named(model(x[rows]))
            targets = {name: fields[name][rows] for name in ("boxes", "kinds")}
            return {name: float(value) for name, value in task.loss(made, targets).items()}

    whole, one, two = parts(slice(8)), parts(slice(4)), parts(slice(4, 8))
    for name, value in whole.items():
        assert value == pytest.approx((one[name] + two[name]) / 2, rel=1e-4), name


def test_a_hierarchy_is_learned_from_boxes_and_from_images_with_a_class_alone(tmp_path: Path) -> None:
    root = boxed.yolo(tmp_path / "data", {"train": 16, "test": 8})
    (root / "tree.txt").write_text("bright thing\ndark thing\nthing -\n")
    (root / "classes" / "dark").mkdir(parents=True)
    for number in range(4):
        Image.new("RGB", (48, 40), (number, 10, 20)).save(root / "classes" / "dark" / f"{number}.png")
    run = st.train(
        NORMED.replace("conv 14@1", "conv 16@1"),
        root,
        out=tmp_path / "run",
        epochs=80,
        augment="none",
        **HOW | {"lr": 0.02},
    )
    assert run.task.classes == ("bright", "dark", "thing")
    assert run.task.parents == (2, 2, -1)
    result = run.test()
    assert {one["class"]: one["ap50"] for one in result["per_class"]}["bright"] > 0.7
    assert st.Run(tmp_path / "run").task == run.task
    with pytest.raises(InputError, match="detectors of one stage"):
        st.train(TWO.replace("fc 3", "fc 4").replace("fc 8", "fc 12"), root, out=tmp_path / "two", epochs=1, **HOW)


@pytest.mark.parametrize("net", [ONE, TWO])
def test_objects_that_are_smaller_than_a_pixel_of_the_canvas_are_told(net: str, tmp_path: Path) -> None:
    for part, count in (("train", 6), ("test", 2)):
        for kind in ("images", "labels"):
            (tmp_path / "data" / kind / part).mkdir(parents=True)
        for number in range(count):
            name = f"{part}{number}"
            Image.new("RGB", (480, 400)).save(tmp_path / "data" / "images" / part / f"{name}.png")
            (tmp_path / "data" / "labels" / part / f"{name}.txt").write_text(f"{number % 2} 0.5 0.5 0.006 0.008\n")
    with pytest.raises(InputError, match="no training image shows an object larger than a pixel"):
        st.train(net, tmp_path / "data", out=tmp_path / "run", epochs=1, **HOW)
