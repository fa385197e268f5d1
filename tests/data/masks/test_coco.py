"""COCO's polygons and run lengths against a count of pixel centres by matplotlib, and whole folders of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path as Outline

from striate.data.masks import find, read_pair
from striate.data.masks.regions import Region, Regions, decompressed, polygon_mask
from striate.errors import InputError

Draw = Callable[..., Path]
SQUARE = [1.0, 0.0, 3.0, 0.0, 3.0, 2.0, 1.0, 2.0]  # the upper right of 3x3 pixels


def compressed(runs: list[int]) -> str:
    """Run lengths in letters, as COCO's maskApi.c writes them."""
    text = ""
    for place, run in enumerate(runs):
        value, more = run - (runs[place - 2] if place > 2 else 0), True
        while more:
            bits = value & 31
            value >>= 5
            more = value != (-1 if bits & 16 else 0)
            text += chr((bits | 32 if more else bits) + 48)
    return text


@given(st.lists(st.integers(0, 100_000), max_size=20))
def test_run_lengths_in_letters(runs: list[int]) -> None:
    assert decompressed(compressed(runs)) == tuple(runs)


def test_run_lengths_that_are_cut_short_are_refused() -> None:
    whole = compressed([1000])
    assert decompressed(whole) == (1000,)
    with pytest.raises(InputError, match="cut short"):
        decompressed(whole[:-1])


@settings(deadline=None)
@given(st.integers(3, 8), st.integers(0, 2**32))
def test_a_pixel_is_in_a_polygon_when_its_centre_is(corners: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    points = np.stack([8 + 9 * np.cos(angles), 6 + 9 * np.sin(angles)], 1)  # convex, and partly outside
    size = 12, 16
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    centres = np.stack([x.ravel(), y.ravel()], 1)
    want = Outline(points).contains_points(centres).reshape(size)
    assert np.array_equal(polygon_mask(points.ravel().tolist(), size), want)


def test_a_star_is_filled_by_the_even_odd_rule() -> None:
    """Where the outline goes round twice, in its middle, is outside."""
    angles = np.pi / 2 + 4 * np.pi / 5 * np.arange(5)
    points = np.stack([20 + 18 * np.cos(angles), 20 + 18 * np.sin(angles)], 1)
    mask = polygon_mask(points.ravel().tolist(), (40, 40))
    assert not mask[20, 20]
    assert mask[33, 20]


def test_a_small_object_in_front_of_a_large_one_is_seen() -> None:
    large = Region(1, polygons=((0.0, 0.0, 3.0, 0.0, 3.0, 3.0, 0.0, 3.0),))
    small = Region(2, polygons=((1.0, 1.0, 2.0, 1.0, 2.0, 2.0, 1.0, 2.0),))
    want = [[1, 1, 1], [1, 2, 1], [1, 1, 1]]
    assert Regions("", (3, 3), (large, small)).mask().tolist() == want
    assert Regions("", (3, 3), (small, large)).mask().tolist() == want


def test_the_polygons_of_one_object_are_united() -> None:
    region = Region(1, polygons=((0.0, 0.0, 2.0, 0.0, 2.0, 1.0, 0.0, 1.0), (1.0, 0.0, 3.0, 0.0, 3.0, 1.0, 1.0, 1.0)))
    assert Regions("", (1, 4), (region,)).mask().tolist() == [[1, 1, 1, 0]]


def annotations(*segmentations: tuple[int, Any], categories: tuple[str, ...] = ("cat", "dog")) -> dict[str, Any]:
    return {
        "images": [{"id": 7, "file_name": "a.png", "height": 3, "width": 3}],
        "categories": [{"id": 10 * row, "name": name} for row, name in enumerate(categories, start=1)],
        "annotations": [
            {"id": row, "image_id": 7, "category_id": category, "segmentation": form, "iscrowd": 0}
            for row, (category, form) in enumerate(segmentations)
        ],
    }


def write(path: Path, data: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("images", "file"),
    [
        ("images", "annotations/instances_default.json"),
        ("train2017", "annotations/instances_train2017.json"),
        ("train", "train/_annotations.coco.json"),
        ("data", "annotations.json"),
    ],
)
@pytest.mark.parametrize(
    ("form", "want"),
    [
        ([SQUARE], [[0, 2, 2], [0, 2, 2], [0, 0, 0]]),
        ({"size": [3, 3], "counts": [3, 2, 1, 2, 1]}, [[0, 2, 2], [0, 2, 2], [0, 0, 0]]),
        ({"size": [3, 3], "counts": compressed([3, 2, 1, 2, 1])}, [[0, 2, 2], [0, 2, 2], [0, 0, 0]]),
    ],
)
def test_polygons_and_run_lengths_in_the_places_people_have(
    draw: Draw, tmp_path: Path, images: str, file: str, form: object, want: list[list[int]]
) -> None:
    draw(tmp_path / images / "a.png", size=(3, 3))
    write(tmp_path / file, annotations((20, form)))
    found = find(tmp_path)
    assert found is not None
    assert found.classes == ("background", "cat", "dog")
    assert [pair.part for pair in found.pairs] == ["train"]
    image, mask = read_pair(found.pairs[0], found.coding, 3)
    assert image.shape == (3, 3, 3)
    assert mask.tolist() == want
    assert found.counts.tolist() == [[5, 0, 4]]
    assert found.left_out == ()


def test_parts_of_coco_have_their_own_files(draw: Draw, tmp_path: Path) -> None:
    for number, part in enumerate(("train", "val")):
        draw(tmp_path / f"{part}2017/a.png", number, size=(3, 3))
        write(tmp_path / f"annotations/instances_{part}2017.json", annotations((10, [SQUARE])))
    found = find(tmp_path)
    assert found is not None
    got = {(pair.image.parent.name, pair.part) for pair in found.pairs}
    assert got == {("train2017", "train"), ("val2017", "validation")}


def test_files_without_regions_or_of_another_kind_are_passed_by(draw: Draw, tmp_path: Path) -> None:
    draw(tmp_path / "images/a.png", size=(3, 3))
    write(tmp_path / "annotations/instances_train.json", annotations((10, [])))
    assert find(tmp_path) is None
    write(tmp_path / "annotations/instances_train.json", [1, 2])
    assert find(tmp_path) is None


def test_missing_images_and_unnamed_ones_are_left_out(draw: Draw, tmp_path: Path) -> None:
    draw(tmp_path / "images/a.png", size=(3, 3))
    draw(tmp_path / "images/other.png", size=(3, 3))
    data = annotations((10, [SQUARE]))
    data["images"].append({"id": 8, "file_name": "gone.png", "height": 3, "width": 3})
    write(tmp_path / "annotations/instances_train.json", data)
    found = find(tmp_path)
    assert found is not None
    assert sorted(map(str, found.left_out)) == [
        "annotations/gone.png (no such file, which instances_train.json names)",
        "images/other.png (no annotations name it)",
    ]


def test_damaged_regions_are_not_drawn_and_counted(draw: Draw, tmp_path: Path) -> None:
    draw(tmp_path / "images/a.png", size=(3, 3))
    wrong = [[1.0, 1.0, 2.0, 2.0]], {"size": [3, 3], "counts": [1, 2]}, {"size": [3, 3], "counts": "o"}, []
    write(tmp_path / "annotations/instances_train.json", annotations((10, [SQUARE]), *((20, form) for form in wrong)))
    found = find(tmp_path)
    assert found is not None
    assert "4 regions are empty or damaged, and not drawn" in found.notes
    assert found.counts.tolist() == [[5, 4, 0]]


def test_an_image_of_another_size_than_stated_is_left_out(draw: Draw, tmp_path: Path) -> None:
    draw(tmp_path / "images/a.png", size=(4, 3))
    write(tmp_path / "annotations/instances_train.json", annotations((10, [SQUARE])))
    with pytest.raises(InputError, match=r"can be used: 'images/a.png': it is 3x3 and its image 3x4"):
        find(tmp_path)


def test_files_that_contradict_or_are_damaged_are_refused(draw: Draw, tmp_path: Path) -> None:
    draw(tmp_path / "images/a.png", size=(3, 3))
    train = tmp_path / "annotations/instances_train.json"
    write(train, annotations((10, [SQUARE])))
    write(tmp_path / "annotations/instances_val.json", annotations((10, [SQUARE]), categories=("cow", "dog")))
    with pytest.raises(InputError, match=r"category 10 is 'cow' in '.*val.json' and another in '.*train.json'"):
        find(tmp_path)
    (tmp_path / "annotations/instances_val.json").unlink()
    write(train, annotations((99, [SQUARE])))
    with pytest.raises(InputError, match="has a region of category 99, which it does not name"):
        find(tmp_path)
    train.write_text("{")
    with pytest.raises(InputError, match=r"cannot read the annotations in '.*instances_train.json'"):
        find(tmp_path)


def test_testing_on_other_coco_classes_is_refused(draw: Draw, tmp_path: Path) -> None:
    for name, classes in (("a", ("cat", "dog")), ("b", ("cat", "cow"))):
        draw(tmp_path / name / "images/a.png", size=(3, 3))
        write(tmp_path / name / "annotations/instances_train.json", annotations((10, [SQUARE]), categories=classes))
    first = find(tmp_path / "a")
    assert first is not None
    assert find(tmp_path / "a", like=first.coding) is not None
    with pytest.raises(InputError, match="have the classes background, cat, cow, not background, cat, dog"):
        find(tmp_path / "b", like=first.coding)


@pytest.mark.parametrize(
    ("key", "entry", "said"),
    [
        ("annotations", 3, "entry 2 of annotations has no image_id, which must be a number or a text"),
        ("annotations", {"image_id": [7], "category_id": 10}, "entry 2 of annotations has no image_id"),
        ("annotations", {"image_id": 7, "category_id": "cat"}, "entry 2 of annotations has no category_id"),
        ("images", "a.png", "entry 2 of images has no id"),
        ("images", {"id": 8}, "entry 2 of images has no file_name, which must be a text"),
        ("images", {"id": 8, "file_name": "b.png", "width": 3}, "entry 2 of images has no height"),
        (
            "images",
            {"id": 8, "file_name": "b.png", "height": 3, "width": float("nan")},
            "entry 2 of images has no width",
        ),
        ("images", {"id": 8, "file_name": "b.png", "height": -3, "width": 3}, "entry 2 of images has no height"),
        ("categories", {"id": 30}, "entry 3 of categories has no name"),
        ("categories", {"id": True, "name": "cow"}, "entry 3 of categories has no id, which must be a whole number"),
    ],
)
def test_an_entry_that_lacks_something_is_named(draw: Draw, tmp_path: Path, key: str, entry: object, said: str) -> None:
    draw(tmp_path / "images/a.png", size=(3, 3))
    data = annotations((10, [SQUARE]))
    data[key].append(entry)
    write(tmp_path / "annotations/instances_train.json", data)
    with pytest.raises(InputError, match=rf"^'.*instances_train.json': {said}"):
        find(tmp_path)


def test_brackets_without_end_are_no_annotations(tmp_path: Path) -> None:
    (tmp_path / "annotations.json").write_text("[" * 100_000)
    with pytest.raises(InputError, match=r"cannot read the annotations in '.*annotations.json'"):
        find(tmp_path)


@pytest.mark.parametrize(
    "form",
    [
        *(5, True, "abc", SQUARE, [{"a": 1}], ["abcdef"], [[None] * 8], [["1"] * 8], [[*SQUARE, 1.0]]),
        *([[float("nan")] * 8], [[float("inf"), 0, 3, 0, 3, 2]], [[1e308, -1e308, -1e308, 1e308, 1, 1]]),
        *([[1.0] * 8], [[1.0, 1.0, 2.0, 2.0, 1.0, 1.0]]),  # a point, a line
        *({"counts": 5}, {"counts": {"a": 1}}, {"counts": ["9"]}, {"counts": [-3, 12]}, {"counts": [4.5, 4.5]}, {}),
        *({"counts": "\u1234"}, {"counts": [10**30]}, {"counts": [float("inf")]}),
    ],
)
def test_a_region_of_any_wrong_form_is_counted_or_refused(draw: Draw, tmp_path: Path, form: object) -> None:
    draw(tmp_path / "images/a.png", size=(3, 3))
    write(tmp_path / "annotations/instances_train.json", annotations((10, [SQUARE]), (20, form)))
    found = find(tmp_path)
    assert found is not None
    assert "1 regions are empty or damaged, and not drawn" in found.notes
    assert found.counts.tolist() == [[5, 4, 0]], "the other is drawn"
    with pytest.raises(InputError, match=r"/annotations': 1 regions are empty or damaged, .*; correct the annotations"):
        find(tmp_path, bad="refuse")


def test_regions_of_no_image_are_counted_or_refused(draw: Draw, tmp_path: Path) -> None:
    draw(tmp_path / "images/a.png", size=(3, 3))
    data = annotations((10, [SQUARE]), (20, [SQUARE]))
    data["annotations"][1]["image_id"] = 99
    write(tmp_path / "annotations/instances_train.json", data)
    found = find(tmp_path)
    assert found is not None
    assert "1 regions of images that annotations/instances_train.json does not name" in found.notes
    with pytest.raises(InputError, match="1 regions of images that"):
        find(tmp_path, bad="refuse")


def test_where_no_image_is_there_the_first_is_named(draw: Draw, tmp_path: Path) -> None:
    draw(tmp_path / "images/other.png", size=(3, 3))
    write(tmp_path / "annotations/instances_train.json", annotations((10, [SQUARE])))
    with pytest.raises(InputError, match=r"has a mask \('annotations/a.png': no such file, which instances_train.json"):
        find(tmp_path)
    with pytest.raises(InputError, match=r"annotations/a.png': no such file, .*; correct the annotations"):
        find(tmp_path, bad="refuse")


def test_a_size_beyond_all_memory_is_never_drawn(draw: Draw, tmp_path: Path) -> None:
    draw(tmp_path / "images/a.png", size=(3, 3))
    data = annotations((10, [SQUARE]))
    data["images"][0] |= {"height": 10**8, "width": 10**8}
    write(tmp_path / "annotations/instances_train.json", data)
    with pytest.raises(InputError, match="it is 100000000x100000000 and its image 3x3"):
        find(tmp_path)
