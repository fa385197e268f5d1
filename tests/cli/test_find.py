"""`striate index` and `striate find`: what they print, and what they refuse."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from striate.runs.run import Run

Cli = Callable[..., Any]
Drawn = list[tuple[Path, str]]


@pytest.fixture
def photos(drawn: Drawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve digits below the current folder."""
    monkeypatch.chdir(tmp_path)
    for path, label in drawn[:12]:
        (tmp_path / "photos" / label).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / "photos" / label)
    return tmp_path / "photos"


def test_a_folder_is_indexed_and_asked(cli: Cli, trained: Run, photos: Path) -> None:
    asked = sorted(photos.rglob("*.png"))[4]
    ended = cli("index", trained.path, "photos")
    assert (ended.status, ended.out) == (0, "index: indexes/photos\n")
    assert "12 images; 12 new, 0 changed" in ended.err
    ended = cli("find", "indexes/photos", asked, "--count", 3, "--json")
    assert [set(one) for one in ended.json] == [{"path", "similarity"}] * 3
    assert ended.json[0]["path"] == str(asked)
    assert ended.json[0]["similarity"] == pytest.approx(1)
    assert not Path("find.png").exists()
    ended = cli("find", "indexes/photos", asked, "--count", 3)
    assert ended.out.splitlines()[0] == f"1.000  {asked.relative_to(Path.cwd())}"
    assert ended.out.splitlines()[-1] == "picture: find.png"
    with Image.open("find.png") as image:
        assert image.format == "PNG"
    asked.unlink()
    facts = cli("index", trained.path, "photos", "--forget", "--json").json
    assert (facts["images"], facts["vanished"], facts["forgotten"]) == (11, [str(asked)], True)


@pytest.mark.parametrize("words", [("find", "indexes/photos"), ("slide", "RUN"), ("inside", "RUN", "saliency")])
def test_an_image_that_is_read_is_not_drawn_over(cli: Cli, trained: Run, photos: Path, words: tuple[str, ...]) -> None:
    asked = sorted(photos.rglob("*.png"))[4]
    before = asked.read_bytes()
    ended = cli(*(trained.path if word == "RUN" else word for word in words), asked, "--out", asked)
    assert ended.status == 2
    assert "is read, so it is not written over" in ended.error
    assert asked.read_bytes() == before


def test_pairs_and_figures(cli: Cli, trained: Run, photos: Path) -> None:
    first = sorted(photos.rglob("*.png"))[0]
    copy = first.with_name("copy.png")
    shutil.copy(first, copy)
    cli("index", trained.path, "photos", "--out", "there")
    (pair, *_) = cli("find", "there", "--duplicates", "--json").json
    assert ({pair["path"], pair["other"]}, pair["similarity"]) == ({str(first), str(copy)}, 1.0)
    assert cli("find", "there", "--duplicates", "--out", "pairs.png").out.endswith("picture: pairs.png\n")
    assert cli("find", "there", "--duplicates", "--above", 1.0, "--json").json == [pair]
    judged = cli("find", "there", "--test", "photos", "--json").json
    assert judged["queries"] == judged["images"] == 13
    assert judged["mean_average_precision"] > judged["floor"]
    assert "a random order: " in cli("find", "there", "--test", "photos").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["find", "there"], "find takes an IMAGE, or --duplicates, or --test FOLDER: one of them"),
        (["find", "there", "a.png", "--duplicates"], "one of them"),
        (["find", "there", "a.png"], "there is no index: it has no index.json; `striate index` makes one"),
        (["find", "there", "a.png", "--top", "3"], "did you mean '--count'?"),
        (["find", "there", "a.png", "--out", "a.pgn"], "end its name with .png, .svg or .pdf"),
        (["find", "there", "a.png", "--count", "0"], "0 is not in the range"),
        (["find", "there", "--duplicates", "--above", "2"], "2.0 is not in the range -1<=x<=1"),
        (["index", "run"], "Missing argument 'FOLDER...'"),
        (["index", "missing", "photos"], "missing"),
        (["index", "lenet5", "photos"], "give a file of them with --from, or a run"),
        (["index", "lenet5", "photos", "--from", "no.npz"], "no.npz"),
        (["retrieve", "a", "b"], "no verb 'retrieve'; did you mean 'find'?"),
    ],
)
def test_wrong_words_are_refused(cli: Cli, photos: Path, words: list[str], said: str) -> None:
    ended = cli(*words)
    assert ended.status == 2
    assert said in ended.error


def test_another_network_is_refused(cli: Cli, trained: Run, run: Path, photos: Path) -> None:
    assert cli("index", trained.path, "photos", "--out", "there").status == 0
    ended = cli("index", run, "photos", "--out", "there", "--layer", "answer")
    assert (ended.status, "there was made with other weights than these" in ended.error) == (2, True)
    assert json.loads(Path("there/index.json").read_text())["network"] == {"run": str(trained.path)}
