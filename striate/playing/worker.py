"""A process that gathers a planner's moves for `gathering.gather`, until time or moves are up or its parent is gone.

It is started with what is wanted as JSON on its first line of input. Input that ends says that nobody waits any more:
then it writes what it has, and ends.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from striate.data.games.emulator import FRAMES, Game, positions
from striate.data.games.episodes import Player
from striate.data.games.planner import Planner, Thought, Trials
from striate.data.games.store import CHANCE, PIECE, PLANNER, Moves, as_arrays, from_arrays, unfinished
from striate.errors import StriateError


@dataclass(frozen=True)
class Wanted:
    """What is to be gathered, by all processes together.

    Attributes:
        folder: Where.
        game: Of which game.
        actions: Those to choose from.
        run: The run that plays, by its path; empty for the planner.
        moves: How many; 0 for no limit.
        seconds: For how long; 0 for no limit.
        rollouts: Of the planner, for each move; trials follow from them.
        depth: Moves of each.
        most: Frames of an episode.
        first: The number of the first new episode.
        processes: How many there are.
        seed: Of what chance decides: a planner's random moves, the choice among equals, when a network is helped.
        life: The points that a lost life costs in trials.
    """

    folder: str
    game: str
    actions: tuple[str, ...]
    run: str
    moves: int
    seconds: float
    rollouts: int
    depth: int
    most: int
    first: int
    processes: int
    seed: int
    life: float

    def share(self, number: int) -> int:
        """How many of the moves one of the processes gathers; 0 for no limit."""
        return self.moves // self.processes + (number < self.moves % self.processes)


STILL = 15  # moves after which a screen that stays the same is left, as trials say: nothing more is learned there
HELPED = 0.25  # share of the moves that a network leaves to the trials: it comes further, and by other ways
UNREADABLE = (SystemError, RuntimeError, ValueError, KeyError)  # what a state that ale-py can't read raises


class Stop:
    """Says when to end: by the clock, by a number of moves, or because it was told to."""

    def __init__(self, seconds: float, moves: int) -> None:
        self.until = time.monotonic() + seconds if seconds else float("inf")
        self.left, self.told = moves or float("inf"), False

    def __bool__(self) -> bool:
        return self.told or self.left <= 0 or time.monotonic() >= self.until


@dataclass
class Seen:
    """The moves that are not yet in a file."""

    frames: list[Any]
    thoughts: list[Thought] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    points: list[float] = field(default_factory=list)


def work(wanted: Wanted, number: int, stop: Stop) -> None:
    """Gather as one of the processes, by its number."""
    folder = Path(wanted.folder)
    player, by = _player(wanted)
    begun = [moves for moves in unfinished(folder, wanted.actions) if moves.by == by][number :: wanted.processes]
    for game, episode, piece in _episodes(wanted, number, begun):
        if stop:
            return
        seed = f"planner {wanted.seed} {episode} {piece}"
        how = (wanted.game, positions(game, wanted.actions), wanted.rollouts, wanted.depth, seed)
        trials = Trials(*how, life=wanted.life)
        choose = _helped(player, trials) if player else _alone(Planner(*how))
        while not stop and not game.over:
            _gather(game, trials, choose, wanted.actions, stop).write_as(folder, episode, piece, by)
            piece += 1


Pressing = Callable[[Game, Thought], int]  # says what is pressed, and may look at what trials say


def _alone(planner: Planner) -> Pressing:
    """As a planner's tree says."""
    return lambda game, _: planner.choose(game)


def _helped(player: Player, trials: Trials) -> Pressing:
    """As a player says, helped now and then."""

    def choose(game: Game, thought: Thought) -> int:
        alone = game.still < STILL and trials.draw.random() >= HELPED
        return player([game])[0] if alone else trials.choice(thought)

    return choose


def _episodes(wanted: Wanted, number: int, begun: Sequence[Moves]) -> Iterator[tuple[Game, int, int]]:
    """Games to go on with, then new ones; with the number of the episode and of its next file."""
    for moves in begun:
        game = Game(wanted.game, moves.episode, most=wanted.most)
        try:
            game.put_back(from_arrays(moves.kept))
        except UNREADABLE:  # of another version of the emulator, say: the episode stays as it is
            continue
        yield game, moves.episode, moves.number + 1
    for episode in range(wanted.first + number, 10**9, wanted.processes):
        yield Game(wanted.game, episode, most=wanted.most), episode, 0


@dataclass(frozen=True, eq=False)
class Gathered:
    """Moves that were just made, and the game after them."""

    seen: Seen
    game: Game

    def write_as(self, folder: Path, episode: int, piece: int, by: str) -> None:
        """Into a file."""
        seen, game = self.seen, self.game
        Moves(
            np.stack(seen.frames),
            np.stack([thought.values for thought in seen.thoughts]),
            np.stack([thought.visits for thought in seen.thoughts]),
            np.array(seen.taken, np.int64),
            np.array(seen.points, np.float32),
            episode,
            piece,
            by,
            game.score,
            game.over,
            game.endless,
            {} if game.over else as_arrays(game.keep()),
        ).write(folder)


def _gather(game: Game, trials: Trials, choose: Pressing, actions: Sequence[str], stop: Stop) -> Gathered:
    """The moves of a file."""
    seen, places = Seen([*game.seen()[: FRAMES - 1]]), positions(game, actions)
    while not game.over and len(seen.taken) < PIECE and not (stop and seen.taken):
        thought = trials.think(game)
        action = choose(game, thought)
        seen.frames.append(game.seen()[-1])
        seen.thoughts.append(thought)
        seen.taken.append(action)
        seen.points.append(game.move(places[action]))
        stop.left -= 1
    return Gathered(seen, game)


def _player(wanted: Wanted) -> tuple[Player | None, str]:
    """Who plays, and what they are called; None for the planner."""
    if not wanted.run:
        return None, PLANNER
    import torch

    from striate.playing.players import network

    torch.set_num_threads(1)  # as many processes as cores are already at work
    return network(wanted.run, wanted.game, wanted.actions).player, name_of(wanted.run)


def name_of(run: str) -> str:
    """What a run is called beside the other players: its folder, with the one above where it would be one of them.

    >>> name_of("runs/cnn"), name_of("runs/planner")
    ('cnn', 'runs/planner')
    """
    path = Path(run).absolute()
    return f"{path.parent.name}/{path.name}" if path.name.lower() in (PLANNER, CHANCE) else path.name


def main() -> int:
    """As a process: what is wanted comes on the first line, with this one's number."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the parent, and so the input
    number, facts = json.loads(sys.stdin.readline())
    wanted = Wanted(**{**facts, "actions": tuple(facts["actions"])})
    stop = Stop(wanted.seconds, wanted.share(number))

    def wait() -> None:
        sys.stdin.read()
        stop.told = True

    threading.Thread(target=wait, daemon=True).start()
    try:
        work(wanted, number, stop)
    except StriateError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or wanted.folder} can't be written: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
