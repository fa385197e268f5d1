"""Which images and masks belong together, in the layouts people have, and folders that are none of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from striate.data.masks import MaskSet, find
from striate.errors import InputError

Write = Callable[..., None]
ROWS = [[0, 1, 1], [0, 0, 1]]


def names(found: MaskSet | None, root: Path) -> dict[str, list[tuple[str, str]]]:
    """By part, the pairs' files below the root."""
    assert found is not None
    parts: dict[str, list[tuple[str, str]]] = {}
    for pair in found.pairs:
        both = pair.image.relative_to(root).as_posix(), Path(pair.where).relative_to(root).as_posix()
        parts.setdefault(pair.part, []).append(both)
    return parts


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("images/a.png", "masks/a.png"),
        ("images/a.jpg", "labels/a.png"),
        ("image/a.png", "mask/a.png"),
        ("imgs/a.png", "label/a.png"),
        ("img/a.png", "gt/a.png"),
        ("Images/a.png", "GroundTruth/a.png"),
        ("images/a.png", "ground_truth/a.png"),
        ("images/a.png", "annotations/a.png"),
        ("data/images/a.png", "data/masks/a.png"),
        ("images/a.png", "masks/a_mask.png"),
        ("images/0001TP_006690.png", "labels/0001TP_006690_L.png"),
        ("images/a.png", "gt/gt_a.png"),
        ("images/img_1.png", "masks/mask_1.png"),
        ("images/21_training.tif", "gt/21_manual1.gif"),
        ("images/a b.png", "masks/a b-label.png"),
        ("a.png", "a_mask.png"),
        ("photos/a.png", "photos/a_GT.png"),
        ("1_sat.jpg", "1_mask.png"),
        ("deep/images/x/a.png", "deep/masks/x/a.png"),
        ("images/a.jpg", "annotations/trimaps/a.png"),
        ("ISIC2018_Task1-2_Input/a.jpg", "ISIC2018_Task1_GroundTruth/a_segmentation.png"),
    ],
)
def test_image_and_mask_are_paired_by_name(pair: Write, tmp_path: Path, image: str, mask: str) -> None:
    pair(tmp_path, image, mask, ROWS)
    assert names(find(tmp_path), tmp_path) == {"train": [(image, mask)]}


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("{}/images/a.png", "{}/masks/a.png"),
        ("images/{}/a.png", "masks/{}/a.png"),
        ("{}/a.png", "{}_masks/a.png"),
        ("{}/a.png", "{}annot/a.png"),
        ("{}_images/a.png", "{}_labels/a.png"),
        ("set/{}/image/a.png", "set/{}/label/a.png"),
        ("{}/a.png", "{}/a_mask.png"),
    ],
)
@pytest.mark.parametrize("validation", ["val", "valid"])
def test_parts_are_above_or_below_images_and_masks(
    pair: Write, tmp_path: Path, image: str, mask: str, validation: str
) -> None:
    folders = {"train": "train", "validation": validation, "test": "test"}
    want = {part: [(image.format(name), mask.format(name))] for part, name in folders.items()}
    for ((one, other),) in want.values():
        pair(tmp_path, one, other, ROWS)
    assert names(find(tmp_path), tmp_path) == want


def test_equal_names_in_two_folders_stay_apart(pair: Write, tmp_path: Path) -> None:
    for city in ("bonn", "ulm"):
        pair(tmp_path, f"images/{city}/1.png", f"masks/{city}/1.png", ROWS)
    assert names(find(tmp_path), tmp_path)["train"] == [
        (f"images/{city}/1.png", f"masks/{city}/1.png") for city in ("bonn", "ulm")
    ]


def test_a_test_folder_without_masks_is_left_out_and_named(
    pair: Write, draw: Callable[..., Path], tmp_path: Path
) -> None:
    pair(tmp_path, "train/image/0.png", "train/label/0.png", ROWS)
    draw(tmp_path / "test/0.png")
    found = find(tmp_path, bad="refuse")
    assert found is not None
    assert [str(file) for file in found.left_out] == ["test/ (no mask belongs to its images)"]


def test_what_has_no_counterpart_is_left_out_or_refused(pair: Write, draw: Callable[..., Path], tmp_path: Path) -> None:
    pair(tmp_path, "images/a.png", "masks/a.png", ROWS)
    assert find(tmp_path, bad="refuse") is not None
    draw(tmp_path / "images/b.png")
    draw(tmp_path / "masks/c.png")
    found = find(tmp_path)
    assert found is not None
    assert len(found.pairs) == 1
    assert sorted(map(str, found.left_out)) == [
        "images/b.png (no mask has its name)",
        "masks/c.png (no image has its name)",
    ]
    assert "left out: 1 image without mask, 1 mask without image" in found.notes[-1]
    with pytest.raises(InputError, match=r"masks/c.png': no image has its name; give both, or leave it out"):
        find(tmp_path, bad="refuse")


def test_a_second_mask_of_an_image_is_left_out(pair: Write, draw: Callable[..., Path], tmp_path: Path) -> None:
    pair(tmp_path, "images/a.png", "masks/a.png", ROWS)
    draw(tmp_path / "masks/a_mask.png", size=(3, 2))
    found = find(tmp_path)
    assert found is not None
    assert [file.reason for file in found.left_out] == ["'a.png' is its image's mask"]


@pytest.mark.parametrize(
    ("files", "parts"),
    [
        ({"test.txt": "b\n"}, {"train": "ac", "test": "b"}),
        ({"train.txt": "a\n", "val.txt": "b.png\n"}, {"train": "a", "validation": "b"}),
        ({"splits/train.txt": "images/a.png masks/a.png\n", "splits/test.txt": "c"}, {"train": "a", "test": "c"}),
        ({"split.csv": "name,split,size\na,train,3\nb,test,3\n"}, {"train": "a", "test": "b"}),
        ({"notes.txt": "a\n"}, {"train": "abc"}),
    ],
)
def test_lists_say_which_part_an_image_is_in(
    pair: Write, tmp_path: Path, files: dict[str, str], parts: dict[str, str]
) -> None:
    for name in "abc":
        pair(tmp_path, f"images/{name}.png", f"masks/{name}.png", ROWS)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = names(find(tmp_path), tmp_path)
    assert {part: "".join(Path(image).stem for image, _ in pairs) for part, pairs in found.items()} == parts


def test_lists_that_contradict_or_name_no_image_are_refused(pair: Write, tmp_path: Path) -> None:
    pair(tmp_path, "images/a.png", "masks/a.png", ROWS)
    (tmp_path / "test.txt").write_text("z")
    with pytest.raises(InputError, match=r"no image has a name in '.*test.txt', such as 'z'"):
        find(tmp_path)
    (tmp_path / "test.txt").write_text("a")
    (tmp_path / "train.txt").write_text("a")
    with pytest.raises(InputError, match=r"'a' is in test.txt and in train.txt; an image has one part"):
        find(tmp_path)


def test_voc(pair: Write, tmp_path: Path) -> None:
    root = tmp_path / "VOCdevkit/VOC2012"
    for name in ("2007_000032", "2007_000039", "2007_000061"):
        pair(root, f"JPEGImages/{name}.jpg", f"SegmentationClass/{name}.png", [[0, 15], [255, 0]])
        pair(root, f"JPEGImages/{name}.jpg", f"SegmentationObject/{name}.png", [[0, 1], [2, 0]])
    lists = root / "ImageSets/Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("2007_000032\n")
    (lists / "val.txt").write_text("2007_000039\n2007_000061\n")
    (lists / "trainval.txt").write_text("2007_000032\n2007_000039\n2007_000061\n")
    found = find(tmp_path)
    assert found is not None
    assert [(pair.image.stem, pair.part) for pair in found.pairs] == [
        ("2007_000032", "train"),
        ("2007_000039", "validation"),
        ("2007_000061", "validation"),
    ]
    assert found.classes[15] == "person"
    assert len(found.classes) == 21
    assert found.coding.ignored[-1:] == (255,)
    assert found.counts[0].tolist() == [2, *[0] * 14, 1, *[0] * 5]


def test_voc_of_other_classes_takes_its_own_names(pair: Write, tmp_path: Path) -> None:
    """As CVAT writes it: colours, and the names in labelmap.txt."""
    pair(tmp_path, "JPEGImages/a.jpg", "SegmentationClass/a.png", [[[0, 0, 0], [250, 50, 83]]])
    (tmp_path / "labelmap.txt").write_text("# label:color_rgb:parts:actions\nbackground:0,0,0::\ncell:250,50,83::\n")
    (tmp_path / "ImageSets/Segmentation").mkdir(parents=True)
    (tmp_path / "ImageSets/Segmentation/default.txt").write_text("a\n")
    found = find(tmp_path)
    assert found is not None
    assert found.classes == ("background", "cell")
    assert found.coding.colours == ((0, 0, 0), (250, 50, 83))
    assert found.counts.tolist() == [[1, 1]]


@pytest.mark.parametrize(
    "files",
    [
        ("cat/1.png", "cat/2.png", "dog/1.png"),
        ("with_mask/1.png", "without_mask/1.png"),
        ("mask/1.png", "no_mask/1.png"),
        ("train/cat/1.png", "test/cat/1.png"),
        ("images/train/1.png", "labels/train/1.txt"),
        ("hat/1.png", "mask/1.png", "scarf/1.png"),
        ("scene_L/1.png",),
        (),
    ],
)
def test_other_data_are_passed_by(draw: Callable[..., Path], tmp_path: Path, files: tuple[str, ...]) -> None:
    for name in files:
        if name.endswith(".txt"):
            (tmp_path / name).parent.mkdir(parents=True)
            (tmp_path / name).write_text("0 0.5 0.5 1 1\n")
        else:
            draw(tmp_path / name)
    assert find(tmp_path) is None


def test_masks_that_have_no_images_name_are_refused(draw: Callable[..., Path], tmp_path: Path) -> None:
    draw(tmp_path / "images/a.png")
    draw(tmp_path / "masks/x.png")
    with pytest.raises(InputError, match=r"the name of an image: 'masks/x.png', 'images/a.png'; give both"):
        find(tmp_path)


def test_an_empty_folder_for_masks_is_refused(draw: Callable[..., Path], tmp_path: Path) -> None:
    draw(tmp_path / "images/a.png")
    (tmp_path / "masks").mkdir()
    with pytest.raises(InputError, match=r"the folder '.*masks' is empty; put a mask of the same name"):
        find(tmp_path)


def test_masks_only_to_test_on_are_for_testing_by_known_classes(pair: Write, tmp_path: Path) -> None:
    pair(tmp_path / "a", "images/1.png", "masks/1.png", ROWS)
    pair(tmp_path / "b", "test/images/1.png", "test/masks/1.png", ROWS)
    with pytest.raises(InputError, match="has masks for test and none to train on; add train/"):
        find(tmp_path / "b")
    first = find(tmp_path / "a")
    assert first is not None
    second = find(tmp_path / "b", like=first.coding)
    assert second is not None
    assert second.pairs[0].part == "test"
