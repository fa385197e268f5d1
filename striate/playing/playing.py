"""Episodes that are played to be watched and counted: by a run's network, by the planner, or by chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.checks import check_number
from striate.data.amounts import so_many
from striate.data.games.emulator import FRAMES, MOST_FRAMES, SEEDS, Game, buttons_that_matter, game_named, positions
from striate.data.games.episodes import JUDGED
from striate.data.games.planner import DEPTH, ROLLOUTS
from striate.data.games.store import PLANNER
from striate.errors import InputError, nearest
from striate.playing.film import MOST, Film, check_path
from striate.training.interrupt import as_exception

if TYPE_CHECKING:
    from striate.playing.players import Choose, Network

RANDOM = "random"
PLAYERS = (PLANNER, RANDOM)  # beside a run


@dataclass(frozen=True, eq=False)
class Seen:
    """A move as it is watched, before it is made.

    Attributes:
        game: Where the game stands.
        action: The name of what the player does.
        heat: The newest frame with the places that spoke for it, (84, 84, 3); None where no network looks.
        shares: How sure the player is of each action; of a network alone.
    """

    game: Game
    action: str
    heat: NDArray[np.uint8] | None
    shares: Mapping[str, float]


Watch = Callable[[Seen], None]


@dataclass(frozen=True)
class Played:
    """Episodes.

    Attributes:
        game: Of which game.
        player: Who played.
        scores: Of each episode.
        moves: In all.
        cut_off: Episodes that were ended because they had lasted long enough.
        random: Scores of a random player, of a run that knows them.
        planner: Those of the planner, likewise.
    """

    game: str
    player: str
    scores: tuple[float, ...]
    moves: int
    cut_off: int
    random: tuple[float, ...] = ()
    planner: tuple[float, ...] = ()

    @property
    def score(self) -> float:
        """The mean."""
        return float(np.mean(self.scores))

    def said(self) -> str:
        """It in a line."""
        count = len(self.scores)
        each = f" ({', '.join(f'{score:g}' for score in self.scores)})" if count > 1 else ""
        cut = f", {self.cut_off} cut off as they went on" if self.cut_off else ""
        beside = [f"random play {np.mean(self.random):.1f}"] if self.random else []
        beside += [f"the planner {np.mean(self.planner):.1f}"] if self.planner else []
        other = f"; {', '.join(beside)}" if beside else ""
        return (
            f"{self.game}, {self.player}: score {self.score:.1f} in {so_many(count, 'episodes')}{each}, "
            f"{so_many(self.moves, 'moves')}{cut}{other}"
        )

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate play --json`."""
        beside = {"score_random": self.random, "score_planner": self.planner}
        means = {name: float(np.mean(scores)) if scores else None for name, scores in beside.items()}
        facts = {"game": self.game, "player": self.player, "score": self.score, "scores": list(self.scores)}
        return {**facts, "moves": self.moves, "cut_off": self.cut_off, **means}


@dataclass(frozen=True)
class Wish:
    """How episodes are played.

    Attributes:
        episodes: How many.
        rollouts: Of the planner, for each move.
        depth: Moves of each.
        most: Frames after which an episode is over, if the game goes on.
        sticky: The chance that a frame repeats the button of the one before.
        seed: Of the first episode's beginning, and of chance.
    """

    episodes: int = 1
    rollouts: int = ROLLOUTS
    depth: int = DEPTH
    most: int = MOST_FRAMES
    sticky: float = 0.0
    seed: int = 0


def play(
    game: str,
    run: Any = None,
    *,
    player: str | None = None,
    out: str | Path | None = None,
    watch: Watch | None = None,
    say: Callable[[str], None] = lambda line: None,
    **how: Any,
) -> Played:
    """Play episodes of a game.

    Args:
        game: The name of the game.
        run: A run that has learned it; by default the planner plays.
        player: "planner" or "random", where no run plays.
        out: A .gif of the first episode, up to where Ctrl-C ends it.
        watch: Is shown each move.
        say: Is given every decision.
        how: As the fields of `Wish`.

    Raises:
        InputError: There is no such game, player or run; a number out of range; planning with sticky actions.
        WorkError: ale-py is not installed, or the animation can't be written.
    """
    name, wish = game_named(game), Wish(**how)
    _check(wish, run, player)
    film = Film(check_path(out)) if out is not None else None
    who, actions, choices, network = _player(name, run, player, wish)
    scores, moves, cut = list[float](), 0, 0
    say(f"{name}: moves of {FRAMES} frames, {_sticky(wish.sticky)}; over after {so_many(wish.most, 'frames')} at most")
    for number, (one, choose) in enumerate(choices):
        watching = [watch] if watch else []
        watching += [lambda seen: film.add(seen.game.colours(), seen.heat)] if film and number == 0 else []
        with _saved(film) if film and number == 0 else nullcontext():
            moves += _episode(one, choose, actions, network, watching)
        scores.append(one.score)
        cut += one.endless
        if film and number == 0 and moves > MOST:
            say(f"'{film.path}' shows the first {MOST:,} of {moves:,} moves")
    floors = (network.task.random, network.task.planner) if network else ()
    return Played(name, who, tuple(scores), moves, cut, *floors)


@contextmanager
def _saved(film: Film) -> Iterator[None]:
    """A film is written at the end of this, and where Ctrl-C ends it."""
    try:
        with as_exception():
            yield
    finally:
        film.save()


def _episode(
    game: Game, choose: Choose, actions: Sequence[str], network: Network | None, watching: Sequence[Watch]
) -> int:
    """Play to the end; the number of moves."""
    places, moves = positions(game, actions), 0
    while not game.over:
        action = choose(game)
        if watching:
            heat, shares = (network.heat(game, action), network.shares(game)) if network else (None, {})
            seen = Seen(game, actions[action], heat, shares)
            for watch in watching:
                watch(seen)
        game.move(places[action])
        moves += 1
    return moves


def _sticky(chance: float) -> str:
    return f"buttons stick with a chance of {chance:g}" if chance else "no sticky actions"


def _check(wish: Wish, run: Any, player: str | None) -> None:
    """Check what is asked for.

    Raises:
        InputError: Numbers out of range, two players, or no such player.
    """
    if player is not None and player not in PLAYERS:
        raise InputError(f"no player '{player}'{nearest(player, PLAYERS)}; there are {', '.join(PLAYERS)}, and runs")
    if player is not None and run is not None:
        raise InputError(f"a run plays, or `player='{player}'`; leave one of them out")
    if min(wish.episodes, wish.rollouts, wish.depth, wish.most) < 1:
        raise InputError("episodes, rollouts, depth and frames are 1 or more")
    check_number(wish.seed, "seed", most=SEEDS)
    if not 0 <= wish.sticky < 1:
        raise InputError(f"the chance that a button sticks is from 0 to below 1. Received: {wish.sticky}")
    if wish.sticky and run is None and player != RANDOM:
        raise InputError("the planner looks ahead in a game without chance; leave `sticky` out")


def _player(
    name: str, run: Any, player: str | None, wish: Wish
) -> tuple[str, tuple[str, ...], Iterator[tuple[Game, Choose]], Network | None]:
    """Who plays, the actions, each episode with what chooses its moves, and the network, if one plays."""
    from striate.playing import players

    def games() -> Iterator[Game]:
        for number in range(wish.episodes):
            yield Game(name, JUDGED + wish.seed + number, wish.sticky, wish.most)

    if run is not None:
        found = players.network(run, name)
        choose = players.of_network(found)
        return found.name, found.task.actions, ((game, choose) for game in games()), found
    actions: tuple[str, ...] = buttons_that_matter(name)
    if player == RANDOM:
        chance = players.of_chance(actions, wish.seed)
        return RANDOM, actions, ((game, chance) for game in games()), None
    how = (actions, wish.rollouts, wish.depth, wish.seed)
    return PLANNER, actions, ((game, players.of_planner(game, *how)) for game in games()), None
