"""`striate data make`: data made from photographs, on the command line."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Ended

Cli = Callable[..., Ended]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (32, 40, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{number}.png")
    return tmp_path / "photos"


def test_mirrors_are_written_and_segmented(cli: Cli, photos: Path, tmp_path: Path) -> None:
    made = cli("data", "make", "mirrors", photos, tmp_path / "made", "--count", 2)
    assert made.out.strip() == f"{tmp_path / 'made'}: 2 pictures of each photograph, 2 in train/, 1 in val/, 1 in test/"
    net = "input 3x?x? -> conv 2@3 pad 1"
    assert cli("train", net, tmp_path / "made", "--epochs", 1, "--out", tmp_path / "run").status == 0
    assert cli("test", tmp_path / "run", "--json").json["classes"] == ["background", "mirror"]
    assert cli("data", "check", tmp_path / "made").status == 0


def test_pairs_are_written_and_what_was_decided_is_told(cli: Cli, photos: Path, tmp_path: Path) -> None:
    told = cli("data", "make", "rain:2,noise:5", photos, tmp_path / "made", "--json").json
    assert told["out"] == str(tmp_path / "made")
    assert "held out 1 image as test" in " ".join(told["notes"])
    assert len(list((tmp_path / "made").rglob("input/*.png"))) == 4


def test_a_picture_of_what_the_network_gets(cli: Cli, photos: Path, tmp_path: Path) -> None:
    for way in ("rain", "fog"):
        shown = cli("data", "show", photos, "--degrade", way, "--count", 2, "--out", tmp_path / f"{way}.png")
        assert shown.status == 0
        assert (tmp_path / f"{way}.png").is_file()


@pytest.mark.parametrize(
    "words", [("snow", "photos"), ("rain:0", "photos"), ("rain", "nowhere"), ("rain", "photos/0.png")]
)
def test_a_mistake_is_one_line(cli: Cli, photos: Path, tmp_path: Path, words: tuple[str, str]) -> None:
    what, where = words
    wrong = cli("data", "make", what, tmp_path / where, tmp_path / "made")
    assert wrong.status == 2
    assert len(wrong.error.splitlines()) == 1
