"""Moves of a planner that nobody planned: a bright square on the left or on the right, which says what is best."""

from pathlib import Path

import numpy as np
import pytest

from striate.data.games.emulator import FRAMES, SIDE
from striate.data.games.store import PLANNER, About, Moves

ACTIONS = ("noop", "right")  # of Pong
NET = "input 4x84x84 -> avgpool 21 -> fc 2"
MOST = 40  # frames of an episode


def needs_games() -> None:
    """Skip where the games are not installed."""
    pytest.importorskip("ale_py")


def moves(episode: int, number: int, count: int, over: bool = False, score: float = 0.0, by: str = PLANNER) -> Moves:
    """Moves whose square is seen newly at each: where it is on the left, the first action is worth a point."""
    frames = np.full((count + FRAMES - 1, SIDE, SIDE), 20, np.uint8)
    sides = np.random.default_rng(1000 * episode + number).permutation(np.arange(count) % 2)
    for move, side in enumerate(sides):
        left = 48 if side else 8
        frames[move + FRAMES - 1, 30:60, left : left + 28] = 220
    values = np.stack([1.0 - sides, sides], 1).astype(np.float32)
    visits, points = np.ones((count, 2), np.int32), np.zeros(count, np.float32)
    return Moves(frames, values, visits, sides.astype(np.int64), points, episode, number, by, score, over)


def written(root: Path, files: int = 4, count: int = 8) -> Path:
    """A folder of so many files of so many moves."""
    About("pong", ACTIONS, (-20.0, -21.0), MOST).write(root)
    for number in range(files):
        moves(number, 0, count, over=True, score=float(number)).write(root)
    return root
