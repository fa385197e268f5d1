"""Images with joints: a table, DeepLabCut's table or COCO's keypoints, and everything that can be wrong with them."""

import json
from pathlib import Path

import numpy as np
import pytest

from striate.data.joints import body, find
from striate.data.joints.table import columns
from striate.errors import InputError
from tests import posed

PARTS = {"train": 4, "validation": 2, "test": 3}


@pytest.mark.parametrize("form", posed.FORMS)
def test_both_forms_say_the_same(tmp_path: Path, form: str) -> None:
    found = find(posed.FORMS[form](tmp_path / "set", PARTS))
    assert found
    assert found.names == posed.JOINTS
    assert {part: len(found.of(part)) for part in PARTS} == PARTS
    truth = [places for pixels, places in posed.drawn(PARTS["train"])]
    for one, places in zip(found.of("train"), truth, strict=True):
        np.testing.assert_allclose(one.places, places, atol=0.01)
    whole = {one.box == (0, 0, posed.SIZE[1], posed.SIZE[0]) for one in found.people}
    assert whole == {form == "table"}


def test_skeleton_is_cocos_own_or_of_the_names(tmp_path: Path) -> None:
    of_coco, of_table = find(posed.coco(tmp_path / "a", PARTS)), find(posed.table(tmp_path / "b", PARTS))
    assert of_coco
    assert of_table
    assert of_coco.limbs == ((0, 2), (2, 1))
    assert of_table.limbs == ((0, 2), (1, 2))  # the names make no limb: the shortest tree of the mean distances


@pytest.mark.parametrize(
    "head",
    [
        "image,split,knee_x,knee_y,hip_x,hip_y",
        "FileName,part,knee.x,knee.y,hip.x,hip.y",
        "path,subset,x_knee,y_knee,x_hip,y_hip",
        "file,set,knee x,knee y,hip x,hip y",
    ],
)
def test_columns_are_found_by_many_names(head: str) -> None:
    found = columns(head.split(","))
    assert found
    assert (found.image, found.part) == (0, 1)
    assert found.joints == {"knee": (2, 3, -1), "hip": (4, 5, -1)}


@pytest.mark.parametrize("head", ["image,label", "a_x,a_y,b_x,b_y", "image,a_x,a_y", "image,a_x,b_x,a_z"])
def test_other_tables_are_none_of_joints(head: str) -> None:
    assert columns(head.split(",")) is None


def changed(root: Path, row: int, cells: dict[str, str]) -> None:
    """A row of the table with other cells."""
    path = root / "joints.csv"
    lines = [line.split(",") for line in path.read_text().splitlines()]
    for name, cell in cells.items():
        lines[row][lines[0].index(name)] = cell
    path.write_text("\n".join(map(",".join, lines)))


@pytest.mark.parametrize("cell", ["", "nan", "NaN", "-1", "None"])
def test_a_joint_without_a_place_is_not_visible(tmp_path: Path, cell: str) -> None:
    root = posed.table(tmp_path / "set", PARTS)
    changed(root, 1, {"neck_x": cell})
    found = find(root)
    assert found
    assert np.isnan(found.of("train")[0].places).tolist() == [[False] * 2, [False] * 2, [True] * 2]
    assert any("1 joints are not visible" in note for note in found.notes)


def test_a_joint_outside_counts_for_nothing(tmp_path: Path) -> None:
    root = posed.table(tmp_path / "set", PARTS)
    changed(root, 1, {"neck_x": "48.6"})
    changed(root, 2, {"neck_x": "47.4"})
    found = find(root)
    assert found
    assert [bool(np.isnan(one.places[2, 0])) for one in found.of("train")] == [True, False, False, False]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"neck_x": "left"}, "joints that are damaged"),
        ({"image": "gone.png"}, "rows without a file"),
        ({"image": "im001.png"}, "image named twice"),
        ({f"{name}_x": "" for name in posed.JOINTS}, "no visible joint"),
        ({"split": "unknown"}, "row of no part"),
    ],
)
def test_wrong_rows_are_named_and_left_out(tmp_path: Path, cells: dict[str, str], kind: str) -> None:
    root = posed.table(tmp_path / "set", PARTS)
    changed(root, 3, cells)
    found = find(root)
    assert found
    assert len(found.of("train")) == PARTS["train"] - 1
    assert kind in {one.kind for one in found.left_out}


def test_a_table_without_any_image_is_none_of_joints_unless_they_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "faces.csv").write_text("left_eye_x,left_eye_y,nose_x,nose_y,Image\n1,2,3,4,238 236 237\n")
    assert find(tmp_path, sure=False) is None
    with pytest.raises(InputError, match="no image under"):
        find(tmp_path)


def test_wrong_rows_are_refused_where_that_is_asked_for(tmp_path: Path) -> None:
    root = posed.table(tmp_path / "set", PARTS)
    changed(root, 3, {"image": "gone.png"})
    with pytest.raises(InputError, match=r"joints\.csv:4 .*gone\.png"):
        find(root, bad="refuse")


def test_a_broken_image_is_named(tmp_path: Path) -> None:
    root = posed.table(tmp_path / "set", PARTS)
    (root / "images" / "im001.png").write_bytes(b"no image")
    found = find(root)
    assert found
    assert [one.path for one in found.left_out if one.kind.startswith("unreadable")] == ["images/im001.png"]


def test_other_joints_than_learned_are_refused(tmp_path: Path) -> None:
    root = posed.table(tmp_path / "set", PARTS)
    turned = find(root, like=posed.JOINTS[::-1])
    assert turned
    np.testing.assert_allclose(turned.of("train")[0].places, posed.drawn(1)[0][1][::-1])
    with pytest.raises(InputError, match="has learned knee"):
        find(root, like=["knee"])


def test_deeplabcuts_table_is_read(tmp_path: Path) -> None:
    root = posed.table(tmp_path / "set", {"train": 2})
    (root / "joints.csv").unlink()
    head = ["scorer,me,me,me,me", "bodyparts,nose,nose,tail,tail", "coords,x,y,x,y"]
    (root / "CollectedData.csv").write_text("\n".join([*head, "images/im000.png,1,2,3,4", "images/im001.png,5,6,,"]))
    found = find(root)
    assert found
    assert found.names == ("nose", "tail")
    assert found.people[0].places.tolist() == [[1, 2], [3, 4]]
    assert np.isnan(found.people[1].places[1]).all()


def test_cocos_crowds_and_people_without_joints_are_left_out(tmp_path: Path) -> None:
    root = posed.coco(tmp_path / "set", PARTS)
    path = root / "annotations" / "person_keypoints_train.json"
    data = json.loads(path.read_text())
    data["annotations"][0]["iscrowd"] = 1
    data["annotations"][1] |= {"keypoints": [0] * 9, "num_keypoints": 0}
    data["annotations"][2]["keypoints"] = [1, 2, "x"]
    path.write_text(json.dumps(data))
    found = find(root)
    assert found
    assert len(found.of("train")) == 1
    assert {"joints that are damaged", "image without joints"} <= {one.kind for one in found.left_out}


def test_what_is_looked_at_is_within_the_image(tmp_path: Path) -> None:
    found = find(posed.coco(tmp_path / "set", PARTS))
    assert found
    for one in found.people:
        left, top, right, bottom = one.box
        assert 0 <= left < right <= posed.SIZE[1]
        assert 0 <= top < bottom <= posed.SIZE[0]
        assert (one.places >= [left, top]).all()
        assert (one.places <= [right, bottom]).all()


def test_sides_are_told_by_the_names() -> None:
    names = ("LShoulder", "RShoulder", "nose", "left_eye", "right_eye", "r_hip", "l_hip")
    assert set(body.pairs(names)) == {(0, 1), (3, 4), (6, 5)}
    assert body.torso(names) == (0, 5)
    assert body.torso(("left_shoulder", "nose")) is None
