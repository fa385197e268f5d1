"""A player that looks ahead in the emulator: "upper confidence bounds applied to trees" (Kocsis & Szepesvári 2006).

From where the game stands a tree of moves grows. Each rollout goes down it, at every node to the child of the largest
upper bound of its value, leaves it where something was never tried, and goes on by chance, to a fixed depth. Its return
is the sum of points, later ones counting a little less; losing a life ends it.

As the emulator has no chance in it, whatever was found can be done again. So all of a rollout is added to the tree, and
the value of a move is halfway between the mean return of the rollouts through it and the best. After a move its part of
the tree grows on. The first rollout then makes the best known way longer; half of the others leave that way at a random
place, and half of those that have left it go on with its moves. Random moves are held for some time, as single ones
cancel out.

>>> from striate.data.games.emulator import Game
>>> game = Game("pong", seed=1)
>>> planner = Planner("pong", [0, 2, 3], rollouts=6, depth=5)
>>> planner.think(game).values
array([0., 0., 0.], dtype=float32)

What is learned from are trials beside it. In a tree each action has rollouts of its own, so values differ by chance in
moves where nothing is at stake. Trials have no chance in them: each holds an action for some moves, and then lets go.

>>> Trials("pong", [0, 2, 3], rollouts=4, depth=5).think(game).visits
array([3, 3, 3], dtype=int32)
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .emulator import FRAMES, Game, emulator, nothing

ROLLOUTS, DEPTH = 8, 50  # for each move, and moves of each: 50 are over three seconds
DISCOUNT = 0.99  # of a return, for each move
BOLD = 0.7  # how much is added for what is not known, where values go from 0 to 1
BEST = 0.5  # share of the best return in the value of a move; the rest is the mean
FOLLOWED = 0.5  # share of rollouts that follow the best known way; and of those off it that take its moves
HELD = 4.0  # moves that a random one is held for in the mean
TRIED, SHORTER = 0.75, 0.5  # trials of an action for each rollout of a tree, and the share of its moves in each


class Node:
    """Where a move leads.

    Attributes:
        state: The emulator's.
        memory: The game's, by which nodes are compared.
        points: What the move brought.
        over: Whether the game, or a life, is.
        visits: Rollouts that came through.
        total: The sum of what they brought from here on.
        top: The most that one of them brought.
        children: Where each action leads; those that lead to the same memory are one. None where that is not known.
    """

    __slots__ = ("children", "memory", "over", "points", "state", "top", "total", "visits")

    def __init__(self, state: Any, memory: bytes, points: float, over: bool, actions: int) -> None:
        self.state, self.memory, self.points, self.over = state, memory, points, over
        self.visits, self.total, self.top = 0, 0.0, 0.0
        self.children: list[Node | None] = [None] * actions

    def value(self) -> float:
        """The value of the move that leads here."""
        return self.points + DISCOUNT * (BEST * self.top + (1 - BEST) * self.total / max(1, self.visits))

    def onward(self) -> int:
        """The action of the best known way; -1 where none is known."""
        known = [(child.points + DISCOUNT * child.top, action) for action, child in enumerate(self.children) if child]
        return max(known)[1] if known else -1

    def passed(self, brought: float) -> None:
        """Count a rollout that brought so much from here on."""
        self.visits += 1
        self.total += brought
        known = (child.points + DISCOUNT * child.top for child in self.children if child)
        self.top = max(known, default=0.0)


@dataclass(frozen=True, eq=False)
class Thought:
    """What a planner thinks of each action.

    Attributes:
        values: (actions,) float32, in points.
        visits: (actions,) int32, the rollouts.
    """

    values: NDArray[np.float32]
    visits: NDArray[np.int32]

    @property
    def best(self) -> int:
        """The action of the largest value; of several the one that was tried most."""
        return int(np.lexsort((self.visits, self.values))[-1])


class Ahead:
    """An emulator of one's own, to look ahead in.

    Args:
        game: Its name.
        actions: Which to look ahead with, as positions in the game's actions.
        rollouts: Of a planner's tree for each move, added to those that are known from before; at least one for each
            action.
        depth: Moves of each.
        seed: Of a planner's random moves, and of the choice among equals.
    """

    def __init__(
        self, game: str, actions: Sequence[int], rollouts: int = ROLLOUTS, depth: int = DEPTH, seed: int | str = 0
    ) -> None:
        self.emulator = emulator(game)
        buttons = self.emulator.getMinimalActionSet()
        self.buttons = [buttons[action] for action in actions]
        self.rollouts, self.depth = rollouts, depth
        self.draw = random.Random(seed)

    def press(self, button: Any) -> tuple[float, bool]:
        """Points of a move, and whether it ends the game or a life."""
        act, lives, points = self.emulator.act, self.emulator.lives(), 0.0
        for _ in range(FRAMES):
            points += act(button)
        return points, self.emulator.lives() < lives or self.emulator.game_over()


def trials_of(rollouts: int, depth: int) -> tuple[int, int]:
    """How many trials of each action there are, and of how many moves, where a planner's rollouts are so many.

    No two are the same: each holds its action for one move more.

    >>> trials_of(8, 50), trials_of(80, 50)
    ((6, 25), (25, 25))
    """
    length = math.ceil(SHORTER * depth)
    return min(math.ceil(TRIED * rollouts), length), length


class Trials(Ahead):
    """What each action brings if it is held for one move, two, or more, and nothing is pressed after that.

    Args:
        how, named: As for `Ahead`.
        life: The points that a lost life costs; the next one begins without a player, so none would put it off.
    """

    def __init__(self, *how: Any, life: float = 0.0, **named: Any) -> None:
        super().__init__(*how, **named)
        self.nothing, self.life = nothing(self.emulator), life

    def think(self, game: Game) -> Thought:
        """The value of each action from where a game stands: halfway between the mean of its trials and the best."""
        state, actions = game.emulator.cloneState(), range(len(self.buttons))
        count, length = trials_of(self.rollouts, self.depth)
        brought = np.array([self._brought(state, action, count, length) for action in actions])
        values = BEST * brought.max(1) + (1 - BEST) * brought.mean(1)
        return Thought(values.astype(np.float32), np.full(len(actions), count, np.int32))

    def choice(self, thought: Thought) -> int:
        """An action of the largest value, any where several have it."""
        return self.draw.choice(np.flatnonzero(thought.values == thought.values.max()).tolist())

    def _brought(self, state: Any, action: int, count: int, length: int) -> list[float]:
        """What each of an action's trials brings."""
        button = self.buttons[action]
        if button == self.nothing:  # as before as after
            return [self._trial(state, [button] * length)] * count
        ways = [([button] * held + [self.nothing] * length)[:length] for held in range(1, count + 1)]
        return [self._trial(state, way) for way in ways]

    def _trial(self, state: Any, way: Sequence[Any]) -> float:
        self.emulator.restoreState(state)
        brought, weight, lives = 0.0, 1.0, self.emulator.lives()
        for button in way:
            points, over = self.press(button)
            lost = self.emulator.lives() < lives
            brought, weight = brought + weight * (points - self.life * lost), DISCOUNT * weight
            if over:
                break
        return brought


class Planner(Ahead):
    """A tree that goes on to grow; the arguments are those of `Ahead`."""

    root: Node | None = None
    low, high = math.inf, -math.inf  # of all values, as far as a move has shown them

    def think(self, game: Game) -> Thought:
        """Look ahead from where a game stands."""
        root = self._root(game)
        self.low, self.high = math.inf, -math.inf
        for number in range(self.rollouts):
            self._rollout(root, number)
        while None in root.children:
            self._rollout(root, self.rollouts)
        found = [child for child in root.children if child]
        values = np.array([child.value() for child in found], np.float32)
        return Thought(values, np.array([child.visits for child in found], np.int32))

    def moved(self, action: int) -> None:
        """Go on with the part of the tree that a move leads to, by its position in the planner's actions."""
        self.root = self.root.children[action] if self.root else None

    def choose(self, game: Game) -> int:
        """The best action, by its position in the planner's actions, after which the tree goes on."""
        best = self.think(game).best
        self.moved(best)
        return best

    def _root(self, game: Game) -> Node:
        """The node where the game stands: that which is known, unless a life or an episode ended there."""
        memory = game.emulator.getRAM().tobytes()
        if self.root is None or self.root.over or self.root.memory != memory:
            self.root = Node(game.emulator.cloneState(), memory, 0.0, False, len(self.buttons))
        return self.root

    def _rollout(self, root: Node, number: int) -> None:
        best = _best_way(root)
        way = best[: 1 + self._turning(number, len(best) - 1)]
        while not way[-1].over and len(way) <= self.depth and None not in way[-1].children:
            way.append(self._likely(way[-1]))
        if not way[-1].over and len(way) <= self.depth:
            self._grow(way, best)
        brought = 0.0
        for step in reversed(way):
            step.passed(brought)
            brought = step.points + DISCOUNT * brought
            self.low, self.high = min(self.low, brought), max(self.high, brought)

    def _turning(self, number: int, length: int) -> int:
        """How far a rollout follows the best known way: the first to its end, half of the others not at all."""
        if number == 0:
            return length
        return self.draw.randint(0, length) if number < self.rollouts and self.draw.random() < FOLLOWED else 0

    def _likely(self, node: Node) -> Node:
        """The child of the largest upper bound."""
        spread, least = (self.high - self.low) or 1.0, self.low
        trials = math.log(node.visits + 1)

        def bound(child: Node | None) -> float:
            assert child
            return (child.value() - least) / spread + BOLD * math.sqrt(trials / child.visits)

        best = max(node.children, key=bound)
        assert best
        return best

    def _grow(self, way: list[Node], best: Sequence[Node]) -> None:
        """Lengthen a way to the full depth: something untried, then moves of the best known way, or random ones."""
        node, left, action = way[-1], 1, self.draw.choice([a for a, child in enumerate(way[-1].children) if not child])
        follows = self.draw.random() < FOLLOWED
        self.emulator.restoreState(node.state)
        while len(way) <= self.depth and not node.over:
            node = self._step(node, action)
            way.append(node)
            left -= 1
            if follows and len(way) < len(best):
                action = best[len(way) - 1].onward()
            elif left <= 0:
                action, left = self._held()

    def _held(self) -> tuple[int, int]:
        """A random action, and the moves that it is held for."""
        return self.draw.randrange(len(self.buttons)), 1 + int(self.draw.expovariate(1 / HELD))

    def _step(self, node: Node, action: int) -> Node:
        """The child of an action, of which a new one is made, or that of another one which leads to the same memory."""
        points, over = self.press(self.buttons[action])
        if found := node.children[action]:
            return found
        memory = self.emulator.getRAM().tobytes()
        same = (child for child in node.children if child and child.memory == memory and child.points == points)
        made = next(same, None) or Node(self.emulator.cloneState(), memory, points, over, len(self.buttons))
        node.children[action] = made
        return made


def _best_way(root: Node) -> list[Node]:
    """The nodes of the best known way, from the root."""
    way = [root]
    while (action := way[-1].onward()) >= 0:
        child = way[-1].children[action]
        assert child
        way.append(child)
    return way
