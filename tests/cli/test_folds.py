"""`striate folds`: a line for each fold, their mean and spread, and the same as JSON."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def test_it_prints_each_fold_with_mean_and_spread(cli: Cli, colours: Path, tmp_path: Path) -> None:
    words = ("folds", "input 3x12x16 -> fc 3", colours, "--folds", 2, "--epochs", 1, "--out", tmp_path / "folds")
    ended = cli(*words)
    assert ended.status == 0
    assert "fold 2 of 2" in ended.err
    (last,) = [line for line in ended.out.splitlines() if "mean ± spread" in line]
    again = cli(*words, "--json")
    assert "fold 1 of 2 is finished" in again.err
    found = again.json
    mean = sum(one["accuracy"] for one in found["folds"]) / 2
    assert found["mean"]["accuracy"] == pytest.approx(mean)
    assert f"{mean:.4f} ± {found['spread']['accuracy']:.4f}" in last
    assert Path(found["answers"]).is_file()
    assert "--fold" not in cli("rate", "--help").out
