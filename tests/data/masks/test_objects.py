"""Masks that tell objects apart: label images, black and white, COCO's regions."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.data import masks
from striate.data.masks.objects import classes_in, classes_of, coded, read_objects
from striate.errors import InputError


def written(root: Path, mask: np.ndarray, count: int = 3) -> Path:
    """Images with one and the same mask."""
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    for number in range(count):
        Image.fromarray(np.full(mask.shape[:2], 10 * number, np.uint8)).save(root / "images" / f"{number}.png")
        Image.fromarray(mask).save(root / "masks" / f"{number}.png")
    return root


def objects_of(root: Path) -> tuple[tuple[str, ...], np.ndarray]:
    found = masks.find(root, objects=True)
    assert found
    return classes_in(found), read_objects(found.pairs[0], coding=found.coding)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_numbers_are_objects_also_with_gaps_and_beyond_a_byte(tmp_path: Path, dtype: type) -> None:
    mask = np.zeros((20, 30), dtype)
    mask[2:6, 2:6], mask[2:6, 6:12], mask[10:15, 3:9] = 1, 3, 200 if dtype is np.uint8 else 40000
    classes, made = objects_of(written(tmp_path / "set", mask))
    assert classes == ("object",)
    assert np.unique(made).tolist() == [0, 1, 2, 3]
    assert (made[2:6, 2:6] == 1).all()
    assert (made[2:6, 6:12] == 2).all()
    assert (made[10:15, 3:9] == 3).all()


def test_numbers_are_objects_however_many_and_whichever_there_are(tmp_path: Path) -> None:
    every = np.kron(np.arange(256).reshape(16, 16), np.ones((4, 4))).astype(np.uint8)  # as even shades of grey would be
    classes, made = objects_of(written(tmp_path / "every", every))
    assert (classes, made.max()) == (("object",), 255)
    root = written(tmp_path / "gaps", every)
    for number in range(3):  # more than classes that can be told apart, and a number's class would differ by image
        mask = every.astype(np.uint16) * (every > 0) * 7 + 1000 * number * (every > 0)
        Image.fromarray(mask.astype(np.uint16)).save(root / "masks" / f"{number}.png")
    classes, made = objects_of(root)
    assert (classes, made.max()) == (("object",), 255)


def test_one_object_an_image_is_an_object_too(tmp_path: Path) -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[2:6, 2:6] = 1
    classes, made = objects_of(written(tmp_path / "set", mask))
    assert classes == ("object",)
    assert made.sum() == 16


def test_a_few_shades_from_black_to_white_are_no_numbers(tmp_path: Path) -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[2:9], mask[4:6] = 128, 255  # an edge and an inside
    with pytest.raises(InputError, match="name 3 classes and no objects; give label images"):
        objects_of(written(tmp_path / "set", mask))


def test_black_and_white_is_objects_that_do_not_touch(tmp_path: Path) -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[2:6, 2:6], mask[6:9, 6:9], mask[12:15, 2:9] = 255, 255, 255  # the first two touch at a corner
    classes, made = objects_of(written(tmp_path / "set", mask))
    assert classes == ("foreground",)
    assert made.max() == 2
    assert made[3, 3] == made[7, 7] != made[13, 4]


def test_classes_of_pixels_are_no_objects(tmp_path: Path) -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[2:6], mask[8:12] = 1, 2
    root = written(tmp_path / "set", mask)
    (root / "classes.txt").write_text("sky\nroad\ncar\n")
    found = masks.find(root, objects=True)
    assert found
    with pytest.raises(InputError, match="name 3 classes and no objects"):
        classes_in(found)


def test_regions_have_classes_and_small_ones_are_in_front(tmp_path: Path) -> None:
    root = tmp_path / "set"
    (root / "images").mkdir(parents=True)
    Image.fromarray(np.zeros((20, 30), np.uint8)).save(root / "images" / "a.png")
    square = lambda x, y, side: [[x, y, x + side, y, x + side, y + side, x, y + side]]  # noqa: E731
    regions = [(2, square(12, 6, 3), 0), (1, square(10, 4, 10), 0), (1, square(0, 0, 4), 0), (1, square(18, 2, 9), 1)]
    annotations = [
        {"id": number, "image_id": 1, "category_id": kind, "segmentation": polygon, "iscrowd": crowd}
        for number, (kind, polygon, crowd) in enumerate(regions)
    ]
    content = {
        "images": [{"id": 1, "file_name": "a.png", "height": 20, "width": 30}],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "cell"}, {"id": 2, "name": "core"}],
    }
    (root / "annotations.json").write_text(json.dumps(content))
    classes, made = objects_of(root)
    assert classes == ("cell", "core")
    assert np.unique(made).size == 5
    assert made[3, 20] == -1, "what is in a crowd is not known"
    assert made[5, 19] == made[5, 11], "but for an object that is told apart"
    assert classes_of(made[[5, 7, 1], [11, 13, 1]], 2).tolist() == [0, 1, 0]
    assert made[5, 11] != made[1, 1]


def test_masks_beside_annotations_are_not_taken_for_images(tmp_path: Path) -> None:
    root = tmp_path / "set"
    for folder in ("gt", "images"):
        (root / folder).mkdir(parents=True)
        Image.fromarray(np.full((20, 30), 7, np.uint8)).save(root / folder / "a.png")
    one = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[2, 2, 9, 2, 9, 9]]}
    content = {
        "images": [{"id": 1, "file_name": "a.png", "height": 20, "width": 30}],
        "annotations": [one],
        "categories": [{"id": 1, "name": "cell"}],
    }
    (root / "annotations.json").write_text(json.dumps(content))
    found = masks.find(root, objects=True)
    assert found
    assert [pair.image for pair in found.pairs] == [root / "images" / "a.png"]
    assert [(file.path, file.reason) for file in found.left_out] == [
        ("gt/a.png", "the annotations are read in its place")
    ]


def test_masks_without_any_object_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no mask has an object; give each object a number"):
        objects_of(written(tmp_path / "set", np.zeros((20, 30), np.uint8)))


def test_a_number_holds_object_and_class() -> None:
    numbers = np.array([[0, 1, 2], [3, 3, 0]])
    made = coded(numbers, [2, 0, 1], 3)
    assert classes_of(made, 3).tolist() == [[-1, 2, 0], [1, 1, -1]]
    assert len(np.unique(made)) == 4
