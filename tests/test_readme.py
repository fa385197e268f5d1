"""The README holds what is so: its commands run in order, its Python runs, its table of files is that of a real run."""

import os
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import striate as st
from striate.cli import _status, striate
from striate.data import digits
from striate.data.scenes import making
from tests import boxed, captioned, clips, cubes, posed, scans, sounding
from tests.native.needs import needs_compiler

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "BROWSER": "true"}


def blocks(language: str) -> list[str]:
    """The README's fenced blocks of this language; of none, where it is empty."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every line that begins with `striate`, and what the running text says in full: a verb with its arguments."""
    lines = [line for block in blocks("") for line in block.splitlines() if line.startswith("striate ")]
    prose = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    return lines + re.findall(r"`(striate [^`…]+ [^`…]+)`", prose)


def run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=500)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the README's commands run: the documents as in the clone, and the images that the reader has."""
    place = tmp_path_factory.mktemp("readme")
    (place / "docs").symlink_to(ROOT / "docs")
    chance = np.random.default_rng(0)
    for label, colour in (("ants", (120, 40, 30)), ("bees", (220, 180, 40))):
        (place / "my" / "images" / label).mkdir(parents=True)
        for number in range(14):
            pixels = (chance.normal(colour, 40, (40, 48, 3))).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(place / "my" / "images" / label / f"{number}.png")
    for part in ("images", "masks"):
        (place / "my" / "cells" / part).mkdir(parents=True)
    for number in range(12):
        pixels, mask = chance.normal(90, 20, (40, 48, 3)), np.zeros((40, 48), np.uint8)
        mask[number : number + 15, 10:30] = 255
        pixels[mask > 0] += 80
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(place / "my" / "cells" / "images" / f"{number}.png")
        Image.fromarray(mask).save(place / "my" / "cells" / "masks" / f"{number}.png")
    boxed.yolo(place / "my" / "boxes", {"train": 12, "test": 4})
    posed.table(place / "my" / "people", {"train": 12, "test": 4})
    captioned.table(place / "my" / "told", {"train": 12, "val": 4, "test": 4})
    for seed, name in enumerate(("walk", "run")):
        clips.clip(place / "my" / "clips" / name, 12, seed)
    scans.decathlon(place / "my" / "scans", 6, 2)
    cubes.arrays(place / "my" / "fields")
    words = {"good": ("fine", "great", "lovely"), "bad": ("dull", "weak", "poor")}
    lines = [f"{label}\ta {word} film {number}\n" for number in range(12) for label in words for word in words[label]]
    (place / "my" / "reviews.tsv").write_text("".join(lines))
    sounding.words(place / "my" / "words", 12, 4)
    for part, count in (("TRAIN", 12), ("TEST", 4)):
        sounding.ts(place / "my" / "series" / f"Bumps_{part}.ts", *sounding.bumps(count, count))
    (place / "my" / "folder").symlink_to(place / "my" / "images" / "ants")
    torch.save(st.build("lenet5").state_dict(), place / "lenet5.pth")
    return place


def every_fourth_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands on the digits do the same with fewer of them, in less time."""
    images, labels = digits.read()
    monkeypatch.setattr(digits, "read", lambda: (images[::4], labels[::4]))
    monkeypatch.setattr(making, "COUNTS", {"train": 4, "validation": 2, "test": 2})


def status_of(line: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """What a command ends with: in this process, which spares its start; by the shell where it is joined to others."""
    words = shlex.split(line, comments=True)
    if "|" in words:
        return run(["sh", "-c", f'PATH="$PWD:$PATH"; {line}'], folder).returncode
    monkeypatch.setattr(sys, "argv", words)
    return _status(lambda: striate.main(words[1:], standalone_mode=False))


@pytest.mark.slow
@needs_compiler
def test_every_command_runs(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(commands()) > 12
    (folder / "striate").write_text(f'#!/bin/sh\nexec {sys.executable} -m striate "$@"\n')
    (folder / "striate").chmod(0o755)
    every_fourth_digit(monkeypatch)
    monkeypatch.chdir(folder)
    monkeypatch.setattr("webbrowser.open", lambda address: True)
    for line in commands():
        if "striate see" in line and "--report" not in line:
            continue  # serves until Ctrl-C: tests/cli/test_process.py
        status = status_of(line, folder, monkeypatch)
        assert status == 0, f"{line}\n{capsys.readouterr().err}"
    files = {
        path.relative_to(folder / "runs/lenet5-digits-1").parts[0]
        for path in (folder / "runs/lenet5-digits-1").iterdir()
    }
    table = README.split("## A run on disk")[1].split("##")[0]
    assert set(re.findall(r"^\| `([\w.]+)/?` ", table, flags=re.MULTILINE)) == files


@pytest.mark.slow
@needs_compiler
def test_its_python_runs(folder: Path) -> None:
    for code in blocks("python"):
        ended = run([sys.executable, "-c", code], folder)
        assert ended.returncode == 0, ended.stderr


def test_every_place_that_it_names_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []
    table = README.split("## Where things are")[1]
    named = re.findall(r"`([\w/]+(?:/|\.py))`", table)
    assert len(named) > 10
    assert [name for name in named if not any((base / name).exists() for base in (ROOT, ROOT / "striate"))] == []


@pytest.mark.slow
def test_a_wheel_holds_all_that_the_clone_does(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    made = run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(ROOT)], tmp_path)
    assert made.returncode == 0, made.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    kinds = {".py", ".net", ".lark", ".html", ".css", ".js", ".h", ".typed"}
    kept = {path for path in (ROOT / "striate").rglob("*") if path.suffix in kinds or path.name == "py.typed"}
    assert {path.relative_to(ROOT).as_posix() for path in kept} == {
        name for name in packed if name.startswith("striate/")
    }
    installed = run([*pip, "install", "--no-deps", "--target", str(tmp_path / "there"), str(wheel)], tmp_path)
    assert installed.returncode == 0, installed.stderr
    words = [sys.executable, "-m", "striate", "explain", "lenet5"]
    environment = {**ENVIRONMENT, "PYTHONPATH": str(tmp_path / "there")}
    ended = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, "61,706" in ended.stdout) == (0, True), ended.stderr
