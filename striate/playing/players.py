"""Who plays: a planner, chance, or the network of a run, which can also say where on the screen it looked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.data.games.emulator import Game, game_named, positions
from striate.data.games.episodes import at_random
from striate.data.games.planner import Planner
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.inside import Class, grad_cam
from striate.inside.drawing import image
from striate.report.heat import heated
from striate.runs.run import Run
from striate.tasks.play import Play

Choose = Callable[[Game], int]  # says the position of an action among those that it knows, for the game of an episode


@dataclass(frozen=True, eq=False)
class Network:
    """A run's network as a player.

    Attributes:
        name: The run's folder.
        task: What it has learned.
        model: It, with the best weights.
        recipe: How what is seen becomes its input.
    """

    name: str
    task: Play
    model: nn.Module
    recipe: Recipe

    def player(self, games: Sequence[Game]) -> list[int]:
        """The action of the largest output for each game."""
        with torch.inference_mode():
            outputs = self.model(self._read([game.seen() for game in games]))
        found: list[int] = outputs.flatten(1).argmax(1).tolist()
        return found

    def shares(self, game: Game) -> dict[str, float]:
        """How sure it is of each action."""
        with torch.inference_mode():
            outputs = self.model(self._read([game.seen()]))
        return dict(zip(self.task.actions, outputs.flatten(1).softmax(1)[0].tolist(), strict=True))

    def heat(self, game: Game, action: int) -> NDArray[np.uint8] | None:
        """The newest frame, with the places that spoke for an action in colours, (84, 84, 3), by Grad-CAM.

        None for a network without maps.
        """
        x = self._read([game.seen()])
        try:
            found = grad_cam(self.model, x, Class(action))
        except InputError:
            return None
        return heated(image(x[0, -1:]), found.large[0].numpy())

    def _read(self, seen: Sequence[Any]) -> Tensor:
        return self.recipe(torch.from_numpy(np.stack(seen)))


def network(run: str | Path | Run, game: str, actions: Sequence[str] = ()) -> Network:
    """The network of a run, as a player of a game.

    Args:
        run: It, or its folder.
        game: The name of the game.
        actions: Those that it must have; by default its own.

    Raises:
        InputError: There is no such run, or it has learned something else.
    """
    opened = run if isinstance(run, Run) else Run(run, "cpu")
    task = opened.task
    if not isinstance(task, Play) or opened.recipe is None:
        raise InputError(f"{opened.path} has learned the task {task.word}; a player has learned `task=play`")
    if task.game != game_named(game) or (actions and tuple(actions) != task.actions):
        raise InputError(
            f"{opened.path} has learned {task.game} ({', '.join(task.actions)}); it can't play {game}"
            f"{f' with {chr(44).join(actions)}' if actions else ''}"
        )
    return Network(str(opened.path), task, opened.model(), opened.recipe)


def of_network(found: Network) -> Choose:
    """A network as the player of one game."""
    return lambda game: found.player([game])[0]


def of_chance(actions: Sequence[str], seed: int) -> Choose:
    """A random player."""
    player = at_random(len(actions), seed)
    return lambda game: player([game])[0]


def of_planner(game: Game, actions: Sequence[str], rollouts: int, depth: int, seed: int) -> Choose:
    """A planner for one episode; its tree goes on from move to move."""
    return Planner(game.name, positions(game, actions), rollouts, depth, seed).choose
