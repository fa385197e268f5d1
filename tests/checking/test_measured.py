"""Series and sounds are checked and shown as images are."""

from pathlib import Path

import numpy as np
import pytest

from striate.checking import check
from striate.checking.showing import show
from striate.errors import InputError
from tests import sounding


def kinds(checked: object) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in checked.findings:  # type: ignore[attr-defined]
        found.setdefault(one.kind, []).append(one.path)
    return found


def test_sounds_are_checked(tmp_path: Path) -> None:
    sounding.words(tmp_path, 12, 4)
    root = tmp_path / "train" / "low"
    assert kinds(check(tmp_path)).keys() <= {"tiny class"}
    sounding.write(root / "silent.wav", np.zeros(3000, np.int16))
    (root / "empty.wav").write_bytes(b"")
    (root / "broken.wav").write_bytes(b"RIFF")
    (tmp_path / "test" / "high" / "copy.wav").write_bytes((root / "0.wav").read_bytes())
    for task in (None, "speech"):
        found = kinds(check(tmp_path, task=task))
        assert found["blank"] == ["train/low/silent.wav"]
        assert found["empty file"] == ["train/low/empty.wav"]
        assert found["damaged"] == ["train/low/broken.wav"]
        assert found["copies with other labels"] == found["copies across parts"]


def test_series_are_checked(tmp_path: Path) -> None:
    lines = ["a,1,2,3", "b,1,2,3", "a,4,4,4", "b,5,6", "b,7,8,9"]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    found = kinds(check(tmp_path / "a.csv", task="series"))
    assert found["bad line"] == ["a.csv:4"]
    assert found["blank"] == ["a.csv:3"]
    assert found["copies with other labels"] == ["a.csv:1"]
    assert "copies across parts" not in found
    (tmp_path / "a.csv").write_text("a,1,2,3\n")
    assert list(kinds(check(tmp_path / "a.csv", task="series"))) == ["unusable"]
    with pytest.raises(InputError, match="holds nothing for the task series"):
        check(tmp_path / "none.csv", task="series")


def test_both_are_shown(tmp_path: Path) -> None:
    sounding.ts(tmp_path / "a.ts", *sounding.bumps(12, 0))
    shown = show(tmp_path / "a.ts", task="series", count=2)
    assert [row[0].shape for row in shown.rows] == [(160, 480, 3)] * 2
    sounding.words(tmp_path / "words", 12, 4)
    shown = show(tmp_path / "words", count=2)
    assert len(shown.rows[0]) == 4
    assert shown.rows[0][0].shape[0] == 240
