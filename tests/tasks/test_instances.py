"""Objects one by one: what is answered, what is judged, and what people ask that can't be."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import striate as st
from striate.data.examples import Table
from striate.losses import masked
from striate.polygons import polygon_mask
from striate.runs.run import Run
from striate.tasks.numbered import JudgedObjects
from tests import objects

NET = "classes = 2\ninput 1x24x24 -> conv 8@3 pad 1 -> relu -> conv classes@3 pad 1"


def trained(data: Path, out: Path, net: str = NET) -> Run:
    return st.train(net, data, task="instances", epochs=1, batch=4, engine="torch", out=out, quiet=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("instances")
    return trained(objects.discs(place / "data", 8, 4), place / "run")


def test_each_object_has_a_class_a_chance_a_box_and_a_polygon(run: Run, tmp_path: Path) -> None:
    image = np.zeros((40, 50), np.uint8)
    image[4:12, 5:15], image[20:33, 20:40] = 200, 160
    (answer,) = run.predict(image)
    told = json.loads(json.dumps(answer.to_json()))
    numbers = np.asarray(Image.open(io.BytesIO(answer.pictures[""])))
    assert numbers.shape == (40, 50) == tuple(told["size"])
    assert len(told["objects"]) == numbers.max() > 0
    for number, one in enumerate(told["objects"], start=1):
        assert one.keys() == {"class", "probability", "box", "polygon"}
        rows, columns = np.nonzero(numbers == number)
        assert one["box"] == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        filled = polygon_mask([place for corner in one["polygon"] for place in corner], numbers.shape)
        assert filled[numbers == number].all()
        assert not filled[: rows.min()].any()
        assert 0.5 <= one["probability"] <= 1
    assert answer.said == f"{numbers.max()} object"


def test_what_is_judged_may_be_black_and_white_and_empty(run: Run, tmp_path: Path) -> None:
    root = objects.discs(tmp_path / "data", 8, 4)
    for path in root.glob("*/labels/*.png"):
        Image.fromarray(255 * (np.asarray(Image.open(path)) > 0).astype(np.uint8)).save(path)
    Image.fromarray(np.zeros((24, 24), np.uint8)).save(root / "test" / "labels" / "9.png")
    result = run.test(root)
    assert result["found"] + result["missed"] == 3
    assert 0 <= result["ap"] <= result["ap50"] <= 1
    assert np.isfinite(result["loss"])


def test_a_network_that_finds_nothing_is_told_what_to_try() -> None:
    names = tuple("ab")
    examples = Table({"image": torch.zeros(2, 1, 8, 8, dtype=torch.uint8), "objects": torch.ones(2, 8, 8).int()}, names)
    counts = torch.tensor([[[0, 0, 1]] * 10] * 2)
    rows = {"counts": counts, "found": torch.zeros(2, 192, 192).int()}
    figures = {"ap50": 0.0, "ap": 0.0, "loss": 1.0}
    judged = JudgedObjects("the test set", examples, rows, figures, "images", ((9, 9, 9),))
    said = "No object is found: the network has learned too little. Try more `epochs`"
    assert any(said in str(line) for line in judged.printed())


def test_a_network_with_other_maps_is_told_how_to_end(tmp_path: Path) -> None:
    data = objects.discs(tmp_path / "data", 8, 4)
    with pytest.raises(st.InputError, match=r"take 2 maps, of depth and of each class; end it with conv 2@1"):
        trained(data, tmp_path / "run", NET.replace("classes@3", "33@3"))


def test_without_an_object_there_is_nothing_to_learn(tmp_path: Path) -> None:
    data = objects.discs(tmp_path / "data", 8, 4)
    for path in data.glob("train/labels/*.png"):
        Image.fromarray(np.zeros((24, 24), np.uint8)).save(path)
    with pytest.raises(st.InputError, match="no training image has an object"):
        trained(data, tmp_path / "run")


MASKED = """
classes = 1
anchors = 2
c3(w) = conv w@3 pad 1 -> relu

input 1x24x24
maps: [c3(8) -> maxpool 2 -> c3(12)]
heads[ rpn: from maps -> heads[ object: conv anchors@1 | box: conv 4*anchors@1 ]
     | roi: roialign 4 from maps -> fc 16 -> relu -> heads[ class: fc classes+1 | box: fc 4*classes ]
     | mask: roialign 5 from maps -> upconv 8@2 stride 2 -> relu -> conv classes@1 ]
"""


def test_a_third_head_gives_each_box_a_mask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = objects.discs(tmp_path / "data", 8, 4)
    (tmp_path / "masked.net").write_text(MASKED)
    run = trained(data, tmp_path / "run", str(tmp_path / "masked.net"))
    again = Run(tmp_path / "run")
    result = again.test(data)
    assert result == run.test(data)
    assert result["missed"] + result["found"] == 8
    monkeypatch.setattr(masked, "SURE", 0.0)  # it has hardly learned
    monkeypatch.setattr(masked, "INSIDE", 0.0)
    (answer,) = again.predict(np.full((30, 60), 90, np.uint8))
    told = answer.to_json()
    assert told["size"] == [30, 60]
    assert told["objects"]
    for one in told["objects"]:
        left, top, right, bottom = one["box"]
        assert 0 <= left < right <= 60
        assert 0 <= top < bottom <= 30
        assert one["polygon"]


def test_a_damaged_image_does_not_keep_others_from_being_measured(tmp_path: Path) -> None:
    data = objects.discs(tmp_path / "data", 8, 4)
    damaged = data / "train" / "images" / "0.png"
    damaged.write_bytes(damaged.read_bytes()[:-40])
    run = trained(data, tmp_path / "run", MASKED)
    assert len(run.task.anchors) == 2  # type: ignore[attr-defined]


def test_networks_that_propose_boxes_need_all_heads(tmp_path: Path) -> None:
    data = objects.discs(tmp_path / "data", 4, 2)
    with pytest.raises(st.InputError, match="masks of boxes take heads"):
        trained(data, tmp_path / "run", "input 1x24x24 -> heads[ mask: conv 1@1 | class: fc 2 ]")
    with pytest.raises(st.InputError, match="as mask, which must be maps"):
        trained(data, tmp_path / "run", MASKED.replace("conv classes@1 ]", "fc classes ]"))
    whole = MASKED.replace("roialign 4 from maps ->", "from maps ->").replace("roialign 5 from maps ->", "from maps ->")
    with pytest.raises(st.InputError, match="must look at boxes"):
        trained(data, tmp_path / "run", whole)
    with pytest.raises(st.InputError, match="as mask, which must be 1"):
        trained(data, tmp_path / "run", MASKED.replace("conv classes@1 ]", "conv classes+2@1 ]"))
