"""A player that looks ahead in the emulator: "upper confidence bounds applied to trees" (Kocsis & Szepesvári 2006).

From where the game stands a tree of moves grows. Each rollout goes down it, at every node to the child of the largest
upper bound of its mean return, adds one node, and goes on from there by chance, to a fixed depth. What it brought is
counted for all nodes on its way. The return is the sum of points, later ones counting a little less; losing a life ends
it. Random moves are held for some time, as single ones would cancel out. After a move its part of the tree grows on.

>>> from striate.data.games.emulator import Game
>>> game = Game("pong", seed=1)
>>> planner = Planner("pong", [0, 2, 3], rollouts=6, depth=5)
>>> planner.think(game).values
array([0., 0., 0.], dtype=float32)
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .emulator import FRAMES, Game, emulator

ROLLOUTS, DEPTH = 6, 30  # for each move, and moves of each: 30 are two seconds
DISCOUNT = 0.99  # of a return, for each move
BOLD = 0.7  # how much is added for what is not known, where returns go from 0 to 1
HELD = 4.0  # moves that a random one is held for in the mean


class Node:
    """Where a move leads.

    Attributes:
        state: The emulator's.
        points: What the move brought.
        over: Whether the game, or a life, is.
        visits: Rollouts that came through.
        total: The sum of what they brought from here on.
        children: Where each action leads; those that lead to the same memory are one. None where that is not known.
    """

    __slots__ = ("children", "memory", "over", "points", "state", "total", "visits")

    def __init__(self, state: Any, memory: bytes, points: float, over: bool, actions: int) -> None:
        self.state, self.memory, self.points, self.over = state, memory, points, over
        self.visits, self.total = 0, 0.0
        self.children: list[Node | None] = [None] * actions

    def value(self) -> float:
        """The mean return of the move that leads here."""
        return self.points + DISCOUNT * self.total / max(1, self.visits)


@dataclass(frozen=True, eq=False)
class Thought:
    """What a planner thinks of each action.

    Attributes:
        values: (actions,) float32, the mean return.
        visits: (actions,) int32, the rollouts.
    """

    values: NDArray[np.float32]
    visits: NDArray[np.int32]

    @property
    def best(self) -> int:
        """The action of the largest value; of several the one that was tried most."""
        return int(np.lexsort((self.visits, self.values))[-1])


class Planner:
    """A tree over an emulator of its own.

    Args:
        game: Its name.
        actions: Which to plan with, as positions in the game's actions.
        rollouts: For each move, added to those that are known from before; at least one for each action.
        depth: Moves of each.
        seed: Of its random moves.
    """

    def __init__(
        self, game: str, actions: Sequence[int], rollouts: int = ROLLOUTS, depth: int = DEPTH, seed: int | str = 0
    ) -> None:
        self.emulator = emulator(game)
        buttons = self.emulator.getMinimalActionSet()
        self.buttons = [buttons[action] for action in actions]
        self.rollouts, self.depth = rollouts, depth
        self.draw = random.Random(seed)
        self.root: Node | None = None
        self.low, self.high = math.inf, -math.inf

    def think(self, game: Game) -> Thought:
        """Look ahead from where a game stands."""
        root = self._root(game)
        self.low, self.high = math.inf, -math.inf
        for _ in range(self.rollouts):
            self._rollout(root)
        while None in root.children:
            self._rollout(root)
        found = [child for child in root.children if child]
        values = np.array([child.value() for child in found], np.float32)
        return Thought(values, np.array([child.visits for child in found], np.int32))

    def moved(self, action: int) -> None:
        """Go on with the part of the tree that a move leads to, by its position in the planner's actions."""
        self.root = self.root.children[action] if self.root else None

    def forget(self) -> None:
        """Begin anew."""
        self.root = None

    def _root(self, game: Game) -> Node:
        """The node where the game stands: that which is known, unless a life or an episode ended there."""
        memory = game.emulator.getRAM().tobytes()
        if self.root is None or self.root.over or self.root.memory != memory:
            self.root = Node(game.emulator.cloneState(), memory, 0.0, False, len(self.buttons))
        return self.root

    def _rollout(self, root: Node) -> None:
        node, way = root, [root]
        while not node.over and len(way) <= self.depth:
            untried = [action for action, child in enumerate(node.children) if child is None]
            if untried:
                node = self._grown(node, self.draw.choice(untried))
                way.append(node)
                break
            node = self._likely(node)
            way.append(node)
        brought = 0.0 if node.over else self._by_chance(self.depth + 1 - len(way))
        for step in reversed(way):
            step.visits += 1
            step.total += brought
            brought = step.points + DISCOUNT * brought
            self.low, self.high = min(self.low, brought), max(self.high, brought)

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

    def _grown(self, node: Node, action: int) -> Node:
        """The new child of an action, or that of another one which leads to the same memory."""
        self.emulator.restoreState(node.state)
        points, over = self._press(action)
        memory = self.emulator.getRAM().tobytes()
        same = (child for child in node.children if child and child.memory == memory and child.points == points)
        child = next(same, None) or Node(self.emulator.cloneState(), memory, points, over, len(self.buttons))
        node.children[action] = child
        return child

    def _by_chance(self, moves: int) -> float:
        """The return of random moves, each held for some time, from where the emulator stands."""
        brought, weight, left, action = 0.0, 1.0, 0, 0
        for _ in range(moves):
            if left <= 0:
                action, left = self.draw.randrange(len(self.buttons)), 1 + int(self.draw.expovariate(1 / HELD))
            left -= 1
            points, over = self._press(action)
            brought += weight * points
            weight *= DISCOUNT
            if over:
                break
        return brought

    def _press(self, action: int) -> tuple[float, bool]:
        """Points of a move, and whether it ends the game or a life."""
        act, button, lives, points = self.emulator.act, self.buttons[action], self.emulator.lives(), 0.0
        for _ in range(FRAMES):
            points += act(button)
        return points, self.emulator.lives() < lives or self.emulator.game_over()
