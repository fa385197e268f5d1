"""Checking clips."""

from pathlib import Path

from striate.checking import check
from tests import clips


def test_frames_that_are_alike_are_no_copies(tmp_path: Path) -> None:
    clip = clips.clip(tmp_path / "set" / "walk", 8)
    (clip / "9.png").write_bytes((clip / "8.png").read_bytes())
    found = check(tmp_path / "set", task="interpolate")
    assert (found.findings, found.classes) == ((), {})
    (clip / "10.png").write_bytes(b"no picture")
    assert [one.path for one in check(tmp_path / "set", task="interpolate").findings] == ["walk/10.png"]
