"""The moves of a planner on disk: a folder with `game.json`, and a file for every few hundred moves of an episode.

Files are written whole or not at all, so a gathering that is killed loses at most the moves of one unfinished file for
each of its processes. The last file of an unfinished episode has the emulator's state: there the episode goes on.
Nothing in them is pickled.

>>> file_of(Path("pong"), 3, 0).name
'episode-0003-000.npz'
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError, why_damaged

from ..writing import whole
from .emulator import FRAMES, MOST_FRAMES, SIDE, Kept

ABOUT = "game.json"
FORMAT = 1
PIECE = 200  # moves of a file
PLANNER, CHANCE = "planner", "random play"  # as players are called, beside networks
DAMAGE = (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class About:
    """What is the same for all moves of a folder.

    Attributes:
        game: The name of the game.
        actions: Those that the planner chose from.
        random: The scores of episodes of a random player.
        most: Frames after which an episode is over, if the game goes on.
        trials: Whether values are of trials; an earlier version kept those of a planner's tree.
    """

    game: str
    actions: tuple[str, ...]
    random: tuple[float, ...] = ()
    most: int = MOST_FRAMES
    trials: bool = True

    def write(self, folder: Path) -> None:
        """Into a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        with whole(folder / ABOUT) as unfinished:
            unfinished.write_text(json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n", encoding="utf-8")

    @staticmethod
    def read(folder: Path) -> About:
        """Of a folder.

        Raises:
            InputError: It is damaged, or of a later version.
        """
        path = folder / ABOUT
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            form, game, actions = int(found["format"]), str(found["game"]), tuple(map(str, found["actions"]))
            scores, most = tuple(map(float, found.get("random", ()))), int(found.get("most", MOST_FRAMES))
        except (*DAMAGE, AttributeError) as error:
            raise InputError(f"'{path}' is damaged ({error}); put back what `striate play` wrote") from None
        if form > FORMAT:
            raise InputError(f"'{path}' is of a later version; update Striate")
        if not actions:
            raise InputError(f"'{path}' names no actions; gather again, into a new folder")
        return About(game, actions, scores, most, bool(found.get("trials", False)))


@dataclass(frozen=True, eq=False)
class Moves:
    """Moves of an episode that follow each other.

    Attributes:
        frames: (N + 3, 84, 84) uint8, what the player sees newly at each, after the three frames before the first.
        values: (N, actions) float32, what trials of each action bring.
        visits: (N, actions) int32, how many there were.
        taken: (N,) int64, the action that the player took.
        points: (N,) float32, what it brought.
        episode: The number of the episode.
        number: Of the file in the episode, from 0.
        by: Who played: the planner, or the name of a network.
        score: Of the episode up to the end of these.
        over: Whether the episode is over then.
        endless: Whether only for it had lasted long enough.
        kept: Where the game stands then, if it goes on; None in memory without an emulator.
    """

    frames: NDArray[np.uint8]
    values: NDArray[np.float32]
    visits: NDArray[np.int32]
    taken: NDArray[np.int64]
    points: NDArray[np.float32]
    episode: int
    number: int
    by: str
    score: float
    over: bool
    endless: bool = False
    kept: dict[str, Any] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Moves."""
        return len(self.values)

    def stacks(self) -> NDArray[np.uint8]:
        """(N, 4, 84, 84): what the player sees at each move."""
        found = np.lib.stride_tricks.sliding_window_view(self.frames, FRAMES, axis=0)  # (N, 84, 84, 4)
        return np.ascontiguousarray(np.moveaxis(found, -1, 1))

    def write(self, folder: Path) -> Path:
        """Into a folder of moves."""
        about = {name: getattr(self, name) for name in ("episode", "number", "by", "score", "over", "endless")}
        arrays = {name: getattr(self, name) for name in ("frames", "values", "visits", "taken", "points")}
        path = file_of(folder, self.episode, self.number)
        with whole(path) as unfinished:
            np.savez_compressed(unfinished, about=np.array(json.dumps(about)), **arrays, **self.kept)
        return path


def as_arrays(kept: Kept) -> dict[str, Any]:
    """Where a game stands, for a file."""
    state = np.frombuffer(kept.state.serialize(), np.uint8)
    return {"state": state, "seen": kept.seen, "standing": np.array([kept.score, kept.frames, kept.lives], np.float64)}


def from_arrays(arrays: dict[str, Any]) -> Kept:
    """The reverse."""
    import ale_py

    score, frames, lives = arrays["standing"].tolist()
    state = ale_py.ALEState(arrays["state"].tobytes())
    return Kept(state, arrays["seen"], score, int(frames), int(lives), np.zeros((1, 1, 3), np.uint8))


def file_of(folder: Path, episode: int, number: int) -> Path:
    """The file of moves of an episode."""
    return folder / f"episode-{episode:04d}-{number:03d}.npz"


def files_in(folder: Path) -> list[Path]:
    """The files of moves, in their order."""
    return sorted(folder.glob("episode-*.npz"))


def read_moves(path: Path, actions: Sequence[str]) -> Moves:
    """The moves of a file.

    Raises:
        ValueError: It is damaged, or does not fit the actions; why is in its words.
    """
    try:
        with np.load(path, allow_pickle=False) as found:
            return _checked({name: found[name] for name in found.files}, len(actions))
    except DAMAGE as error:
        raise ValueError(f"damaged: {why_damaged(error)}") from None


def _checked(found: dict[str, Any], actions: int) -> Moves:
    about = json.loads(str(found["about"]))
    count = len(found["values"])
    wanted = {
        "frames": (np.uint8, (count + FRAMES - 1, SIDE, SIDE)),
        "values": (np.float32, (count, actions)),
        "visits": (np.int32, (count, actions)),
        "taken": (np.int64, (count,)),
        "points": (np.float32, (count,)),
    }
    arrays = {name: found[name] for name in wanted}
    for name, (kind, shape) in wanted.items():
        if arrays[name].dtype != kind or arrays[name].shape != shape:
            raise ValueError(f"{name} has the shape {arrays[name].shape}, and {count} moves take {shape}")
    if not count:
        raise ValueError("it holds no moves")
    if not np.isfinite(arrays["values"]).all():
        raise ValueError("values are not finite")
    if not 0 <= arrays["taken"].min() <= arrays["taken"].max() < actions:
        raise ValueError("an action was taken that there is not")
    kept = {name: found[name] for name in ("state", "seen", "standing") if name in found}
    numbers = {"episode": int(about["episode"]), "number": int(about["number"]), "by": str(about["by"])}
    ends = {"score": float(about["score"]), "over": bool(about["over"]), "endless": bool(about.get("endless"))}
    return Moves(**arrays, **numbers, **ends, kept=kept)  # type: ignore[arg-type]


def unfinished(folder: Path, actions: Sequence[str]) -> Iterator[Moves]:
    """The last file of each episode that is not over and can go on."""
    last: dict[str, Path] = {path.stem.rpartition("-")[0]: path for path in files_in(folder)}
    for path in last.values():
        try:
            moves = read_moves(path, actions)
        except ValueError:
            continue
        if not moves.over and "state" in moves.kept:
            yield moves


@dataclass(frozen=True, eq=False)
class Found:
    """The moves of a folder.

    Attributes:
        about: What is the same for all.
        moves: Those of each file that can be read.
        paths: The files.
        damaged: Files that can't be read, each with the reason.
    """

    about: About
    moves: Sequence[Moves]
    paths: Sequence[Path]
    damaged: Mapping[Path, str]

    def scores(self) -> dict[str, tuple[float, ...]]:
        """Of each episode that is over, by who played."""
        found: dict[str, list[float]] = {}
        for moves in self.moves:
            if moves.over:
                found.setdefault(moves.by, []).append(moves.score)
        return {name: tuple(some) for name, some in found.items()}

    def going(self) -> dict[str, tuple[float, ...]]:
        """The scores so far of episodes that are not over, by who plays."""
        last = {moves.episode: moves for moves in self.moves}
        found: dict[str, list[float]] = {}
        for moves in last.values():
            if not moves.over:
                found.setdefault(moves.by, []).append(moves.score)
        return {name: tuple(some) for name, some in found.items()}

    def __len__(self) -> int:
        """All moves."""
        return sum(map(len, self.moves))


def read_all(folder: Path) -> Found:
    """The moves of a folder.

    Raises:
        InputError: What is known of all of them is damaged.
    """
    about, moves, paths, damaged = About.read(folder), list[Moves](), list[Path](), dict[Path, str]()
    for path in files_in(folder):
        try:
            moves.append(read_moves(path, about.actions))
            paths.append(path)
        except ValueError as error:
            damaged[path] = str(error)
    return Found(about, moves, paths, damaged)


def next_episode(folder: Path) -> int:
    """A number that no episode has, nor a later one."""
    numbers = [path.stem.split("-")[1] for path in files_in(folder)]
    return 1 + max((int(number) for number in numbers if number.isdecimal()), default=-1)
