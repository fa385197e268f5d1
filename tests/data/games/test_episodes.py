"""Episodes that players are judged by and chosen by."""

import random

import pytest

from striate.data.games.episodes import choosing, judged
from tests.games import needs_games


@pytest.mark.parametrize("name", ["breakout", "pong"])
def test_no_episode_that_chooses_is_one_that_judges(name: str) -> None:
    """Whatever is pressed, they see other pictures."""
    needs_games()
    choose, judge = choosing(name, 4), judged(name, 6)
    draw = random.Random(0)
    pressed = [draw.randrange(len(choose[0].actions)) for _ in range(60)]
    seen = []
    for game in (*choose, *judge):
        frames = set[bytes]()
        for action in pressed:
            game.move(action)
            frames.add(game.seen().tobytes())
        seen.append(frames)
    assert all(one != other for number, one in enumerate(seen[:4]) for other in seen[number + 1 :])
    again = choosing(name, 4)
    assert [game.seen().tobytes() for game in again] == [game.seen().tobytes() for game in choosing(name, 4)]
