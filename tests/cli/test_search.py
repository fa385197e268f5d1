"""`striate search` and `striate plan`: what they print and what they end with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
NET = "input 1x8x8 -> fc width -> relu -> fc 10"


def test_a_search(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("optuna")
    monkeypatch.chdir(tmp_path)
    words = ("search", NET, "digits", "--over", "lr=1e-3..1e-1", "--over", "width=4,8", "--trials", 2, "--epochs", 1)
    ended = cli(*words)
    assert ended.status == 0
    assert ended.err.count("validation accuracy ") == 2
    (root,) = (tmp_path / "runs").iterdir()
    assert root.name.startswith("search-net-digits-")
    assert "2 trials: 2 done" in ended.out
    assert f"page: runs/{root.name}/search.html" in ended.out
    found = cli(*words, "--json").json
    assert len(found["trials"]) == 2
    assert found["test"]["examples"] == 359
    assert Path(found["best"], "model.safetensors").is_file()
    assert [one["state"] for one in cli("runs", "--json").json] == ["finished", "finished"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("search", NET, "digits"), "Missing option '--over'"),
        (("search", NET, "digits", "--over", "lr"), "a range is name=low..high"),
        (("search", NET, "digits", "--over", "lr=1,2"), "width"),
        (("search", NET, "digit", "--over", "lr=1,2"), "did you mean 'digits'"),
        (("search", NET, "digits", "--n-trials", "3"), "did you mean '--trials'"),
        (("plan", "lenet5"), "Missing option '--images'"),
        (("plan", "lenet5", "--images", "1k"), "give --per-second, measure it here with --measure"),
        (("plan", "lenet5", "--images", "lots"), "as in 50000, 300k or 1.2M"),
    ],
)
def test_wrong_words(cli: Cli, words: tuple[str, ...], message: str) -> None:
    ended = cli(*words)
    assert ended.status == 2
    assert message in ended.error


def test_a_plan(cli: Cli) -> None:
    words = ("plan", "resnet50", "--images", "1.2M", "--gpus", 64, "--per-second", 2500, "--bandwidth", "100Gb/s")
    ended = cli(*words)
    assert ended.status == 0
    assert "2 * (64 - 1) / 64 * 4 * 25,557,032" in ended.out
    figures = {one["name"]: one for one in cli(*words, "--json").json["figures"]}
    assert figures["bandwidth"]["value"] == 12.5e9
