"""`data check` of a planner's moves."""

from pathlib import Path

import numpy as np

from striate.checking import check
from striate.data.games.store import file_of
from tests.games import moves, written


def test_good_moves_have_no_fault(tmp_path: Path) -> None:
    found = check(str(written(tmp_path / "pong")))
    assert (found.name, found.examples, found.findings) == ("pong", 32, ())


def test_damaged_files_and_moves_without_a_preference_are_named(tmp_path: Path) -> None:
    data = written(tmp_path / "pong")
    file_of(data, 1, 0).write_bytes(b"nothing")
    path = moves(2, 0, 8).write(data)
    np.savez(path, **{**dict(np.load(path)), "values": np.ones((8, 2), np.float32)})
    found = check(str(data), task="play")
    assert [(one.kind, one.path) for one in found.findings] == [
        ("damaged", "episode-0001-000.npz"),
        ("alike", "episode-0002-000.npz"),
    ]
    assert found.examples == 24
    (data / "game.json").write_text("{")
    assert check(str(data)).faults[0].kind == "unusable"
