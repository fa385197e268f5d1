"""What the values of a set of masks mean, and that reading one gives the positions of its classes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image

from striate.data import workers
from striate.data.masks import MaskSet, NotMasksError, find, read_pair, resized
from striate.data.masks.reading import uprighted
from striate.data.opening import ImageError
from striate.data.upright import turned
from striate.errors import InputError

Write = Callable[..., None]
RED, BLUE, BLACK = [255, 0, 0], [0, 0, 255], [0, 0, 0]


def found(root: Path, **options: object) -> MaskSet:
    result = find(root, **options)  # type: ignore[arg-type]
    assert result is not None
    return result


def read(masks: MaskSet, row: int = 0) -> list[list[int]]:
    image, mask = read_pair(masks.pairs[row], masks.coding, masks.channels)
    assert image.shape == (masks.channels, *mask.shape)
    assert image.dtype == mask.dtype == np.uint8
    counts = np.bincount(mask.ravel(), minlength=256)
    assert masks.counts[row].tolist() == counts[: len(masks.classes)].tolist()
    rows: list[list[int]] = mask.tolist()
    return rows


def save(pair: Write, root: Path, *masks: object, **options: object) -> None:
    for number, rows in enumerate(masks):
        pair(root, f"images/{number}.png", f"masks/{number}.png", rows, **options)


def test_numbers_are_classes_and_255_is_ignored(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path, [[0, 2], [255, 0]], [[0, 1], [1, 1]])
    masks = found(tmp_path)
    assert masks.classes == ("background", "1", "2")
    assert masks.coding.ignored == (255,)
    assert "255 is ignored" in masks.notes
    assert [read(masks, row) for row in (0, 1)] == [[[0, 2], [255, 0]], [[0, 1], [1, 1]]]


def test_numbers_with_gaps_become_positions_without(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path, [[0, 7], [24, 0]])
    masks = found(tmp_path)
    assert masks.classes == ("background", "7", "24")
    assert read(masks) == [[0, 1], [2, 0]]


def test_black_and_white_alone_are_two_classes(pair: Write, tmp_path: Path) -> None:
    """One all-white mask is no reason to ignore 255, nor is one all-black."""
    save(pair, tmp_path, [[255, 255]], [[0, 0]], [[0, 255]])
    masks = found(tmp_path)
    assert masks.classes == ("background", "foreground")
    assert [read(masks, row) for row in range(3)] == [[[1, 1]], [[0, 0]], [[0, 1]]]
    assert masks.coding.ignored == ()


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "LA", "P"])
def test_black_and_white_in_any_form_of_file(pair: Write, tmp_path: Path, mode: str) -> None:
    save(pair, tmp_path, [[0, 255], [255, 0]], mode=mode)
    masks = found(tmp_path)
    assert read(masks) == [[0, 1], [1, 0]]
    assert len(masks.classes) == 2


def test_black_and_white_palettes_among_shades_are_bits(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path, [[0, 255]])
    pair(tmp_path, "images/g.png", "masks/g.gif", [[1, 0]], palette=[0, 0, 0, 255, 255, 255])
    masks = found(tmp_path)
    assert masks.classes == ("background", "foreground")
    assert [read(masks, row) for row in (0, 1)] == [[[0, 1]], [[1, 0]]]


def test_bits_among_numbers_are_0_and_1(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path, [[0, 2], [1, 255]])
    pair(tmp_path, "images/b.png", "masks/b.png", [[0, 255]], mode="1")
    masks = found(tmp_path)
    assert masks.classes == ("background", "1", "2")
    assert read(masks, 1) == [[0, 1]]


def test_even_shades_are_classes(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path, [[0, 128, 255]])
    masks = found(tmp_path)
    assert masks.classes == ("background", "128", "255")
    assert read(masks) == [[0, 1, 2]]


def test_numbers_of_16_bits(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path, [[0, 300], [1000, 0]])
    masks = found(tmp_path)
    assert masks.classes == ("background", "300", "1000")
    assert read(masks) == [[0, 1], [2, 0]]


def test_a_palettes_numbers_are_classes_and_its_colours_are_kept(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path, [[0, 1], [2, 0]], palette=[*BLACK, *RED, *BLUE])
    masks = found(tmp_path)
    assert masks.classes == ("background", "1", "2")
    assert masks.coding.colours == ((0, 0, 0), (255, 0, 0), (0, 0, 255))
    assert read(masks) == [[0, 1], [2, 0]]


def test_palettes_that_differ_leave_the_colours_as_classes(pair: Write, tmp_path: Path) -> None:
    """As a program that saves space writes them: number 1 is red here and blue there."""
    pair(tmp_path, "images/0.png", "masks/0.png", [[0, 1]], palette=[*BLACK, *RED])
    pair(tmp_path, "images/1.png", "masks/1.png", [[0, 1]], palette=[*BLACK, *BLUE])
    masks = found(tmp_path)
    assert masks.classes == ("#000000", "#0000ff", "#ff0000")
    assert [read(masks, row) for row in (0, 1)] == [[[0, 2]], [[0, 1]]]


def test_colours_are_classes(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path, [[RED, BLACK]], [[BLUE, RED]])
    masks = found(tmp_path)
    assert masks.classes == ("#000000", "#0000ff", "#ff0000")
    assert masks.coding.colours == ((0, 0, 0), (0, 0, 255), (255, 0, 0))
    assert [read(masks, row) for row in (0, 1)] == [[[2, 0]], [[1, 2]]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("class_dict.csv", "name,r,g,b\nroad,255,0,0\nsky,0,0,255\nVoid,0,0,0\n"),
        ("labelmap.txt", "# label:color_rgb:parts:actions\nroad:255,0,0::\nsky:0,0,255::\nvoid:0,0,0::\n"),
        ("label_colors.txt", "255 0 0\troad\n0 0 255\tsky\n0 0 0\tVoid\n"),
        ("classes.txt", "road 255 0 0\nsky 0 0 255\nunlabelled 0 0 0\n"),
    ],
)
def test_colours_by_name_and_void_is_ignored(pair: Write, tmp_path: Path, name: str, text: str) -> None:
    save(pair, tmp_path, [[RED, BLUE, BLACK]])
    (tmp_path / name).write_text(text)
    masks = found(tmp_path)
    assert masks.classes == ("road", "sky")
    assert read(masks) == [[0, 1, 255]]
    assert name not in {file.path for file in masks.left_out}


def test_a_colour_that_no_class_has_leaves_its_mask_out(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path, [[RED, BLUE]], [[RED, [1, 2, 3]]])
    (tmp_path / "class_dict.csv").write_text("name,r,g,b\nroad,255,0,0\nsky,0,0,255\n")
    masks = found(tmp_path)
    assert len(masks.pairs) == 1
    assert [str(file) for file in masks.left_out] == ["masks/1.png (colour #010203: none of the 2 classes)"]
    with pytest.raises(InputError, match=r"masks/1.png': colour #010203: none of the 2 classes; correct it, or"):
        found(tmp_path, bad="refuse")


@pytest.mark.parametrize(
    ("rows", "text", "classes", "want"),
    [
        ([[0, 1, 2]], "sky\nroad\ncar\n", ("sky", "road", "car"), [[0, 1, 2]]),
        ([[0, 1, 0]], "sky\nroad\ncar\n", ("sky", "road", "car"), [[0, 1, 0]]),
        ([[0, 1, 255]], "0: sky\n1: road\n", ("sky", "road"), [[0, 1, 255]]),
        ([[0, 1, 2]], "road\ncar\n", ("background", "road", "car"), [[0, 1, 2]]),
        ([[0, 255, 0]], "membrane\ncell\n", ("membrane", "cell"), [[0, 1, 0]]),
        ([[0, 128, 255]], "a\nb\nc\n", ("a", "b", "c"), [[0, 1, 2]]),
        ([[0, 1, 2]], "sky\nvoid\ncar\n", ("sky", "car"), [[0, 255, 1]]),
        ([[0, 1, 0]], "sky 1 2 3\nroad 4 5 6\n", ("sky", "road"), [[0, 1, 0]]),
    ],
)
def test_names_in_order_of_the_values(
    pair: Write, tmp_path: Path, rows: list[list[int]], text: str, classes: tuple[str, ...], want: list[list[int]]
) -> None:
    save(pair, tmp_path, rows)
    (tmp_path / "classes.txt").write_text(text)
    masks = found(tmp_path)
    assert masks.classes == classes
    assert read(masks) == want


def test_a_value_beyond_the_named_classes_leaves_its_mask_out(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path, [[0, 1]], [[0, 9]])
    (tmp_path / "classes.txt").write_text("sky\nroad\n")
    masks = found(tmp_path)
    assert [str(file) for file in masks.left_out] == ["masks/1.png (value 9: none of the 2 classes)"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no class"),
        ("a\nb\na\n", "has the class 'a' twice"),
        ("a 1 2 3\nb 1 2 3\n", "colour '1,2,3' twice"),
        ("a 1 2 300\nb 1 2 3\n", "gives 'a' a colour beyond 255"),
    ],
)
def test_wrong_lists_of_classes_are_refused(pair: Write, tmp_path: Path, text: str, said: str) -> None:
    save(pair, tmp_path, [[0, 1]])
    (tmp_path / "classes.txt").write_text(text)
    with pytest.raises(InputError, match=said):
        find(tmp_path)


def test_masks_that_number_objects_are_one_class(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path, [list(range(31))], [[0, 1, 2, 2]], [[0, 0, 1, 1]])
    masks = found(tmp_path)
    assert masks.coding.how == "objects"
    assert masks.classes == ("background", "object")
    assert read(masks, 1) == [[0, 1, 1, 1]]


def test_many_classes_are_not_objects(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path, [[0, 30, 7]], [[12, 2, 0]])
    assert found(tmp_path).classes == ("background", "2", "7", "12", "30")


def disc(size: int = 64) -> NDArray[np.bool_]:
    y, x = np.mgrid[:size, :size] - size / 2
    inside: NDArray[np.bool_] = x**2 + y**2 < (size / 3) ** 2
    return inside


def test_black_and_white_saved_as_jpeg_is_halved(draw: Callable[..., Path], tmp_path: Path) -> None:
    inside = disc()
    for name in "ab":
        draw(tmp_path / f"images/{name}.png", size=(64, 64))
        (tmp_path / "masks").mkdir(exist_ok=True)
        Image.fromarray(inside.astype(np.uint8) * np.uint8(255)).save(tmp_path / f"masks/{name}.jpg", quality=80)
    masks = found(tmp_path)
    assert masks.coding.how == "halves"
    assert (np.array(read(masks)) == inside).mean() > 0.99


def test_colours_saved_as_jpeg_are_refused(draw: Callable[..., Path], tmp_path: Path) -> None:
    draw(tmp_path / "images/a.png", size=(64, 64))
    (tmp_path / "masks").mkdir()
    pixels = np.where(disc()[:, :, None], np.uint8(RED), np.uint8(BLUE))
    Image.fromarray(pixels).save(tmp_path / "masks/a.jpg")
    with pytest.raises(InputError, match="or its colours were saved as JPEG, which smears them: save masks as PNG"):
        find(tmp_path)


def test_a_photograph_is_no_mask(pair: Write, draw: Callable[..., Path], tmp_path: Path) -> None:
    save(pair, tmp_path, [[0, 1]])
    draw(tmp_path / "images/p.png", size=(90, 90))
    draw(tmp_path / "masks/p.png", 7, size=(90, 90), mode="L")
    masks = found(tmp_path)
    assert [str(file) for file in masks.left_out] == [
        "masks/p.png (it is a photograph, not a mask: a mask has one value or colour per class)"
    ]
    (tmp_path / "masks/0.png").unlink()
    (tmp_path / "images/0.png").unlink()
    with pytest.raises(NotMasksError, match=r"masks/p.png': it is a photograph, not a mask: .*; so are all under"):
        find(tmp_path)


def test_too_many_colours_are_refused(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path, [[[red, 0, 0] for red in range(0, 130, 2) for _ in range(5)]])
    with pytest.raises(InputError, match=r"the masks have 65 colours, too many for classes; list the classes in"):
        find(tmp_path)


def test_masks_of_one_value_are_refused(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path, [[0, 0]], [[0, 0]])
    with pytest.raises(InputError, match="hold only the value 0, so there is nothing to tell apart"):
        find(tmp_path)


def test_a_mask_of_another_size_is_left_out(pair: Write, draw: Callable[..., Path], tmp_path: Path) -> None:
    save(pair, tmp_path, [[0, 1, 1]], [[0, 1, 1]])
    draw(tmp_path / "images/1.png", size=(3, 2))
    masks = found(tmp_path)
    assert [str(file) for file in masks.left_out] == ["masks/1.png (it is 1x3 and its image 2x3)"]


def test_damaged_files_are_left_out_or_refused(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path, *[[[0, 1]]] * 3)
    (tmp_path / "masks/1.png").write_bytes(b"none")
    (tmp_path / "images/2.png").write_bytes(b"")
    masks = found(tmp_path)
    assert sorted(map(str, masks.left_out)) == ["images/2.png (an empty file)", "masks/1.png (not an image)"]
    with pytest.raises(InputError, match=r"masks/1.png': not an image; correct it, or leave it out"):
        found(tmp_path, bad="refuse")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-1, "holds -1, and classes are numbers from 0 on"),
        (0.5, "holds fractions"),
        (np.inf, "endless"),
        (1e12, "endless"),
    ],
)
def test_numbers_that_are_no_classes_leave_their_mask_out(pair: Write, tmp_path: Path, value: float, said: str) -> None:
    save(pair, tmp_path, [[0, 1]], [[1, 0]])
    pair(tmp_path, "images/odd.png", "masks/odd.png", [[0, 1]])
    (tmp_path / "masks/odd.png").unlink()
    kind = np.int32 if value == -1 else np.float32
    Image.fromarray(np.array([[value, 1]], kind)).save(tmp_path / "masks/odd.tif")
    masks = found(tmp_path)
    assert len(masks.pairs) == 2
    assert [one.path for one in masks.left_out] == ["masks/odd.tif"]
    assert said in masks.left_out[0].reason
    with pytest.raises(InputError, match=r"masks/odd.tif': holds"):
        find(tmp_path, bad="refuse")


def test_masks_that_must_be_read_as_others_are_refused_beyond_their_classes(pair: Write, tmp_path: Path) -> None:
    save(pair, tmp_path / "a", [[0, 1, 2]])
    save(pair, tmp_path / "b", [[0, 2]], [[0, 5]])
    like = found(tmp_path / "a").coding
    masks = found(tmp_path / "b", like=like)
    assert masks.coding == like
    assert read(masks) == [[0, 2]]
    assert [str(file) for file in masks.left_out] == ["masks/1.png (value 5: none of the 3 classes)"]


def test_a_class_that_is_only_tested_is_named(pair: Write, tmp_path: Path) -> None:
    pair(tmp_path, "train/images/0.png", "train/masks/0.png", [[0, 1]])
    pair(tmp_path, "test/images/0.png", "test/masks/0.png", [[0, 2]])
    assert "no training mask has a pixel of 2" in found(tmp_path).notes


def test_colour_images_are_read_with_three_channels_and_grey_ones_with_one(
    pair: Write, draw: Callable[..., Path], tmp_path: Path
) -> None:
    save(pair, tmp_path, [[0, 1]])
    assert found(tmp_path).channels == 3
    draw(tmp_path / "images/0.png", size=(2, 1), mode="L")
    assert found(tmp_path).channels == 1


def test_processes_that_read_for_another_one_say_the_same(
    pair: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(pair, tmp_path, [[0, 1, 2]], [[0, 255, 1]])
    here = found(tmp_path)
    monkeypatch.setattr(workers, "MANY", 1)
    there = found(tmp_path)
    assert (here.pairs, here.coding, here.counts.tolist()) == (there.pairs, there.coding, there.counts.tolist())


@pytest.mark.parametrize("turn", range(1, 9))
def test_an_images_orientation_turns_its_mask_too(tmp_path: Path, turn: int) -> None:
    rng = np.random.default_rng(turn)
    stored = rng.integers(0, 2, (4, 5), np.uint8) * np.uint8(255)
    exif = Image.Exif()
    exif[0x0112] = turn
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    Image.fromarray(stored).save(tmp_path / "images/a.png", exif=exif)
    Image.fromarray(stored).save(tmp_path / "masks/a.png")
    masks = found(tmp_path)
    image, mask = read_pair(masks.pairs[0], masks.coding, 1)
    assert np.array_equal(image[0] > 0, mask == 1)
    upright = np.asarray(turned(Image.fromarray(stored), turn))
    assert np.array_equal(upright > 0, mask == 1)
    assert masks.pairs[0].size == mask.shape


def test_a_mask_that_is_upright_already_is_not_turned(tmp_path: Path) -> None:
    stored = np.array([[0, 255, 255]], np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    Image.fromarray(stored).save(tmp_path / "images/a.png", exif=exif)
    Image.fromarray(np.ascontiguousarray(stored.T)).save(tmp_path / "masks/a.png")
    masks = found(tmp_path)
    image, mask = read_pair(masks.pairs[0], masks.coding, 1)
    assert image[0].tolist() == [[0], [255], [255]]
    assert mask.tolist() == [[0], [1], [1]]


def test_reading_a_pair_that_changed_names_the_file(pair: Write, draw: Callable[..., Path], tmp_path: Path) -> None:
    save(pair, tmp_path, [[0, 1]])
    masks = found(tmp_path)
    draw(tmp_path / "images/0.png", size=(9, 9))
    with pytest.raises(ImageError, match=r"masks/0.png' \(it is 1x2 and its image 9x9\)"):
        read_pair(masks.pairs[0], masks.coding, 3)
    save(pair, tmp_path, [[0, 9]])
    with pytest.raises(ImageError, match=r"masks/0.png' \(value 9: none of the 2 classes\)"):
        read_pair(masks.pairs[0], masks.coding, 3)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6))), st.integers(1, 8))
def test_turning_is_pillows(mask: NDArray[np.uint8], turn: int) -> None:
    assert np.array_equal(uprighted(mask, turn), np.asarray(turned(Image.fromarray(mask), turn)))


@settings(deadline=None)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))),
    st.tuples(st.integers(1, 20), st.integers(1, 20)),
)
def test_resizing_is_pytorchs_nearest_and_makes_no_new_class(mask: NDArray[np.uint8], size: tuple[int, int]) -> None:
    got = resized(mask, size)
    want = torch.nn.functional.interpolate(torch.tensor(mask)[None, None].double(), size, mode="nearest-exact")
    assert np.array_equal(got, want[0, 0].numpy())
    assert set(got.ravel()) <= set(mask.ravel())
