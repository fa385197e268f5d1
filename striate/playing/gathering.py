"""Gathering moves to learn from, by several processes: a planner plays, or a network does and trials say better.

The second is the interleaved form of Guo et al. (2014): a network that plays comes to where a planner never was, and
learns there what to do (DAgger, Ross et al. 2011). What is kept of each action is what trials bring, whoever plays: of
the rollouts of a planner's tree, few as they are, values differ by chance.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from striate.checks import check_number
from striate.data.amounts import so_many
from striate.data.games.emulator import FRAMES, MOST_FRAMES, SEEDS, buttons_that_matter, game_named
from striate.data.games.episodes import at_random, judged, life_of, together
from striate.data.games.planner import DEPTH, ROLLOUTS, trials_of
from striate.data.games.store import ABOUT, CHANCE, PLANNER, About, next_episode, read_all
from striate.data.lock import locked
from striate.data.workers import cores
from striate.errors import InputError, WorkError
from striate.playing.worker import HELPED, Wanted
from striate.training.interrupt import as_exception

RANDOM = 10  # episodes of a random player
POLL = 0.5  # seconds
MINUTES = 10.0  # where nobody says
START = "import sys; sys.path[:] = {path!r}; from striate.playing.worker import main; sys.exit(main())"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Gathering:
    """What a folder holds, and what was added to it.

    Attributes:
        folder: The folder.
        game: The game.
        actions: What the planner chose from.
        moves: How many moves are in it.
        added: How many of them are new.
        scores: Of each episode that is over, by who played.
        random: Of a random player.
        going: The scores so far of episodes that are not over, by who plays.
    """

    folder: str
    game: str
    actions: tuple[str, ...]
    moves: int
    added: int
    scores: dict[str, tuple[float, ...]]
    random: tuple[float, ...]
    going: dict[str, tuple[float, ...]]

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate play --gather --json`."""
        scores = {name: list(found) for name, found in self.scores.items()}
        going = {name: list(found) for name, found in self.going.items()}
        return {**asdict(self), "scores": scores, "going": going, "score_random": mean(self.random)}

    def said(self) -> list[str]:
        """It in lines."""
        lines = [f"{self.folder}: {so_many(self.moves, 'moves')} of {self.game}, {self.added:,} of them new"]
        for by, found in {**self.scores, CHANCE: self.random}.items():
            lines.append(f"{_called(by)}: mean score {mean(found):.1f} of {so_many(len(found), 'episodes')}")
        for by, found in self.going.items():
            scores = ", ".join(f"{score:g}" for score in found)
            lines.append(f"{_called(by)}: unfinished, {so_many(len(found), 'episodes')} at {scores}")
        return lines


def gather(
    folder: str | Path,
    game: str,
    run: str | Path = "",
    *,
    moves: int = 0,
    minutes: float = 0.0,
    rollouts: int = ROLLOUTS,
    depth: int = DEPTH,
    most: int | None = None,
    processes: int | None = None,
    seed: int = 0,
    say: Say = lambda line: None,
) -> Gathering:
    """Add a planner's moves to a folder; episodes that are not over go on.

    Args:
        folder: A new one, or one that moves were gathered in before.
        game: The name of the game.
        run: A run that plays while trials say what is better; by default the planner plays.
        moves: How many to add; 0 for no limit.
        minutes: For how long; 0 for no limit, or for 10 where `moves` has none either.
        rollouts: Of the planner's tree, for each move; how many trials there are follows from it.
        depth: Moves of each rollout; trials have half as many.
        most: Frames after which an episode is over, if the game goes on; by default those of the folder, or 18,000.
        processes: By default one for each core.
        seed: Of what chance decides: a planner's random moves, the choice among equals, when a network is helped.
        say: Is given every decision.

    Raises:
        InputError: There is no such game, the folder holds other things, no run, or a number out of range.
        WorkError: ale-py is not installed, another process gathers there, or the folder can't be written; or it was
            stopped by Ctrl-C.
    """
    check_number(seed, "seed", most=SEEDS)
    check_number(moves, "moves")
    check_number(minutes, "minutes", whole=False)
    for value, word in ((rollouts, "rollouts"), (depth, "depth"), (MOST_FRAMES if most is None else most, "frames")):
        check_number(value, word, least=1)
    if processes is not None:
        check_number(processes, "processes", least=1)
    folder, name = Path(folder), game_named(game)
    about = _about(folder, name, most, say)
    minutes = minutes or (0.0 if moves else MINUTES)
    count = min(processes or cores(), moves or sys.maxsize)
    if run:
        _check_run(run, about)
    clock = f"{minutes:g} minute{'s' * (minutes != 1)}"
    limit = " and ".join(filter(None, (so_many(moves, "moves") * bool(moves), clock * bool(minutes))))
    who = f"{run} plays, {HELPED:.0%} of its moves as trials say" if run else "the planner plays"
    cost = "" if run else f"; {so_many(rollouts, 'rollouts')} of {so_many(depth, 'moves')} of {FRAMES} frames a move"
    say(f"{name}: {who}, {limit}, {count} process{'es' * (count > 1)}{cost}")
    trials, length = trials_of(rollouts, depth)
    tried = f"{so_many(trials, 'trials')} of {so_many(length, 'moves')}"
    held = "1" if trials == 1 else f"1 to {trials:,}"
    say(f"values of moves: {tried} of each action, held for {held} of them, then let go")
    if life := life_of(name, about.random):
        say(f"a lost life counts as {life:.2f} points less: what one brings to random play")
    say(f"no sticky actions; an episode is over after {so_many(about.most, 'frames')} at most")
    with locked(folder):  # two gatherings would take the same numbers for their episodes
        before, first = len(read_all(folder)), next_episode(folder)
        facts = (moves, 60 * minutes, rollouts, depth, about.most, first, count, seed, life)
        try:
            with as_exception():
                _run(Wanted(str(folder), name, about.actions, str(run), *facts))
        except KeyboardInterrupt:
            kept = f"{so_many(len(read_all(folder)), 'moves')} kept in {folder}"
            raise WorkError(f"stopped by Ctrl-C; {kept}, and the same command goes on") from None
        return gathered(folder, before)


def gathered(folder: Path, before: int = 0) -> Gathering:
    """What a folder holds, of which so many moves were there before.

    Raises:
        InputError: What is known of all of them is damaged.
    """
    found = read_all(folder)
    about, count = found.about, len(found)
    facts = (str(folder), about.game, about.actions, count, count - before)
    return Gathering(*facts, found.scores(), about.random, found.going())


def _called(by: str) -> str:
    """Who played, in words."""
    return by if by in (PLANNER, CHANCE) else f"{by}, {HELPED:.0%} of its moves as trials say"


def _check_run(run: str | Path, about: About) -> None:
    """Check that a run can play, before processes are started that would each say that it can't.

    Raises:
        InputError: It can't.
    """
    from striate.playing.players import network

    network(run, about.game, about.actions)


def mean(numbers: tuple[float, ...]) -> float:
    """Their mean; 0 of none."""
    return sum(numbers) / max(1, len(numbers))


def _about(folder: Path, game: str, most: int | None, say: Say) -> About:
    """What the folder is of; of a new one it is found out.

    Raises:
        InputError: It is of another game or no game, or its episodes are over after other numbers of frames.
    """
    if (folder / ABOUT).exists():
        about = About.read(folder)
        if about.game != game:
            raise InputError(f"'{folder}' has moves of {about.game}; gather those of {game} in another folder")
        if not about.trials:
            raise InputError(
                f"'{folder}' has values of a planner's tree, of an earlier version, and those of trials are others; "
                "gather in another folder"
            )
        if most not in (None, about.most):
            raise InputError(
                f"episodes in '{folder}' are over after {so_many(about.most, 'frames')}, not {most:,}; leave `most` "
                "out, or gather in another folder"
            )
        return about
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"'{folder}' holds other things than moves; name a new folder, or an empty one")
    actions = buttons_that_matter(game)
    say(f"actions: {', '.join(actions)}; others of {game} do the same as one of these")
    say(f"random play: {so_many(RANDOM, 'episodes')}, to compare with")
    most = most or MOST_FRAMES
    scores = together(judged(game, RANDOM, most), at_random(len(actions), 0), actions)
    about = About(game, actions, tuple(scores), most)
    try:
        about.write(folder)
    except OSError as error:
        raise WorkError(f"'{folder}' can't be written: {error.strerror or error}") from None
    return about


def _run(wanted: Wanted) -> None:
    """Start the processes, and wait for them; where one fails, the others end too.

    Raises:
        WorkError: One of them has failed.
    """
    command = [sys.executable, "-c", START.format(path=sys.path)]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(wanted.processes)
    ]
    try:
        for number, process in enumerate(started):
            assert process.stdin
            process.stdin.write(json.dumps([number, asdict(wanted)]) + "\n")
            process.stdin.flush()
        while any(process.poll() is None for process in started) and not any(process.poll() for process in started):
            time.sleep(POLL)
    finally:
        failed = [_ended(process) for process in started]
    if wrong := [line for line in failed if line]:
        raise WorkError(f"gathering stopped: {wrong[0]}; what was gathered before is in '{wanted.folder}'")


def _ended(process: subprocess.Popen[str]) -> str:
    """What a process says went wrong; empty where it went well."""
    assert process.stdin
    assert process.stderr
    with suppress(OSError):
        process.stdin.close()  # it writes what it has
    said = process.stderr.read().strip()
    return "" if process.wait() == 0 else (said.splitlines() or [f"a process ended with {process.returncode}"])[-1]
