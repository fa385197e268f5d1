"""Playing episodes: a player is asked what to do at each move.

>>> scores("pong", at_random(("noop", "right", "left"), 0), ("noop", "right", "left"), 1, most=40)
[0.0]
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from .emulator import MOST_FRAMES, Game, positions

Player = Callable[[Game], int]  # says the position of an action among those that it knows
JUDGED = 10_000  # the seed of the first episode that a player is judged by; none of a gathering is so large


def at_random(actions: Sequence[str], seed: int) -> Player:
    """A player that takes any action."""
    draw = random.Random(seed)
    return lambda game: draw.randrange(len(actions))


def play(game: Game, player: Player, actions: Sequence[str], seen: Callable[[Game, int], None] | None = None) -> float:
    """The score of an episode, to its end.

    Args:
        game: At its beginning.
        player: Says what to do.
        actions: Those that it knows.
        seen: Is shown the game before each move, and what the player does.
    """
    places = positions(game, actions)
    while not game.over:
        action = player(game)
        if seen:
            seen(game, action)
        game.move(places[action])
    return game.score


def scores(
    name: str, player: Player, actions: Sequence[str], episodes: int, most: int = MOST_FRAMES, sticky: float = 0.0
) -> list[float]:
    """The scores of so many episodes; the same for every player are how they begin."""
    found = []
    for number in range(episodes):
        found.append(play(Game(name, JUDGED + number, sticky, most), player, actions))
    return found
