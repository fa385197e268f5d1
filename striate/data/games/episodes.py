"""Playing episodes: a player is asked what to do at each move, of several games at once.

>>> found = together([Game("pong", 1, most=40), Game("pong", 2, most=40)], at_random(3, 0), ("noop", "right", "left"))
>>> found
[0.0, 0.0]
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from statistics import fmean

from .emulator import MOST_FRAMES, Game, positions

Player = Callable[[Sequence[Game]], Sequence[int]]  # says for each game the position of an action among those it knows
JUDGED = 10_000  # the seed of the first episode that a player is judged by; those of a gathering count from 0
DRAWN = 20  # random moves


def at_random(actions: int, seed: int) -> Player:
    """A player that takes any of so many actions."""
    draw = random.Random(seed)
    return lambda games: [draw.randrange(actions) for _ in games]


def together(games: Sequence[Game], player: Player, actions: Sequence[str]) -> list[float]:
    """The scores of episodes that are played to their ends.

    Args:
        games: At their beginnings.
        player: Says what to do.
        actions: Those that it knows.
    """
    places = positions(games[0], actions)
    while going := [game for game in games if not game.over]:
        for game, action in zip(going, player(going), strict=True):
            game.move(places[action])
    return [game.score for game in games]


def judged(name: str, episodes: int, most: int = MOST_FRAMES, sticky: float = 0.0) -> list[Game]:
    """The episodes that a player is judged by, at their beginnings, which are the same for every player."""
    return [Game(name, JUDGED + number, sticky, most) for number in range(episodes)]


def life_of(name: str, scores: Sequence[float]) -> float:
    """What a life brings to a random player with these scores: points, 0 in games without lives.

    >>> life_of("breakout", [1.0, 2.0]), life_of("pong", [-21.0])
    (0.3, 0.0)
    """
    lives = Game(name).lives
    return max(0.0, fmean(scores)) / lives if lives and scores else 0.0


def choosing(name: str, episodes: int, most: int = MOST_FRAMES) -> list[Game]:
    """Those by which one of several players is chosen; they begin with random moves, so that none is one of the others.

    Waiting longer would not do: where nothing moves until a player does, nothing tells one beginning from another.

    >>> [game.frames for game in choosing("pong", 2)]
    [80, 80]
    """
    games = judged(name, episodes, most)
    for number, game in enumerate(games):
        draw = random.Random(f"choosing {number}")
        for _ in range(DRAWN):
            if not game.over:
                game.move(draw.randrange(len(game.actions)))
    return games
