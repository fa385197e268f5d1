"""`striate sample`: what it writes and prints, and what it refuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from striate.runs.training import train

Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def painter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("painter") / "run"
    return train("input 12x8x8 -> conv 1@3 pad 1", "digits", task="generate", epochs=1, out=out, quiet=True).path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_grid_is_made_where_nothing_is_said(cli: Cli, painter: Path) -> None:
    ended = cli("sample", painter, "--steps", 1)
    assert (ended.status, ended.out) == (0, "grid: samples.png\n")
    with Image.open("samples.png") as image:
        assert image.size == (8 * (7 * 9 - 1), 8 * (10 * 9 - 1))


def test_files_grid_and_nearest(cli: Cli, painter: Path) -> None:
    ended = cli("sample", painter, "--class", "3,5", "-n", 3, "--steps", 1, "--out", "made", "--nearest", "near.png")
    assert ended.out.splitlines()[0] == "3 pictures in made"
    assert "near.png; " in ended.out
    assert sorted(path.name for path in Path("made").iterdir()) == ["3-0.png", "3-1.png", "5-0.png"]
    assert not Path("samples.png").exists()


def test_training_pictures_are_not_written_over(cli: Cli, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name in (f"{kind}-{number}.png" for kind in "ab" for number in range(5)):
        (data / name[0]).mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), 200 if name[0] == "a" else 20).save(data / name[0] / name)
    how: dict[str, Any] = {"task": "generate", "epochs": 1, "quiet": True}
    run = train("input 4x8x8 -> conv 1@3 pad 1", data, out=tmp_path / "run", **how).path
    before = (data / "a" / "a-0.png").read_bytes()
    for words in (["--out", data / "a"], ["--grid", data / "a" / "a-0.png"]):
        ended = cli("sample", run, "--steps", 1, *words)
        assert ended.status == 2
        assert "is read and could be written over" in ended.error
    assert (data / "a" / "a-0.png").read_bytes() == before


def test_facts_for_programs(cli: Cli, painter: Path) -> None:
    facts = cli("sample", painter, "--walk", "3,8", "--steps", 1, "--json").json
    assert (facts["samples"], facts["classes"]) == (8, ["3"] * 4 + ["8"] * 4)
    assert not Path("samples.png").exists()


def test_a_judge(cli: Cli, painter: Path, run: Path) -> None:
    ended = cli("sample", painter, "--judge", run, "--steps", 1)
    assert [line.split(":")[0].split(" ")[0] for line in ended.out.splitlines()] == [
        "taken",
        "Fréchet",
        "nearest",
        "grid",
    ]
    facts = cli("sample", painter, "--judge", run, "--steps", 1, "--json").json
    assert (facts["judge"], facts["samples"], facts["features"]) == (str(run), 179, 64)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--walk", "3"], "--walk takes the classes of its two ends, as in --walk 3,8. Received: 3"),
        (["--walk", "3,x"], "a class to make pictures of is one of 0, 1, 2"),
        (["--walk", "3,8", "--class", "1"], "leave out --class"),
        (["--grid", "samples"], "--grid names a picture, which ends in .png or .jpg. Received: samples"),
        (["--judge", "nowhere"], "nowhere"),
        (["--guidance", "99"], "--guidance is from 0 (any class) over 1 (as learned) to 20. Received: 99"),
    ],
)
def test_wrong_words(cli: Cli, painter: Path, words: list[str], told: str) -> None:
    ended = cli("sample", painter, *words)
    assert ended.status == 2
    assert told in ended.error


def test_a_run_of_another_task(cli: Cli, run: Path) -> None:
    assert "pictures are made by runs of the task generate" in cli("sample", run).error
