"""`striate runs`: what it prints and what it ends with."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.fixture
def two(run: Path, tmp_path: Path) -> Path:
    """Two copies of a run, one of them with a damaged history."""
    for name in ("a", "b"):
        shutil.copytree(run, tmp_path / "all" / name)
    (tmp_path / "all" / "b" / "history.csv").write_text("")
    return tmp_path / "all"


def test_the_runs_of_a_folder(cli: Cli, two: Path) -> None:
    ended = cli("runs", two)
    assert ended.status == 0
    assert [line.split()[-1] for line in ended.out.splitlines() if str(two) in line].count("finished") == 1
    assert "b/history.csv is damaged" in ended.err
    facts = cli("runs", two, "--where", "state=finished", "--by", "error", "--json").json
    assert [(one["run"], one["network"], one["epochs_done"]) for one in facts] == [(str(two / "a"), "net", 2)]


def test_no_runs(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = cli("runs")
    assert (ended.status, ended.out) == (0, "")
    assert "no runs in runs; `striate train` makes one" in ended.err
    assert cli("runs", "--json").json == []
    assert "no folder at" in cli("runs", tmp_path / "none").error
    assert cli("runs", tmp_path / "none").status == 2


def test_comparing(cli: Cli, two: Path, tmp_path: Path) -> None:
    page = tmp_path / "compare.html"
    ended = cli("runs", "compare", two / "a", two / "b", "--out", page)
    assert ended.status == 0
    assert "the settings are the same" in ended.out
    assert "within chance" in ended.out
    assert page.read_text().startswith("<!doctype html>")
    document = cli("runs", "compare", two, "--json").json
    assert [one["run"] for one in document["runs"]] == [str(two / "a"), str(two / "b")]
    assert json.dumps(document)
    assert "an .html file" in cli("runs", "compare", two, "--out", "a.pdf").error
    assert "did you mean" in cli("runs", "compare", two / "a", two / "aa").error
    assert "--out" in cli("runs", "compare", "--help").out
