"""Moves on disk: written whole, nothing pickled, and whatever is damaged is named."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate as st
from striate.data.games.store import ABOUT, About, file_of, next_episode, read_all, read_moves, unfinished
from tests.games import ACTIONS, moves, written


def test_moves_are_what_was_written(tmp_path: Path) -> None:
    made = moves(3, 1, 6, over=True, score=4.0)
    found = read_moves(made.write(tmp_path), ACTIONS)
    for name in ("frames", "values", "visits", "taken", "points"):
        np.testing.assert_array_equal(getattr(found, name), getattr(made, name))
    assert (found.episode, found.number, found.by, found.score, found.over) == (3, 1, "planner", 4.0, True)
    assert [one.name for one in tmp_path.iterdir()] == ["episode-0003-001.npz"]


def test_a_stack_is_the_newest_frame_and_the_three_before_it() -> None:
    made = moves(0, 0, 5)
    assert made.stacks().shape == (5, 4, 84, 84)
    for move, stack in enumerate(made.stacks()):
        np.testing.assert_array_equal(stack, made.frames[move : move + 4])


DAMAGES = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:200]),
    "empty": lambda path: path.write_bytes(b""),
    "pickled": lambda path: path.write_bytes(pickle.dumps({"values": 1})),
    "objects": lambda path: np.savez(path, about=np.array({"a": 1}, object)),
    "bits": lambda path: path.write_bytes(bytes([one ^ (100 < at < 180) for at, one in enumerate(path.read_bytes())])),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named_and_the_others_are_read(tmp_path: Path, damage: str) -> None:
    written(tmp_path)
    DAMAGES[damage](file_of(tmp_path, 1, 0))
    found = read_all(tmp_path)
    assert [path.name for path in found.damaged] == ["episode-0001-000.npz"]
    assert len(found) == 3 * 8


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "frames": ({"frames": np.zeros((8, 84, 84), np.uint8)}, "frames has the shape"),
    "numbers": ({"values": np.full((8, 2), np.nan, np.float32)}, "values are not finite"),
    "actions": ({"taken": np.full(8, 2)}, "an action was taken that there is not"),
    "of another game": ({"values": np.zeros((8, 3), np.float32)}, "values has the shape"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_does_not_fit_is_said(tmp_path: Path, change: str) -> None:
    path = moves(0, 0, 8).write(tmp_path)
    changed, said = CHANGES[change]
    np.savez(path, **{**dict(np.load(path)), **changed})
    with pytest.raises(ValueError, match=said):
        read_moves(path, ACTIONS)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"format": 1, "game": "pong"}', '{"format": 1, "game": 1, "actions": 3}']
)
def test_what_is_known_of_all_may_be_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / ABOUT).write_text(text)
    with pytest.raises(st.InputError, match=r"game\.json' is damaged"):
        About.read(tmp_path)


def test_a_later_version_is_refused(tmp_path: Path) -> None:
    written(tmp_path)
    facts = json.loads((tmp_path / ABOUT).read_text())
    (tmp_path / ABOUT).write_text(json.dumps({**facts, "format": 2}))
    with pytest.raises(st.InputError, match="of a later version"):
        About.read(tmp_path)


def test_scores_are_of_episodes_that_are_over(tmp_path: Path) -> None:
    written(tmp_path, files=2)
    moves(2, 0, 3, over=False, score=9.0).write(tmp_path)
    moves(3, 0, 3, over=True, score=7.0, by="cnn").write(tmp_path)
    assert read_all(tmp_path).scores() == {"planner": (0.0, 1.0), "cnn": (7.0,)}
    assert next_episode(tmp_path) == 4
    assert not list(unfinished(tmp_path, ACTIONS))  # the one that is not over has no state to go on from
