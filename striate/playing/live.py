"""The page of a game that is played: the screen, where the network looked, how sure it is of each action, the score.

The game is played at its own speed, or as fast as the player is; the page asks for what is newest.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

from striate.data.games.emulator import FRAMES
from striate.playing.playing import Seen
from striate.report.images import data_uri
from striate.serving.answer import Answer, of_file, of_json, refused, static

OURS = static("striate.playing")
FILES = {f"/playing/static{name}" if name.endswith(".js") else name: file for name, file in OURS.items()}
FILES |= {"/": FILES["/game.html"], "/report.css": files("striate.report") / "report.css"}
RATE = 60  # frames a second of the game
LEFT = 2.0  # seconds until a page has asked how it ended
OTHERS = 1.2  # seconds more for other tabs: a browser lets those that are not seen ask once a second
LARGEST = 512  # pixels of a side: screens are sent as they are


class Stage:
    """What is seen of a game; `name` says who plays what."""

    def __init__(self, name: str) -> None:
        self.now: dict[str, Any] = {"name": name, "move": 0}
        self._due, self._asked = time.monotonic(), threading.Event()

    def watch(self, seen: Seen) -> None:
        """Show a move, not before its time; a slow player does not hurry later."""
        self._due = max(self._due + FRAMES / RATE, time.monotonic())
        time.sleep(max(0.0, self._due - time.monotonic()))
        self.now = {
            "name": self.now["name"],
            "move": self.now["move"] + 1,
            "screen": data_uri(seen.game.colours(), LARGEST),
            "heat": data_uri(seen.heat, LARGEST) if seen.heat is not None else "",
            "action": seen.action,
            "shares": dict(seen.shares),
            "score": seen.game.score,
            "lives": seen.game.lives,
        }

    def end(self, said: str) -> None:
        """Show how it ended; waits a little until the pages have seen that."""
        self.now = {**self.now, "said": said}
        self._asked.clear()
        if self._asked.wait(LEFT):
            time.sleep(OTHERS)

    def asked(self) -> dict[str, Any]:
        """What is newest, for the page."""
        self._asked.set()
        return self.now


class Application:
    """An ASGI application around a game."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[..., Any]) -> None:
        answer = await asyncio.to_thread(self.answer, scope["method"], scope["path"])
        await answer.sent(send)

    def answer(self, method: str, path: str) -> Answer:
        """What a request gets."""
        if method != "GET":
            return refused(405, "GET only")
        if path in FILES:
            return of_file(FILES[path])
        if path == "/now":
            return of_json(self.stage.asked())
        return refused(404, "there is nothing at this address")
