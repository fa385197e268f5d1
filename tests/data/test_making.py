"""Folders of data made from photographs: what is written, in which part, and that tasks read it."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.data import masks
from striate.data.making import make
from striate.data.restoring import find
from striate.data.restoring.degrading import degradation
from striate.errors import InputError, WorkError


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight photographs, two of one name, one grey, and one too small for a mirror."""
    root, chance = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    (root / "more").mkdir()
    for name in (*(f"{number}.png" for number in range(6)), "more/0.png"):
        Image.fromarray(chance.integers(0, 256, (40, 50, 3), np.uint8)).save(root / name)
    Image.fromarray(chance.integers(0, 256, (40, 50), np.uint8)).save(root / "grey.png")
    Image.fromarray(chance.integers(0, 256, (9, 50, 3), np.uint8)).save(root / "small.png")
    return root


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.png")}


def test_mirrors_are_images_with_masks_of_two_classes(photos: Path, tmp_path: Path) -> None:
    notes = make("mirrors", photos, tmp_path / "made", count=3)
    assert "small.png" in " ".join(notes)
    found = masks.find(tmp_path / "made")
    assert found is not None
    assert (found.classes, len(found.pairs)) == (("background", "mirror"), 24)
    assert {part: len(found.of(part)) for part in ("train", "validation", "test")} == {
        "train": 18,
        "validation": 3,
        "test": 3,
    }
    with Image.open(found.pairs[0].where) as mask:
        assert set(np.unique(np.asarray(mask))) == {0, 255}


def test_a_photograph_is_in_one_part_alone(photos: Path, tmp_path: Path) -> None:
    make("rain:1", photos, tmp_path / "made", count=4)
    places: dict[bytes, set[str]] = {}
    for name, content in files(tmp_path / "made").items():
        part, side, _ = name.split("/")
        if side == "target":
            places.setdefault(content, set()).add(part)
    assert len(places) == 9
    assert all(len(parts) == 1 for parts in places.values())


def test_worse_pictures_are_pairs_that_restore_reads(photos: Path, tmp_path: Path) -> None:
    make("blur:1,bicubic:3", photos, tmp_path / "made")
    found = find(tmp_path / "made", paired=True)
    assert (len(found.pairs), found.scale) == (9, 3)
    pair = next(pair for pair in found.pairs if pair.size == (39, 48) and "more" not in str(pair.good))
    good = np.asarray(Image.open(pair.good)).transpose(2, 0, 1)
    assert pair.worse is not None
    worse = np.asarray(Image.open(pair.worse)).transpose(2, 0, 1)
    assert np.abs(degradation("blur:1,bicubic:3")(good, "a").astype(int) - worse).mean() < 3  # what was cut off counts


def test_the_same_seed_makes_the_same_and_another_one_others(photos: Path, tmp_path: Path) -> None:
    for name, seed in {"a": 0, "b": 0, "c": 1}.items():
        make("fog", photos, tmp_path / name, count=2, seed=seed)
    a, b, c = (files(tmp_path / name) for name in "abc")
    assert a == b
    assert a.keys() == c.keys()
    worse = [name for name in a if "/input/" in name]
    assert all(a[name] != c[name] for name in worse)
    assert len({a[name] for name in worse}) == len(worse) == 18


def test_parts_that_are_there_stay(photos: Path, tmp_path: Path) -> None:
    for part, number in (("train", 1), ("test", 2), ("val", 3)):
        (tmp_path / "own" / part).mkdir(parents=True)
        (tmp_path / "own" / part / "a.png").write_bytes((photos / f"{number}.png").read_bytes())
    make("noise", tmp_path / "own", tmp_path / "made")
    assert sorted(files(tmp_path / "made")) == sorted(
        f"{part}/{side}/a-{number}.png"
        for number, part in enumerate(("train", "val", "test"), 1)
        for side in ("input", "target")
    )


@pytest.mark.parametrize(
    ("what", "where", "said"),
    [
        ("mirror", "", "'mirror' can't be made; did you mean 'mirrors'?"),
        ("haze:1", "", "did you mean 'fog'?"),
        ("pairs", "", "'pairs' can't be made; there are mirrors, motions, bicubic"),
        ("rain:99", "", "rain takes a whole number from 1 to 20"),
        ("rain", "nowhere", "is no folder of photographs"),
        ("bicubic:8", "tiny", "no picture under"),
    ],
)
def test_what_can_t_be_made_is_said(photos: Path, tmp_path: Path, what: str, where: str, said: str) -> None:
    (tmp_path / "tiny").mkdir()
    Image.new("RGB", (5, 5)).save(tmp_path / "tiny" / "a.png")
    with pytest.raises(InputError) as caught:
        make(what, tmp_path / where if where else photos, tmp_path / "made")
    assert said in str(caught.value)
    assert not (tmp_path / "made").exists()


def test_nothing_is_written_over(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="is there already; name a folder that is new or empty"):
        make("rain", photos, tmp_path)
    with pytest.raises(InputError, match="count must be from 1"):
        make("rain", photos, tmp_path / "made", count=0)
    with pytest.raises(WorkError, match="cannot write into"):
        make("rain:1", photos, tmp_path / "mine.txt" / "made")


def test_a_photograph_that_is_cut_off_is_left_out(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    for number in range(3):
        whole = (photos / f"{number}.png").read_bytes()
        (tmp_path / "own" / f"{number}.png").write_bytes(whole[: len(whole) // 2] if number == 1 else whole)
    notes = make("noise", tmp_path / "own", tmp_path / "made")
    assert "1.png" in " ".join(notes)
    assert len(files(tmp_path / "made")) == 4
    assert sum(int(word) for word in re.findall(r"(\d+) in \w+/", notes[-1])) == 2
