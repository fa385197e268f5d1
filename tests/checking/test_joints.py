"""Checking images with joints."""

from pathlib import Path

from striate.checking import check
from tests import posed


def test_nothing_is_wrong_with_a_clean_set(tmp_path: Path) -> None:
    assert check(posed.table(tmp_path / "set", {"train": 6, "test": 3})).findings == ()


def test_missing_damaged_and_copied_rows_are_named(tmp_path: Path) -> None:
    root = posed.table(tmp_path / "set", {"train": 6, "test": 3})
    path = root / "joints.csv"
    lines = path.read_text().splitlines()
    lines[1] = lines[1].replace("im000.png", "gone.png")
    lines[2] = ",".join([*lines[2].split(",")[:-1], "low"])
    lines[3] = lines[4]
    path.write_text("\n".join(lines))
    found = {(one.kind, one.path) for one in check(root).findings}
    assert {("missing", "joints.csv:2"), ("bad line", "joints.csv:3"), ("bad line", "images/im003.png")} <= found
    assert ("no joints", "images/im000.png") in found
