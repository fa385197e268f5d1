"""Pictures to restore, found under folders: parts, pairs, and what is wrong with some."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.data.restoring import are_pairs, find
from striate.errors import InputError

Put = Callable[..., None]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Writes pictures of a size below the folder."""

    def written(*names: str, size: tuple[int, int] = (12, 8)) -> None:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.zeros((*size, 3), np.uint8)).save(path)

    return written


def test_good_pictures_are_in_the_parts_that_folders_name(tmp_path: Path, put: Put) -> None:
    put("train/a.png", "Val/deep/b.png", "Test/Set5/c.png", "Test/Set14/c.png", "d.png")
    found = find(tmp_path, paired=False)
    assert [(pair.good.name, pair.part) for pair in found.pairs] == [
        *[("c.png", "test"), ("c.png", "test"), ("b.png", "validation"), ("d.png", "train"), ("a.png", "train")]
    ]
    assert found.notes == ("5 pictures, 12x8: 2 to train, 1 to validate, 2 to test",)


def test_a_folder_of_test_pictures_alone_is_one(tmp_path: Path, put: Put) -> None:
    put("test/a.png")
    assert [pair.part for pair in find(tmp_path, paired=False).pairs] == ["test"]


@pytest.mark.parametrize(
    ("worse", "good"),
    [
        ("input/1.png", "target/1.png"),
        ("rain/rain-001.png", "clean/norain-001.jpg"),
        ("train/LR/x.png", "train/HR/x.png"),
        ("hazy/0001_hazy.png", "GT/0001_gt.png"),
        ("noisy images/b.png", "clean images/b.png"),
    ],
)
def test_pairs_of_many_names(tmp_path: Path, put: Put, worse: str, good: str) -> None:
    put(worse, good)
    (pair,) = find(tmp_path, paired=True).pairs
    assert (pair.good, pair.worse) == (tmp_path / good, tmp_path / worse)


def test_pictures_of_several_folders_are_not_mixed_up(tmp_path: Path, put: Put) -> None:
    for scene in ("A", "B"):
        put(*(f"train/{scene}/{side}/{number}.png" for side in ("blur", "sharp") for number in (1, 2)))
    put("train/C/sharp/1.png", "train/A/sharp/1.bmp")
    found = find(tmp_path, paired=True)
    assert len(found.pairs) == 4
    for pair in found.pairs:
        assert pair.worse is not None
        assert pair.worse.relative_to(tmp_path).parts[1] == pair.good.relative_to(tmp_path).parts[1]
        assert pair.worse.stem == pair.good.stem
    assert sorted(one.path for one in found.left_out) == ["train/A/sharp/1.png", "train/C/sharp/1.png"]


def test_whole_names_come_before_what_their_words_say(tmp_path: Path, put: Put) -> None:
    put(
        "input/rain.png", "input/snow.png", "target/rain.png", "target/snow.png", "input/fog-1.png", "target/rain-2.png"
    )
    pairs = find(tmp_path, paired=True).pairs
    assert [(pair.good.name, pair.worse.name if pair.worse else "") for pair in pairs] == [
        *[("rain.png", "rain.png"), ("snow.png", "snow.png")]
    ]


def test_without_pairs_asked_for_worse_pictures_are_left_out(tmp_path: Path, put: Put) -> None:
    put("DIV2K_train_HR/0001.png", "DIV2K_train_LR_bicubic/X2/0001x2.png", "DIV2K_train_LR_bicubic/X2/0002x2.png")
    assert are_pairs(tmp_path)
    assert len(find(tmp_path, paired=True).pairs) == 1
    found = find(tmp_path, paired=False)
    assert [pair.good.name for pair in found.pairs] == ["0001.png"]
    assert len(found.left_out) == 2
    put("other/small.png", size=(2, 9))
    assert [one.reason for one in find(tmp_path / "other", paired=False, least=1).left_out] == []
    with pytest.raises(InputError, match="2x9 pixels are too few, 3 a side are needed"):
        find(tmp_path / "other", paired=False, least=3)


def test_pairs_may_be_of_two_scales(tmp_path: Path, put: Put) -> None:
    put("lr/1.png", "lr/2.png", "lr/3.png", size=(4, 5))
    put("hr/1.png", "hr/2.png", size=(12, 15))
    put("hr/3.png", size=(12, 14))
    found = find(tmp_path, paired=True)
    assert (found.scale, [pair.good.name for pair in found.pairs]) == (3, ["1.png", "2.png"])
    assert [str(one) for one in found.left_out] == ["hr/3.png (12x14, and its pair is 4x5)"]


def test_what_is_alone_or_damaged_is_left_out_or_refused(tmp_path: Path, put: Put) -> None:
    put("input/1.png", "input/2.png", "input/4.png", "target/1.png", "target/3.png", "target/4.png")
    (tmp_path / "input" / "4.png").write_bytes(b"words")
    found = find(tmp_path, paired=True)
    assert [pair.good.name for pair in found.pairs] == ["1.png"]
    assert sorted(one.path for one in found.left_out) == ["input/2.png", "input/4.png", "target/3.png"]
    with pytest.raises(InputError, match="correct it, or leave it out"):
        find(tmp_path, paired=True, bad="refuse")


def test_without_pairs_or_pictures_it_says_what_to_do(tmp_path: Path, put: Put) -> None:
    with pytest.raises(InputError, match="no picture under"):
        find(tmp_path, paired=False)
    put("one/a.png", "two/a.png")
    with pytest.raises(InputError, match="has no pairs: put the worse pictures into input/"):
        find(tmp_path, paired=True)
    put("input/a.png", "target/b.png")
    with pytest.raises(InputError, match=r"no picture under .* the first: 'target/b.png'"):
        find(tmp_path, paired=True)
