"""The planner: it finds what brings points, and its tree goes on to grow."""

from typing import Any

import numpy as np
import pytest

from striate.data.games import planner as planning
from striate.data.games.planner import BEST, DISCOUNT, Planner, Trials


class Line:
    """A game on a line: a player goes left, stays, or goes right. At 3 there is a point, at -2 a life is lost."""

    def __init__(self, at: int = 0) -> None:
        self.at, self.left = at, 1
        self.pressed = 0

    def getMinimalActionSet(self) -> list[int]:  # noqa: N802 - as the emulator calls it
        return [-1, 0, 1]

    def getLegalActionSet(self) -> list[int]:  # noqa: N802
        return [0]

    def act(self, step: int) -> float:
        self.pressed += 1
        if self.pressed % planning.FRAMES:
            return 0.0
        before, self.at = self.at, max(-2, min(3, self.at + step))
        self.left = 0 if self.at == -2 else self.left
        return float(self.at == 3 and before != 3)

    def lives(self) -> int:
        return self.left

    def game_over(self) -> bool:
        return False

    def getRAM(self) -> Any:  # noqa: N802
        return np.array([self.at, self.left])

    def cloneState(self) -> tuple[int, int, int]:  # noqa: N802
        return self.at, self.left, self.pressed

    def restoreState(self, state: tuple[int, int, int]) -> None:  # noqa: N802
        self.at, self.left, self.pressed = state


class Standing:
    """A game as a planner asks for it."""

    def __init__(self, at: int = 0) -> None:
        self.emulator = Line(at)


@pytest.fixture
def planner(monkeypatch: pytest.MonkeyPatch) -> Planner:
    monkeypatch.setattr(planning, "emulator", lambda name: Line())
    return Planner("line", [0, 1, 2], rollouts=60, depth=6, seed=1)


def test_it_goes_where_points_are(planner: Planner) -> None:
    thought = planner.think(Standing())  # type: ignore[arg-type]
    assert thought.best == 2
    assert thought.values[2] > thought.values[:2].max()
    assert thought.visits.argmax() == 2


def test_a_point_at_hand_is_worth_a_point(planner: Planner) -> None:
    thought = planner.think(Standing(2))  # type: ignore[arg-type]
    assert thought.values[2] >= 1
    assert thought.values[1] <= 1 + DISCOUNT


def test_a_lost_life_ends_a_rollout(planner: Planner) -> None:
    thought = planner.think(Standing(-1))  # type: ignore[arg-type]
    assert thought.values[0] == 0


def test_its_tree_grows_on_after_a_move(planner: Planner) -> None:
    thought = planner.think(Standing())  # type: ignore[arg-type]
    planner.moved(2)
    again = planner.think(Standing(1))  # type: ignore[arg-type]
    assert again.visits.sum() > thought.visits[2] + 30  # what was known, and the new rollouts
    planner.moved(2)
    elsewhere = planner.think(Standing(-1))  # type: ignore[arg-type]
    assert 60 <= elsewhere.visits.sum() <= 62  # the game is not where the tree says


def test_actions_that_lead_to_the_same_are_one(planner: Planner) -> None:
    thought = planner.think(Standing(3))  # type: ignore[arg-type]  # at the end of the line, staying and going on
    assert thought.values[1] == thought.values[2]
    assert thought.visits[1] == thought.visits[2]


def test_it_is_the_same_for_the_same_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "emulator", lambda name: Line())
    values = [Planner("line", [0, 1, 2], 9, 6, seed).think(Standing()).values.tolist() for seed in (1, 1, 2)]  # type: ignore[arg-type]
    assert values[0] == values[1] != values[2]


def trials(at: int, seed: int = 1, rollouts: int = 60, depth: int = 24, life: float = 0.0) -> list[float]:
    thought = Trials("line", [0, 1, 2], rollouts, depth, seed, life=life).think(Standing(at))  # type: ignore[arg-type]
    assert thought.visits.tolist() == [planning.trials_of(rollouts, depth)[0]] * 3
    return list(thought.values.tolist())


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "emulator", lambda name: Line())


@pytest.mark.usefixtures("line")
def test_trials_value_what_brings_points() -> None:
    left, stay, right = trials(1)
    assert left == stay == 0 < right
    assert trials(2)[2] >= 1
    assert trials(1) == trials(1, seed=2)  # there is no chance in them


@pytest.mark.usefixtures("line")
def test_a_lost_life_costs_what_it_is_worth_and_ends_a_trial() -> None:
    assert trials(-1)[0] == 0
    assert trials(-1, life=0.3)[:2] == [pytest.approx(-0.3), 0]
    lost = Trials("line", [0], 8, 20)
    lost.think(Standing(-1))  # type: ignore[arg-type]
    assert lost.emulator.pressed == planning.FRAMES


@pytest.mark.usefixtures("line")
def test_a_trial_lets_go_after_some_moves() -> None:
    """Of four, which hold for 1 to 4 moves, two come to the point, three moves away; it stays one."""
    _, stay, right = trials(0, rollouts=5, depth=24)
    assert stay == 0
    assert right == pytest.approx(DISCOUNT**2 * (BEST + (1 - BEST) / 2))
    assert trials(0, rollouts=5, depth=4)[2] == 0, "the point is further away than trials are long"


@pytest.mark.usefixtures("line")
def test_any_of_equal_actions_is_chosen() -> None:
    made = Trials("line", [0, 1, 2], 4, 2, seed=1)
    for values, best in (([1, 1, 1], {0, 1, 2}), ([0, 2, 1], {1}), ([2, 1, 2], {0, 2})):
        thought = planning.Thought(np.array(values, np.float32), np.ones(3, np.int32))
        assert {made.choice(thought) for _ in range(40)} == best
