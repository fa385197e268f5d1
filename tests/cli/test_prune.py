"""`striate prune`: the text with smaller numbers, the costs, and what to type next."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Cli = Callable[..., Any]


def test_it_prints_the_smaller_text_and_what_to_type_next(cli: Cli, run: Path, tmp_path: Path) -> None:
    first = cli("train", "input 1x8x8 -> conv 8@3x3 -> relu -> fc 10", "digits", "--epochs", 1, "--out", tmp_path / "a")
    assert first.status == 0
    ended = cli("prune", tmp_path / "a", "--keep", 0.25)
    assert ended.status == 0
    lines = ended.out.splitlines()
    assert "conv 2@3x3 -> relu" in lines
    assert "conv1: 8 -> 2 filters" in lines
    assert "fc1: all filters are kept, for the network gives it" in lines
    assert f"parameters: {8 * 10 + 288 * 10 + 10:,} -> {2 * 10 + 72 * 10 + 10:,} (25.3%)" in lines
    words = lines[-1].removeprefix("next: striate ").split()
    assert cli(*words, "--epochs", 1, "--out", tmp_path / "b").status == 0
    found = cli("prune", tmp_path / "a", "--json", "--out", tmp_path / "c").json
    assert found["widths"] == {"conv1": [8, 4]}
    assert (tmp_path / "c" / "weights.safetensors").is_file()
    assert "holds something already" in cli("prune", tmp_path / "a", "--out", tmp_path / "c").error
