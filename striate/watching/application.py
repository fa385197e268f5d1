"""The addresses of a training's page: its files, the figures, the filters, the most wrong examples, the report."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from typing import Any

from striate.errors import StriateError
from striate.serving.answer import TYPES, Answer, of_file, of_json, refused, static
from striate.watching.scene import Scene

SHARED = ("numbers.js", "plot.js")  # of the live page
OURS, THEIRS = static("striate.watching"), static("striate.page")
FILES = {f"/watching/static{name}" if name.endswith(".js") else name: file for name, file in OURS.items()}
FILES |= {f"/page/static/{name}": THEIRS[f"/{name}"] for name in SHARED}
FILES |= {"/": FILES["/training.html"], "/report.css": files("striate.report") / "report.css"}
HTML = TYPES["html"]
ALONE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"  # the report's own rule


class Application:
    """An ASGI application around a training that is seen."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.asked = scene, float("-inf")
        self._worker = ThreadPoolExecutor(1)  # one thread, so that the training keeps its own

    @property
    def idle(self) -> float:
        """Seconds since the page last asked; infinite where it never did."""
        return time.monotonic() - self.asked

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[..., Any]) -> None:
        self.asked = time.monotonic()
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._worker, self.answer, scope["method"], scope["path"])
        await answer.sent(send)

    def answer(self, method: str, path: str) -> Answer:
        """What a request gets: one clear line where it is wrong."""
        if method != "GET":
            return refused(405, "GET only")
        if path in FILES:
            return of_file(FILES[path])
        try:
            if path == "/numbers":
                return of_json(self.scene.numbers())
            if path == "/filters":
                return of_json(self.scene.pictures())
            if path == "/worst":
                return Answer(200, HTML, self.scene.most_wrong().encode("utf-8", "replace"))
            if path == "/report" and self.scene.report:
                return Answer(200, HTML, self.scene.report.read_bytes(), ALONE)
        except (StriateError, OSError) as error:
            return refused(422, str(error))
        except Exception as error:  # the page is told, and the server lives on
            return refused(500, f"{type(error).__name__}: {error}")
        return refused(404, "there is nothing at this address")
