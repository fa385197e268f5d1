"""What an application answers, and how it is sent.

>>> refused(404, "there is nothing here").body
b'{"error": "there is nothing here"}'
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

TYPES = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
JSON = "application/json"


class Answer(NamedTuple):
    """What is sent back.

    Attributes:
        status: Of HTTP.
        kind: The content's type.
        body: The content.
        policy: Of a page that has rules of its own; empty for the server's.
    """

    status: int
    kind: str
    body: bytes
    policy: str = ""

    async def sent(self, send: Callable[..., Awaitable[Any]]) -> None:
        """Send it, as ASGI does."""
        headers = [(b"content-type", self.kind.encode()), (b"content-length", str(len(self.body)).encode())]
        headers += [(b"content-security-policy", self.policy.encode())] if self.policy else []
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def static(package: str) -> dict[str, Traversable]:
    """The files of a package's pages by their addresses."""
    folder = files(package) / "static"
    return {f"/{one.name}": one for one in folder.iterdir() if one.name.rpartition(".")[2] in TYPES}


def of_file(file: Traversable) -> Answer:
    """A file of a page."""
    return Answer(200, TYPES[file.name.rpartition(".")[2]], file.read_bytes())


def of_json(value: Any, status: int = 200) -> Answer:
    """What JSON can hold."""
    return Answer(status, JSON, as_json(value).encode())


def refused(status: int, why: str) -> Answer:
    """One line for the user."""
    return of_json({"error": why}, status)


def as_json(value: Any) -> str:
    """JSON as browsers read it: null in the place of numbers that are not finite.

    >>> as_json({"loss": float("nan"), "name": "NaN"})
    '{"loss": null, "name": "NaN"}'
    """
    text = json.dumps(value)
    if "NaN" in text or "Infinity" in text:
        text = json.dumps(json.loads(text, parse_constant=lambda word: None))
    return text
