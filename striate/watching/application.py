"""The addresses of a training's page: its files, the figures, the filters, the most wrong examples, the report."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from typing import Any, NamedTuple

from striate.errors import StriateError
from striate.watching.scene import Scene

TYPES = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
OWN = files("striate.watching") / "static"
FILES = {f"/{one.name}": one for one in OWN.iterdir() if one.name.rpartition(".")[2] in TYPES}
FILES |= {"/": OWN / "training.html", "/report.css": files("striate.report") / "report.css"}
JSON, HTML = "application/json", TYPES["html"]
ALONE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"  # the report's own rule


class Answer(NamedTuple):
    """What is sent back."""

    status: int
    kind: str
    body: bytes
    policy: str = ""


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
        headers = [(b"content-type", answer.kind.encode()), (b"content-length", str(len(answer.body)).encode())]
        headers += [(b"content-security-policy", answer.policy.encode())] if answer.policy else []
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def answer(self, method: str, path: str) -> Answer:
        """What a request gets: one clear line where it is wrong."""
        if method != "GET":
            return _refused(405, "GET only")
        if path in FILES:
            file = FILES[path]
            return Answer(200, TYPES[file.name.rpartition(".")[2]], file.read_bytes())
        try:
            if path == "/numbers":
                return _json(self.scene.numbers())
            if path == "/filters":
                return _json(self.scene.pictures())
            if path == "/worst":
                return Answer(200, HTML, self.scene.most_wrong().encode("utf-8", "replace"))
            if path == "/report" and self.scene.report:
                return Answer(200, HTML, self.scene.report.read_bytes(), ALONE)
        except (StriateError, OSError) as error:
            return _refused(422, str(error))
        except Exception as error:  # the page is told, and the server lives on
            return _refused(500, f"{type(error).__name__}: {error}")
        return _refused(404, "there is nothing at this address")


def _json(value: Any) -> Answer:
    return Answer(200, JSON, json.dumps(value).encode())


def _refused(status: int, why: str) -> Answer:
    return Answer(status, JSON, json.dumps({"error": why}).encode())
