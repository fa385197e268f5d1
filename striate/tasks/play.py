"""Playing a game: a network learns from a planner's look ahead (Guo et al. 2014).

Of a move trials tell the value of every action. A network learns a share of each action, larger for larger values
(the classifier of the paper, whose targets are not one action alone) and more from a move at which more is at stake, or
with the loss `mse` the values themselves (its regression). In both it plays the action of its largest output.

The epoch is kept whose network plays best, in episodes that it is not tested by. How good single moves are tells little
of a game in which one move in a hundred may be all that counts.

>>> task = Play(actions=("noop", "left"), game="pong", spread=1.0)
>>> values, outputs = torch.tensor([[0.0, 1.0], [1.0, 1.0]]), torch.tensor([[2.0, 0.0], [0.0, 1.0]])
>>> task.figures(task.rows({OUTPUT: outputs}, {VALUES: values}))
{'score': nan, 'regret': 0.5, 'accuracy': 0.5}
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from striate.augmentation.augment import Augment
from striate.data.amounts import so_many
from striate.data.dataset import TEST_SHARE
from striate.data.examples import Examples, Opened, Schema, Table, digest_of
from striate.data.framed import beside, ends_of, lasting
from striate.data.games.emulator import FRAMES, MOST_FRAMES, SIDE, Game, no_data, small
from striate.data.games.episodes import choosing, together
from striate.data.games.episodes import judged as episodes
from striate.data.games.store import ABOUT, PLANNER, Found, read_all, read_moves
from striate.data.image import decode
from striate.data.kinds import Image, Number
from striate.data.left_out import UNREADABLE, LeftOut, below, said
from striate.data.recipe import Recipe
from striate.errors import InputError, StriateError, nearest
from striate.metrics.metric import Metric
from striate.notation.rules import product
from striate.notation.rules.shape import shown
from striate.notation.thumb import CLASSES
from striate.notation.tree import Shape
from striate.tasks.fitting import Fitted
from striate.tasks.pictures import IMAGE
from striate.tasks.played import CLOSE, SCORE, VALUES, JudgedMoves, regrets
from striate.tasks.task import OWN, Answer, Asked, Bound, LossName, Task, Wish, folder_at, is_place
from striate.training.fields import OUTPUT, Fields
from striate.training.history import Epoch
from striate.training.objective import Net, Objective
from striate.training.verdict import Standing

HIGH = 0.8  # quantile that a spread is, of the moves whose values differ: most differ little
LEAST = 0.02  # what a move whose actions are alike counts, where one with a spread between them counts 1
SHARP = 0.25  # spreads of a value by which an action's share is e times another's
CHOICE, VALUE = "cross-entropy", "mse"  # the losses
EPISODES = 3  # that are played to test a network
CHOOSING = 4  # that are played after each epoch, to choose one
SHARED = FRAMES - 1  # moves on each side of one that show a frame that it shows
MANY = 10**6  # more files than an episode has


@dataclass(frozen=True)
class Play(Task):
    """The moves of a planner.

    Attributes:
        actions: The names of the actions, in the order of the outputs.
        game: The name of the game.
        spread: How far values of a training move are apart: of those that differ, a high quantile.
        planner: The scores of the planner's own episodes among the moves.
        random: The scores of a random player.
        most: Frames after which an episode is over, if the game goes on.
        files: How many the moves were in, with those held out; 0 for a run of a version that held out episodes …
        episodes: … and how many those were; 0 where it did not keep it.
    """

    actions: tuple[str, ...]
    game: str
    spread: float
    planner: tuple[float, ...] = ()
    random: tuple[float, ...] = ()
    most: int = MOST_FRAMES
    files: int = 0
    episodes: int = 0

    word: ClassVar[str] = "play"
    reads: ClassVar[str] = f"a folder that `striate play` gathered: {ABOUT} and the moves of a planner"
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric(SCORE, share=False, unit="points"),
        Metric("regret", up=False),
        Metric("accuracy", counted=True),
    )
    unit: ClassVar[str] = "moves"
    decides: ClassVar[str] = "accuracy"
    seen_by: ClassVar[str] = "a network that plays is seen at play, by `striate play` with `see`"
    plainest: ClassVar[str] = f"classes = 2\ninput {FRAMES}x{SIDE}x{SIDE} -> conv 4@8 stride 8 -> fc classes"

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """The moves of a folder; files or their ends are held out, for neighbours are nearly the same picture."""
        root = folder_at(source)
        if root is None or not (root / ABOUT).is_file():
            if wish.named and is_place(source) and (said := no_data(str(source))):
                raise InputError(said)
            return None
        found = read_all(root)
        left_out = tuple(
            LeftOut(below(str(path), root), f"{UNREADABLE}.npz", why) for path, why in found.damaged.items()
        )
        if left_out and wish.bad == "refuse":
            raise InputError(f"'{root}': {left_out[0]}; remove it, or leave `bad` at skip")
        if not found.moves:
            why = f": {left_out[0]}" if left_out else ""
            raise InputError(f"'{root}' holds no moves that can be read{why}; gather some with `striate play`")
        if like is not None and (like.game, like.actions) != (found.about.game, found.about.actions):
            raise InputError(
                f"'{root}' has moves of {found.about.game} ({', '.join(found.about.actions)}); the run has learned "
                f"{like.game} ({', '.join(like.actions)})"
            )
        return _opened(cls, root, str(source), found, wish, like, left_out)

    # the network

    def letters(self) -> Mapping[str, int]:
        """The number of actions, which a classifier calls classes."""
        return {CLASSES: len(self.actions)}

    def fits(self, output: Shape, name: str) -> str:
        """One output for each action."""
        if product(output) == len(self.actions):
            return ""
        count = len(self.actions)
        return f"gives {shown(output)} outputs and {self.game} has {count} actions; end the network with fc {count}"

    def augment(self, wanted: str, fitted: Fitted, opened: Opened) -> Augment | None:
        """What was asked for; by itself nothing, for where things are on the screen is what counts."""
        return None if wanted == "auto" else super().augment(wanted, fitted, opened)

    # what is made small, and what is measured

    def objective(self, loss: LossName) -> Objective:
        """With one of the two losses, or a user's own of outputs (N, actions) and values (N, actions)."""
        losses = {CHOICE: self._choice, VALUE: self._values}
        name = self.loss_name(loss)
        if not callable(loss) and name not in losses:
            raise InputError(f"{self.word} has no loss '{loss}'{nearest(loss, losses)}; there are {', '.join(losses)}")
        by = loss if callable(loss) else losses[name]
        return Bound(self, lambda outputs, targets: {name: by(flat(outputs), targets[VALUES])})

    def loss_name(self, loss: LossName) -> str:
        """The name of that loss."""
        return OWN if callable(loss) else loss or CHOICE

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """The usual one."""
        return self.objective(None).loss(outputs, targets)

    def shares_of(self, values: Tensor) -> Tensor:
        """The share (N, actions) of each action that is to be learned: a softmax of the values."""
        return (values / (SHARP * self.spread)).softmax(1)

    def _choice(self, outputs: Tensor, values: Tensor) -> Tensor:
        """Cross-entropy with those shares; a move counts by how far its values are apart, up to a spread.

        In most moves it hardly matters what is pressed; without this they decide what a network learns.
        """
        losses = -(self.shares_of(values) * outputs.log_softmax(1)).sum(1)
        stakes = stakes_of(values, self.spread)
        return (losses * stakes).sum() / stakes.sum()

    def _values(self, outputs: Tensor, values: Tensor) -> Tensor:
        """The mean square of what outputs lack to the values, less their mean, which decides nothing."""
        wanted = (values - values.mean(1, keepdim=True)) / self.spread
        return (outputs - wanted).square().mean()

    def right(self, outputs: Fields, targets: Fields) -> tuple[Tensor, int]:
        """The moves whose action is one of the largest value."""
        return (regrets(flat(outputs), targets[VALUES]) < CLOSE).sum(), len(targets[VALUES])

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """The outputs and the values, (N, actions) each."""
        return {OUTPUT: flat(outputs), VALUES: targets[VALUES]}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """How much less than the best action a chosen one brings, in spreads, and the share of best ones.

        A move counts for one spread at most: else few rich moves would decide. Moves alone have no score.
        """
        lost = regrets(rows[OUTPUT], rows[VALUES])
        mean = float((lost / self.spread).clamp(max=1).double().mean())
        return {SCORE: math.nan, "regret": mean, "accuracy": int((lost < CLOSE).sum()) / len(lost)}

    def loss_of_guessing(self, loss: LossName) -> float:
        """Of outputs that are all 0."""
        return math.log(len(self.actions)) if self.loss_name(loss) == CHOICE else float("inf")

    def doubts(self, parts: Mapping[str, Examples], name: str) -> list[str]:
        """Whether no action was ever better than another."""
        if self.spread > CLOSE:
            return []
        return [f"{name}: no trial preferred an action; let them look further, with more rollouts and depth"]

    # what is told

    def judged(self, name: str, examples: Examples, rows: Fields, figures: Mapping[str, float]) -> JudgedMoves:
        """How a network does on moves that were gathered."""
        return JudgedMoves(
            name, examples, rows, figures, self.unit, self.actions, self.game, self.spread, self.planner, self.random
        )

    def at_work(self, net: Net) -> Mapping[str, float]:
        """The mean score of the episodes by which an epoch is chosen; nothing where the games are not installed."""
        try:
            return {SCORE: fmean(self._scores(self._games(validation=True), net))}
        except StriateError:
            return {}

    def tried(self, judged: Any, net: Net, validation: bool = False) -> Any:
        """With the scores of episodes that the network plays; without them where the games are not installed."""
        try:
            games = self._games(validation)
            scores = self._scores(games, net)
        except StriateError as error:
            return dataclasses.replace(judged, missing=str(error))
        figures = {**judged.figures, SCORE: fmean(scores)}
        endless = sum(game.endless for game in games)
        return dataclasses.replace(judged, scores=tuple(scores), endless=endless, figures=figures)

    def _games(self, validation: bool) -> list[Game]:
        if validation:
            return choosing(self.game, CHOOSING, self.most)
        return episodes(self.game, EPISODES, self.most)

    def _scores(self, games: Sequence[Game], net: Net) -> list[float]:
        return together(games, lambda going: chosen(net, [game.seen() for game in going]), self.actions)

    def standing(self, last: Epoch, trained_on: int, judged: Any) -> Standing:
        """In the words of what is judged."""
        return Standing(judged.said(), guessing=judged.guessing, more=self.unit)

    def meaning(self) -> tuple[Any, ...]:
        """The game and its actions."""
        return (self.game, self.actions)

    def shares(self, outputs: Fields) -> Mapping[str, float]:
        """How sure it is of each action."""
        return dict(zip(self.actions, flat(outputs).softmax(1)[0].tolist(), strict=True))

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Asked:
        """Moves: folders and files of them, arrays (4, 84, 84) or several, or pictures of a screen, which stands still.

        Raises:
            InputError: None of it can be read.
        """
        found = [one for some in given for one in _seen_in(some, self.actions)]
        if not found:
            raise InputError("predict takes moves that were gathered, or pictures of a screen. Received: none")
        return Asked([name for name, _ in found], [{IMAGE: torch.from_numpy(seen)[None]} for _, seen in found])

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Answer]:
        """The action of each, and the shares of all."""
        rows = flat(outputs).softmax(1).tolist()
        return [self._answer(name, row) for name, row in zip(asked.names, rows, strict=True)]

    def _answer(self, name: str, shares: Sequence[float]) -> Answer:
        best, *others = sorted(zip(shares, self.actions, strict=True), reverse=True)
        rest = ", ".join(f"{action} {share:.1%}" for share, action in others)
        values = {"action": best[1], "shares": dict(zip(self.actions, shares, strict=True))}
        return Answer(name, f"{best[1]} {best[0]:.1%}   ({rest})", values)


def flat(outputs: Fields) -> Tensor:
    """The one output as (N, actions)."""
    return outputs[OUTPUT].flatten(1)


def chosen(net: Net, seen: Sequence[Any]) -> list[int]:
    """The actions that a network takes for what it sees, (4, 84, 84) uint8 each."""
    outputs = net({IMAGE: torch.from_numpy(np.stack(seen))})
    found: list[int] = flat(outputs).argmax(1).tolist()
    return found


def _opened(
    cls: type[Any],
    root: Path,
    source: str,
    found: Found,
    wish: Wish,
    like: Play | None,
    left_out: tuple[LeftOut, ...],
) -> tuple[Any, Opened]:
    """The task and its data."""
    about, name = found.about, root.resolve().name
    whole = _table(found)
    strands = [moves.episode for moves in found.moves for _ in range(len(moves))]  # of files that carry on each other
    clips = [MANY * moves.episode + moves.number for moves in found.moves for _ in range(len(moves))]
    known: Mapping[str, Any] = like.facts() if like else wish.before
    files, were = (known.get("files", 0), known.get("episodes", 0)) if known else (len(set(clips)), 0)
    clips = clips if files else strands
    held = _held_out(clips, name, files or were) if wish.hold_out else set[int]()
    away = held | beside(strands, held, SHARED)
    rest = [row for row in range(len(whole)) if row not in away]
    train, test = whole.part(rest) if away else whole, whole.part(sorted(held)) if held else None
    values, scores = train.columns[VALUES], found.scores()
    assert isinstance(values, Tensor)
    facts = (scores.get(PLANNER, ()), about.random, about.most, files, were)
    task = like or cls(about.actions, about.game, spread_of(values), *facts)
    players = ", ".join(sorted({moves.by for moves in found.moves}))
    notes = [f"{name}: {so_many(len(whole), 'moves')} of {about.game}, played by {players}"]
    notes += [f"{name}: {said(left_out)}"] if left_out else []
    notes += [f"{name}: held out {_said_of(held, clips)}"] if held else []
    if near := len(away) - len(held):
        notes.append(f"{name}: left out {so_many(near, 'moves')} next to those, with the same frames")
    schema = Schema({IMAGE: Image()}, {VALUES: Number(len(about.actions))})
    opened = Opened(name, source, schema, train, test, notes=tuple(notes), left_out=left_out)
    clips, strands = [clips[row] for row in rest], [strands[row] for row in rest]
    return task, dataclasses.replace(opened, clips=clips, strands=strands, gap=SHARED, sha256=digest_of(train))


def _held_out(clips: Sequence[int], name: str, before: int) -> set[int]:
    """Positions of the moves that are held out as test: training saw none of them, though moves were added since.

    Args:
        clips: The number of the file of each move.
        name: Chooses the files.
        before: How many files there were at training; 0 where that is not known.
    """
    if not before:
        return set(ends_of(clips, TEST_SHARE, name, SHARED))
    return set(lasting(clips, before, TEST_SHARE, name, SHARED))


def _said_of(held: set[int], clips: Sequence[int]) -> str:
    """The moves at these positions as test: of whole files, or of their ends."""
    moves, chosen = so_many(len(held), "moves"), {clips[row] for row in held}
    if sum(clip in chosen for clip in clips) > len(held):
        return f"{moves} that follow each other as test, about {TEST_SHARE:.0%}"
    return f"{len(chosen)} of {so_many(len(set(clips)), 'files')} as test, {moves}"


def _table(found: Found) -> Table:
    """What is seen at each move, (N, 4, 84, 84), and the values of its actions."""
    seen = np.concatenate([moves.stacks() for moves in found.moves])
    values = np.concatenate([moves.values for moves in found.moves])
    return Table({IMAGE: torch.from_numpy(seen), VALUES: torch.from_numpy(values)}, names_of(found))


def names_of(found: Found) -> tuple[str, ...]:
    """What each move is called: its file, and its number there."""
    both = zip(found.paths, found.moves, strict=True)
    return tuple(f"{path}[{row}]" for path, moves in both for row in range(len(moves)))


def spread_of(values: Tensor) -> float:
    """How far apart values (N, actions) of a move are: a high quantile of those that differ; a little where none do.

    A mean would be that of the few moves that bring most: in Breakout a brick of the last rows has seven points.

    >>> spread_of(torch.tensor([[0.0, 1.0], [2.0, 2.0], [0.0, 7.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]))
    1.0
    """
    apart = values.amax(1) - values.amin(1)
    differ = apart[apart > CLOSE]
    return float(differ.double().quantile(HIGH)) if len(differ) else CLOSE


def stakes_of(values: Tensor, spread: float) -> Tensor:
    """What each move counts (N,), by its values (N, actions).

    >>> stakes_of(torch.tensor([[0.0, 0.5], [3.0, 0.0], [1.0, 1.0]]), spread=1.0)
    tensor([0.5000, 1.0000, 0.0200])
    """
    return ((values.amax(1) - values.amin(1)) / spread).clamp(LEAST, 1)


def _seen_in(given: Any, actions: Sequence[str]) -> list[tuple[str, Any]]:
    """What a player sees, (4, 84, 84) each with a name, of one thing that a user hands over."""
    if isinstance(given, list | tuple):
        return [one for some in given for one in _seen_in(some, actions)]
    if not isinstance(given, str | Path):
        return _of_array(np.asarray(given), "array")
    path = Path(given)
    if path.is_dir():
        files = [*path.glob("episode-*.npz")]
        if not files:
            raise InputError(f"'{path}' holds no moves that were gathered")
        return [one for file in sorted(files) for one in _seen_in(file, actions)]
    if path.suffix == ".npz":
        try:
            moves = read_moves(path, actions)
        except ValueError as error:
            raise InputError(f"'{path}' is {error}") from None
        return [(f"{path}[{row}]", seen) for row, seen in enumerate(moves.stacks())]
    frame = small(decode(path, channels=1)[0])
    return [(str(path), np.stack([frame] * FRAMES))]


def _of_array(array: Any, name: str) -> list[tuple[str, Any]]:
    wanted = (FRAMES, SIDE, SIDE)
    if array.dtype != np.uint8 or array.shape[-3:] != wanted or array.ndim > 4:
        size = "x".join(map(str, wanted))
        raise InputError(f"a player sees {size} bytes, the newest last. Received: {array.dtype} {array.shape}")
    rows = array.reshape(-1, *wanted)
    return [(f"{name}[{row}]", np.ascontiguousarray(one)) for row, one in enumerate(rows)]
