"""A game on a page while it is played."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from typing import Any

from striate.data.games.store import PLANNER
from striate.playing.live import Application, Stage
from striate.playing.playing import Played, play
from striate.serving import Server


def seen(
    game: str, run: Any = None, *, say: Callable[[str], None], port: int = 0, browser: bool = True, **how: Any
) -> Played:
    """Play as `play` does, shown on a page of this machine.

    Args:
        game, run, how: As for `play`.
        say: Is given a line for the user.
        port: Where it is served; 0 for a free one.
        browser: Whether the browser is opened.

    Raises:
        InputError: As `play`.
        WorkError: As `play`, or the port is taken.
    """
    stage = Stage(f"{game}, {run or how.get('player') or PLANNER}")
    with Server(Application(stage), port=port) as server:
        opened = browser and webbrowser.open(server.address)
        say(f"seen at {server.address}" + ("" if opened else "; open it in a browser"))
        played = play(game, run, say=say, watch=stage.watch, **how)
        stage.end(played.said())
    return played
