"""A game of the Arcade Learning Environment: what a player sees of it, does to it, and gets for that.

A move lasts four frames. Of each of the last four moves a player sees the larger of the last two frames in grey, at
84x84 pixels: things that are drawn in every other frame are then always there (Mnih et al. 2013, section 4.1; 2015).

Where a game has a button to fire, it is pressed as an episode begins, and as each life does, as usual wrappers do it
(`FireReset`). Many games wait for that, and whoever waits too is shown one picture for ever.

The emulator's own screen is stale after a state is put back, until the next frame. So a screen is kept with its state:

>>> game = Game("pong", seed=1)
>>> kept = game.keep()
>>> _ = [game.move(1) for _ in range(20)]
>>> moved = game.seen()
>>> game.put_back(kept)
>>> bool((game.seen() == moved).all()), game.seen().shape
(False, (4, 84, 84))
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from striate.errors import InputError, StriateError, WorkError, nearest, plain

FRAMES = 4  # of a move, and moves that a player sees
FIRE = "fire"
SIDE = 84  # pixels of what a player sees
MOST_FRAMES = 18_000  # of an episode, five minutes of playing: no game goes on for ever (Bellemare et al. 2013)
MOST_WAITS = 30  # frames of an episode's beginning in which nothing is pressed (after Mnih et al. 2015)
SEEDS = 2**30  # the largest seed that a user gives: with the number of an episode it fits the emulator's 32 bits
MISSING = 'the games come with ale-py, which is not installed; `pip install "striate[play]"`'

Screen = NDArray[np.uint8]


@cache
def roms() -> dict[str, Path]:
    """The file of each game that there is, by name.

    Raises:
        WorkError: ale-py is not installed.
    """
    return {path.stem: path for path in sorted((Path(_package().__file__).parent / "roms").glob("*.bin"))}


def _package() -> Any:
    try:
        import ale_py
    except ImportError:
        raise WorkError(MISSING) from None
    return ale_py


def game_named(name: str) -> str:
    """The name of a game as the emulator has it: `Space Invaders` is `space_invaders`.

    Raises:
        InputError: There is no such game.
        WorkError: ale-py is not installed.
    """
    found = {plain(one): one for one in roms()}
    if plain(name) not in found:
        raise InputError(f"no game '{name}'{nearest(name, roms())}; there are {', '.join(roms())}")
    return found[plain(name)]


def no_data(word: str) -> str:
    """What to do where a game stands in the place of data; empty for other words."""
    try:
        name = game_named(word)
    except StriateError:
        return ""
    return (
        f"{name} is a game; a network learns from a planner's moves, which `striate play {name}` writes with `gather`"
    )


@dataclass(frozen=True, eq=False)
class Kept:
    """Where a game stands, with its screen.

    Attributes:
        state: The emulator's.
        seen: (4, 84, 84), what the player sees.
        score: Of the episode up to here.
        frames: Of the episode up to here.
        lives: How many are left.
        colours: (height, width, 3), the last frame as people see it.
    """

    state: Any
    seen: Screen
    score: float
    frames: int
    lives: int
    colours: Screen


class Game:
    """An episode of a game.

    Nothing is drawn by chance but how long nothing is pressed at the beginning; the same seed and moves, the same game.

    Args:
        name: As `game_named` reads it.
        seed: Draws the beginning.
        sticky: The chance that a frame repeats the button of the one before (Machado et al. 2018); 0 for planning.
        most: Frames after which an episode is over, if the game goes on.

    Attributes:
        actions: The names of what can be pressed.
        score: Of the episode so far.
        frames: Of the episode so far.
        lives: How many are left; 0 in games without.
        still: Moves since what is seen last changed.

    Raises:
        InputError: There is no such game.
        WorkError: ale-py is not installed, or the game's file is damaged.
    """

    def __init__(self, name: str, seed: int = 0, sticky: float = 0.0, most: int = MOST_FRAMES) -> None:
        self.name, self.most = game_named(name), most
        self.emulator = emulator(self.name, seed, sticky)
        self.buttons = tuple(self.emulator.getMinimalActionSet())
        self.actions = tuple(button.name.lower() for button in self.buttons)
        served = FRAMES * (2 if sticky else 1)  # in eight frames fire is hardly ever missed
        self.serve = [self.buttons[self.actions.index(FIRE)]] * served if FIRE in self.actions else []
        self.begin(seed)

    def begin(self, seed: int) -> None:
        """A new episode, in which nothing is pressed for 1 to 30 frames, and then fire."""
        self.emulator.reset_game()
        waits = random.Random(seed).randint(1, MOST_WAITS)
        for _ in range(waits):
            self.emulator.act(nothing(self.emulator))
        for button in self.serve:
            self.emulator.act(button)
        self.score, self.frames, self.lives = 0.0, 0, self.emulator.lives()
        frame = small(self.emulator.getScreenGrayscale())
        self._seen, self.still = [frame] * FRAMES, 0
        self._colours: Screen = self.emulator.getScreenRGB()

    def move(self, action: int) -> float:
        """Press a button, by its position in `actions`, for four frames; the points that it brings.

        Where a life ends and another one begins, with fire, the move takes longer.
        """
        assert not self.over
        points, frame = self._press([self.buttons[action]] * FRAMES)
        if self.serve and self.emulator.lives() < self.lives and not self.over:
            more, frame = self._press(self.serve)
            points += more
        self.score += points
        self.lives = self.emulator.lives()
        self.still = self.still + 1 if np.array_equal(frame, self._seen[-1]) else 0
        self._seen = [*self._seen[1:], frame]
        self._colours = self.emulator.getScreenRGB()
        return points

    def _press(self, buttons: Sequence[Any]) -> tuple[float, Screen]:
        """The points that buttons bring, a frame each, and the larger of the last two frames."""
        points, screens = 0.0, [self.emulator.getScreenGrayscale()]
        for button in buttons:
            points += self.emulator.act(button)
            self.frames += 1
            screens.append(self.emulator.getScreenGrayscale())
            if self.over:
                break
        return points, small(np.maximum(screens[-2], screens[-1]))

    @property
    def over(self) -> bool:
        """Whether the episode is."""
        return self.frames >= self.most or bool(self.emulator.game_over())

    @property
    def endless(self) -> bool:
        """Whether it is over only because it has lasted long enough."""
        return self.frames >= self.most and not self.emulator.game_over()

    def seen(self) -> Screen:
        """What the player sees, (4, 84, 84) grey, the newest last."""
        return np.stack(self._seen)

    def colours(self) -> Screen:
        """The screen as people see it, (height, width, 3)."""
        return self._colours

    def keep(self) -> Kept:
        """Where it stands."""
        state = self.emulator.cloneState()
        return Kept(state, self.seen(), self.score, self.frames, self.lives, self._colours)

    def put_back(self, kept: Kept) -> None:
        """Go on from there."""
        self.emulator.restoreState(kept.state)
        self.score, self.frames, self.lives = kept.score, kept.frames, kept.lives
        self._seen, self._colours, self.still = [*kept.seen], kept.colours, 0


def emulator(name: str, seed: int = 0, sticky: float = 0.0) -> Any:
    """An emulator with this game in it.

    Raises:
        WorkError: The game's file is damaged.
    """
    package = _package()
    package.ALEInterface.setLoggerMode(package.LoggerMode.Error)
    made = package.ALEInterface()
    made.setInt("random_seed", seed)
    made.setFloat("repeat_action_probability", sticky)
    if not package.ALEInterface.isSupportedROM(str(roms()[name])):  # the emulator would end the whole process
        raise WorkError(f"'{roms()[name]}' is damaged, so the emulator can't run it; install ale-py again")
    made.loadROM(str(roms()[name]))
    return made


def nothing(game: Any) -> Any:
    """The button of an emulator that stands for none; players of few games have it not among theirs."""
    return game.getLegalActionSet()[0]


def small(grey: Screen) -> Screen:
    """A screen as a player sees it, 84x84."""
    return np.asarray(Image.fromarray(grey).resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.uint8)


def buttons_that_matter(name: str, moments: int = 40, seed: int = 0) -> tuple[str, ...]:
    """The actions of a game without those that do what another does: Pong has three.

    Two do the same if, at many moments of a random player's game, its memory is the same some frames after either. What
    is pressed is in that memory itself, so nothing is pressed in the last of these frames. Moments at which a life ends
    do not count: fire would begin the next one, which is done without a player.

    >>> buttons_that_matter("pong")
    ('noop', 'right', 'left')
    """
    game, draw = Game(name, seed), random.Random(seed)
    after: list[list[bytes]] = []
    while len(after) < moments:
        if game.over:
            game.begin(seed + len(after))
        kept = game.keep()
        found = [_memory_after(game, kept, action) for action in range(len(game.actions))]
        after += [[memory for memory, _ in found]] * all(lives == game.lives for _, lives in found)
        game.put_back(kept)
        for _ in range(draw.randint(1, 8)):
            if not game.over:
                game.move(draw.randrange(len(game.actions)))
    alike = list(zip(*after, strict=True))
    return tuple(name for number, name in enumerate(game.actions) if alike[number] not in alike[:number])


def _memory_after(game: Game, kept: Kept, action: int) -> tuple[bytes, int]:
    """The memory, and the lives left, some frames after an action."""
    game.emulator.restoreState(kept.state)
    for button in (game.buttons[action],) * FRAMES + (nothing(game.emulator),) * FRAMES:
        game.emulator.act(button)
    return game.emulator.getRAM().tobytes(), game.emulator.lives()


def positions(game: Game, actions: Sequence[str]) -> list[int]:
    """Where in a game's actions those of a set of moves stand.

    Raises:
        InputError: It has other ones.
    """
    if unknown := [action for action in actions if action not in game.actions]:
        raise InputError(f"{game.name} has no action '{unknown[0]}'; it has {', '.join(game.actions)}")
    return [game.actions.index(action) for action in actions]
