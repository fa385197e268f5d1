"""Images with boxes, in three forms: what is read, and what is said of all that is wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from striate.data.boxes import BoxSet, find
from striate.data.left_out import MISSING
from striate.errors import InputError
from striate.tasks import known
from striate.tasks.task import Wish
from tests import boxed

PARTS = {"train": 6, "validation": 2, "test": 3}


def found(root: Path, **how: Any) -> BoxSet:
    made = find(root, **how)
    assert made is not None
    return made


def said(root: Path, **how: Any) -> str:
    return "\n".join(found(root, **how).notes)


@pytest.mark.parametrize("form", boxed.FORMS)
def test_each_form_gives_the_boxes_that_were_written(tmp_path: Path, form: str) -> None:
    made = found(boxed.FORMS[form](tmp_path / form, PARTS))
    assert made.classes == boxed.CLASSES
    assert {part: len(made.of(part)) for part in ("train", "validation", "test")} == PARTS
    first = boxed.drawn(PARTS["train"])
    for image, (_, objects) in zip(made.of("train"), first, strict=True):
        assert image.size == boxed.SIZE
        assert image.classes.tolist() == [kind for kind, *_ in objects]
        np.testing.assert_allclose(image.places, np.array([box for _, *box in objects]), atol=1e-3)
    assert not made.faults


def spoilt(form: str, root: Path, box: list[float]) -> Path:
    """The set with the first object of the first image at another place."""
    boxed.FORMS[form](root, {"train": 4, "test": 2})
    left, top, right, bottom = box
    if form == "voc":
        path = root / "Annotations" / "im000.xml"
        text = path.read_text()
        for edge, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True):
            begin = text.index(f"<{edge}>")
            text = text[:begin] + f"<{edge}>{value}</{edge}>" + text[text.index(f"</{edge}>") + len(edge) + 3 :]
        path.write_text(text)
    elif form == "coco":
        path = root / "annotations" / "instances_train.json"
        content = json.loads(path.read_text())
        content["annotations"][0]["bbox"] = [left, top, right - left, bottom - top]
        path.write_text(json.dumps(content))
    else:
        path = root / "labels" / "train" / "im000.txt"
        lines = path.read_text().splitlines()
        path.write_text("\n".join([boxed.shares((0, *box)), *lines[1:]]))  # type: ignore[arg-type]
    return root


NAN = float("nan")
FAULTS = {
    "without area": [5.0, 5.0, 5.0, 9.0],
    "outside the image": [100.0, 5.0, 120.0, 9.0],
    "not a number": [5.0, NAN, 9.0, 9.0],
    "corners swapped": [20.0, 30.0, 4.0, 9.0],
    "cut at the image's edge": [30.0, 5.0, 70.0, 20.0],
}


@pytest.mark.parametrize("form", boxed.FORMS)
@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_with_a_box_is_said_with_its_file(tmp_path: Path, form: str, fault: str) -> None:
    if form == "yolo" and fault == "not a number":
        pytest.skip("a line that is no object, which is tested below")
    root = spoilt(form, tmp_path / form, FAULTS[fault])
    made = found(root)
    lines = [line for line in made.notes if fault in line]
    assert len(lines) == 1
    assert lines[0].startswith("1 box ")
    assert "im000" in lines[0]
    mended = fault in ("corners swapped", "cut at the image's edge")
    assert ("mended" in lines[0]) == mended
    assert len(made.of("train")[0].places) == len(boxed.drawn(1)[0][1]) - (not mended)
    assert all(np.isfinite(one.places).all() and (one.places[:, 2:] > one.places[:, :2]).all() for one in made.images)
    with pytest.raises(InputError, match="im000"):
        find(root, bad="refuse")


def test_a_line_that_is_no_object_is_named(tmp_path: Path) -> None:
    root = boxed.yolo(tmp_path / "yolo", {"train": 3, "test": 1})
    path = root / "labels" / "train" / "im001.txt"
    path.write_text(path.read_text() + "\n0 nan 0.5 0.1\nfive words that say nothing\n")
    assert "line 2" in said(root) or "line 3" in said(root)


def test_outlines_have_the_box_around_them(tmp_path: Path) -> None:
    """As YOLO writes segments: x and y of each corner."""
    root = boxed.yolo(tmp_path / "yolo", {"train": 2, "test": 1})
    (root / "labels" / "train" / "im000.txt").write_text("1 0.25 0.5 0.5 0.25 0.75 0.5 0.5 0.75")
    np.testing.assert_allclose(found(root).images[0].places, [[12, 10, 36, 30]], atol=1e-3)


def test_images_without_objects_are_taken(tmp_path: Path) -> None:
    root = boxed.yolo(tmp_path / "yolo", {"train": 3, "test": 1})
    (root / "labels" / "train" / "im001.txt").unlink()
    (root / "labels" / "train" / "im002.txt").write_text("")
    made = found(root)
    assert [len(one.places) for one in made.of("train")][1:] == [0, 0]
    assert "1 images have no file of labels" in "\n".join(made.notes)
    assert "2 without objects" in made.notes[0]


def missing(form: str, root: Path) -> None:
    for path in sorted(root.rglob("im*.png"))[::2]:
        path.unlink()


@pytest.mark.parametrize("form", boxed.FORMS)
def test_half_of_the_images_missing_leaves_the_others(tmp_path: Path, form: str) -> None:
    root = boxed.FORMS[form](tmp_path / form, PARTS)
    missing(form, root)
    made = found(root)
    assert len(made.images) == 5
    assert sum(one.kind == MISSING for one in made.left_out) == 6
    with pytest.raises(InputError, match="im0"):
        find(root, bad="refuse")


def test_an_unknown_category_is_named_and_its_objects_left_out(tmp_path: Path) -> None:
    root = boxed.coco(tmp_path / "coco", {"train": 4, "test": 1})
    path = root / "annotations" / "instances_train.json"
    content = json.loads(path.read_text())
    content["annotations"][0]["category_id"] = 99
    path.write_text(json.dumps(content))
    assert "objects of no known class, left out: 1 (category 99)" in said(root)


def test_an_image_that_is_named_twice_is_taken_once(tmp_path: Path) -> None:
    root = boxed.coco(tmp_path / "coco", {"train": 4, "test": 1})
    path = root / "annotations" / "instances_train.json"
    content = json.loads(path.read_text())
    content["images"].append({**content["images"][0], "id": 77})
    path.write_text(json.dumps(content))
    made = found(root)
    assert len(made.images) == 5
    assert [one.kind for one in made.left_out] == ["image named twice"]


def test_two_forms_beside_each_other_are_told(tmp_path: Path) -> None:
    root = boxed.voc(tmp_path / "both", {"train": 4, "test": 1})
    boxed.coco(root / "other", {"train": 2})
    assert "there are COCO's annotations too, which are not read; VOC's are" in said(root)


def test_many_objects_in_one_image(tmp_path: Path) -> None:
    root = boxed.yolo(tmp_path / "yolo", {"train": 2, "test": 1})
    lines = [f"{row % 2} {0.1 + row % 100 / 125} {0.1 + row // 100 / 125} 0.02 0.02" for row in range(10_000)]
    (root / "labels" / "train" / "im000.txt").write_text("\n".join(lines))
    assert len(found(root).images[0].places) == 10_000


@pytest.mark.parametrize(
    "spoil",
    [
        lambda root: (root / "Annotations" / "im000.xml").write_text("<annotation><object>"),
        lambda root: (root / "Annotations" / "im000.xml").write_bytes(b"\0\1"),
        lambda root: (root / "JPEGImages" / "im000.png").write_bytes(b"no image"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    root = boxed.voc(tmp_path / "voc", {"train": 4, "test": 1})
    spoil(root)
    assert "im000" in said(root)
    assert len(found(root).images) == 4


def test_other_folders_are_none_of_it(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "1.png")
    (tmp_path / "notes.txt").write_text("what I saw")
    (tmp_path / "conf.json").write_text("{}")
    (tmp_path / "a.xml").write_text("<html/>")
    assert find(tmp_path) is None


def test_numbers_in_a_text_beside_class_folders_are_no_boxes(tmp_path: Path) -> None:
    """As CUB has them."""
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for number in range(8):
            Image.new("L", (4, 4), number).save(tmp_path / label / f"{number}.png")
    (tmp_path / "bounding_boxes.txt").write_text("1 60.0 27.0 325.0 304.0\n2 1 2 3 4\n")
    (tmp_path / "one.xml").write_text("<annotation/>")
    assert find(tmp_path, sure=False) is None
    assert known.opened(str(tmp_path), Wish())[0].word == "classify"


def test_equal_names_in_two_splits_are_two_images(tmp_path: Path) -> None:
    for part, seed in (("train", 0), ("val", 50)):
        boxed.coco(tmp_path / part, {"train": 4}, seed)
        (tmp_path / part / "annotations" / "instances_train.json").rename(tmp_path / part / "annotations.json")
    made = found(tmp_path)
    assert {part: len(made.of(part)) for part in ("train", "validation")} == {"train": 4, "validation": 4}
    for part, seed in (("train", 0), ("validation", 50)):
        for image, (_, objects) in zip(made.of(part), boxed.drawn(4, seed), strict=True):  # type: ignore[arg-type]
            np.testing.assert_allclose(image.places, np.array([box for _, *box in objects]), atol=1e-3)


def test_the_lists_of_all_years_are_read(tmp_path: Path) -> None:
    boxed.voc(tmp_path / "VOC2007", {"train": 4, "validation": 2})
    boxed.voc(tmp_path / "VOC2012", {"train": 3, "test": 2}, seed=40)
    for path in sorted((tmp_path / "VOC2012").rglob("*im0*")):
        path.rename(path.with_name(path.name.replace("im0", "ja0")))
    for path in (tmp_path / "VOC2012" / "ImageSets" / "Main").iterdir():
        path.write_text(path.read_text().replace("im0", "ja0"))
    made = found(tmp_path)
    counts = {part: len(made.of(part)) for part in ("train", "validation", "test")}
    assert counts == {"train": 7, "validation": 2, "test": 2}


def test_names_by_number_keep_their_numbers(tmp_path: Path) -> None:
    root = boxed.yolo(tmp_path / "yolo", {"train": 4, "test": 1})
    (root / "data.yaml").write_text("names: {0: bright, 1: dark, 7: grey}\n")
    (root / "labels" / "train" / "im000.txt").write_text("7 0.5 0.5 0.2 0.2")
    made = found(root)
    assert made.classes == ("bright", "dark", "grey")
    assert made.images[0].classes.tolist() == [2]
    (root / "data.yaml").write_text("names: [bright, bright]\n")
    assert found(root).classes == ("bright",)


def test_parts_by_lists_and_by_the_folders_that_the_description_names(tmp_path: Path) -> None:
    root = boxed.yolo(tmp_path / "yolo", {"train": 4, "validation": 2})
    for folder in ("images", "labels"):
        (root / folder / "train").rename(root / folder / "first")
        (root / folder / "val").rename(root / folder / "second")
    (root / "data.yaml").write_text("train: images/first\nval: ./images/second\nnames: [bright, dark]\n")
    assert [len(found(root).of(part)) for part in ("train", "validation")] == [4, 2]
    (root / "data.yaml").unlink()
    (root / "obj.names").write_text("bright\ndark\n")
    (root / "train.txt").write_text("data/im000.png\ndata/im001.png\ndata/im002.png\n")
    (root / "test.txt").write_text("data/im003.png\ndata/im004.png\n")
    assert [len(found(root).of(part)) for part in ("train", "test")] == [3, 2]


def test_a_folder_without_names_has_the_learned_ones(tmp_path: Path) -> None:
    root = boxed.yolo(tmp_path / "yolo", {"train": 2, "test": 3})
    (root / "part" / "images").mkdir(parents=True)
    (root / "images" / "test").rename(root / "part" / "images" / "x")
    (root / "labels" / "test").rename(root / "part" / "x")
    (root / "part" / "labels").mkdir()
    (root / "part" / "x").rename(root / "part" / "labels" / "x")
    made = found(root / "part", like=("bright", "dark"))
    assert sum(len(one.classes) for one in made.images) == sum(len(objects) for _, objects in boxed.drawn(3, 2))
    for path in (root / "part" / "labels" / "x").iterdir():
        path.write_text("1 0.5 0.5 0.2 0.2")
    with pytest.raises(InputError, match="is one of cat; they are class 1"):
        find(root / "part", like=("cat",))


def test_names_in_another_encoding_are_told(tmp_path: Path) -> None:
    root = boxed.yolo(tmp_path / "yolo", {"train": 2, "test": 1})
    (root / "data.yaml").write_bytes(b"names: [\xe9t\xe9]")
    assert set(found(root).classes) <= {"class 0", "class 1"}
    (root / "classes.txt").write_bytes(b"\xe9t\xe9\n")
    with pytest.raises(InputError, match="classes"):
        find(root)


def test_odd_numbers_and_encodings_are_no_tracebacks(tmp_path: Path) -> None:
    root = boxed.coco(tmp_path / "coco", {"train": 3, "test": 1})
    path = root / "annotations" / "instances_train.json"
    content = json.loads(path.read_text())
    content["annotations"][0]["bbox"][2] = 10**400
    path.write_text(json.dumps(content))
    (root / "annotations.json").mkdir()
    assert "not a number" in said(root)
    other = boxed.voc(tmp_path / "voc", {"train": 3, "test": 1})
    (other / "Annotations" / "im000.xml").write_bytes(b'<?xml version="1.0" encoding="nobody"?><annotation/>')
    assert "im000.xml" in said(other)


def test_difficult_objects_and_crowds_are_marked(tmp_path: Path) -> None:
    root = boxed.voc(tmp_path / "voc", {"train": 4}, most=1)
    path = root / "Annotations" / "im001.xml"
    path.write_text(path.read_text().replace("<bndbox>", "<difficult>1</difficult><bndbox>"))
    of_voc = find(root)
    root = boxed.coco(tmp_path / "coco", {"train": 4})
    path = root / "annotations" / "instances_train.json"
    data = json.loads(path.read_text())
    data["annotations"][0]["iscrowd"] = 1
    path.write_text(json.dumps(data))
    of_coco = find(root)
    assert of_voc
    assert of_coco
    assert [one.aside.tolist() for one in of_voc.images] == [[0], [1], [0], [0]]
    assert [mark for one in of_coco.images for mark in one.aside.tolist()][:2] == [2, 0]


def with_tree(root: Path, text: str) -> Path:
    """A set with a hierarchy, and two images of a class without a box."""
    boxed.yolo(root, {"train": 4, "test": 2})
    (root / "tree.txt").write_text(text)
    (root / "classes" / "dark").mkdir(parents=True)
    for number in range(2):
        Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(root / "classes" / "dark" / f"{number}.png")
    return root


def test_a_hierarchy_and_images_without_boxes_are_found(tmp_path: Path) -> None:
    found = find(with_tree(tmp_path / "set", "bright thing\ndark thing\nthing -\n"))
    assert found
    assert found.classes == ("bright", "dark", "thing")
    assert found.parents == (2, 2, -1)
    assert [one.whole for one in found.of("train") if one.whole >= 0] == [1, 1]
    assert not [one for one in found.left_out if "tree" in one.path or "classes" in one.path]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bright dark\ndark bright\n", "above itself"),
        ("bright thing\n", "'thing', above 'bright', has no line"),
        ("bright -\nbright -\n", "line 2: 'bright' has a place already"),
        ("one two three\n", "line 1: a class and the one above it"),
    ],
)
def test_a_wrong_hierarchy_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        find(with_tree(tmp_path / "set", text))
