"""The page's addresses: files of the page, the graph, a frame for an image, a map, the arithmetic of a value.

Nothing that a client sends is a path or an address; images are opened in memory, with limits on their size.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from PIL import Image

from striate.data.opening import ImageError, opened
from striate.errors import InputError, StriateError
from striate.page.live import Live

PIXELS = 40_000_000  # of an image; Pillow would open larger ones, and a file of a few bytes can say any size
LETTERS = 100_000  # bytes of a sentence
TYPES = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
STATIC = files("striate.page") / "static"
FILES = {f"/{one.name}": one for one in STATIC.iterdir() if one.name.rpartition(".")[2] in TYPES}
DIGITS = 10  # of a number that is sent, fewer than these
JSON = "application/json"
BINARY = "application/octet-stream"


class Answer(NamedTuple):
    """What is sent back."""

    status: int
    kind: str
    body: bytes


class Application:
    """An ASGI application around a network that is looked at."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self._workers = ThreadPoolExecutor(2)

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[..., Any]) -> None:
        body, more = bytearray(), True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        loop = asyncio.get_running_loop()
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        answer = await loop.run_in_executor(
            self._workers, self.answer, scope["method"], scope["path"], asked, bytes(body)
        )
        headers = [(b"content-type", answer.kind.encode()), (b"content-length", str(len(answer.body)).encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def answer(self, method: str, path: str, asked: dict[str, list[str]], body: bytes) -> Answer:
        """What a request gets: one clear line where it is wrong."""
        try:
            if method == "POST" and path == "/look":
                given = image_of(body) if self.live.words is None else sentence_of(body)
                return Answer(200, BINARY, self.live.look(given, _numbers(asked, "shown")).as_bytes())
            if method == "POST" and path == "/slide":
                return _json(self.live.slide(image_of(body)))
            if method != "GET":
                return _refused(405, "GET, or POST to /look and /slide")
            if path in ("/", *FILES):
                file = FILES["/page.html" if path == "/" else path]
                return Answer(200, TYPES[file.name.rpartition(".")[2]], file.read_bytes())
            if path == "/graph":
                return _json(self.live.graph(asked.get("open", [])))
            if path == "/map":
                frame, value, number = (_number(asked, name) for name in ("frame", "value", "map"))
                return Answer(200, BINARY, self.live.map(frame, value, number).numpy().astype("<f4").tobytes())
            if path == "/work":
                frame, call = _number(asked, "frame"), _number(asked, "call")
                return _json(self.live.work(frame, call, tuple(_numbers(asked, "at"))))
        except StriateError as error:
            return _refused(422, str(error))
        return _refused(404, "there is nothing at this address")


def image_of(body: bytes) -> Image.Image:
    """An image from the bytes of its file.

    Raises:
        ImageError: It can't be read, or is too large.
    """
    name = Path("the picture")
    with opened(name, body) as image:
        if image.width * image.height > PIXELS:
            raise ImageError(name, f"it has {image.width:,} x {image.height:,} pixels; {PIXELS:,} are the most")
        image.load()
        return image.copy()


def sentence_of(body: bytes) -> str:
    """A sentence from its letters.

    Raises:
        InputError: It is no text, or too long.
    """
    if len(body) > LETTERS:
        raise InputError(f"a sentence has {LETTERS:,} bytes at most")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("a sentence is text in UTF-8") from None


def _number(asked: dict[str, list[str]], name: str) -> int:
    (number, *_) = _numbers(asked, name)
    return number


def _numbers(asked: dict[str, list[str]], name: str) -> list[int]:
    """Whole numbers between commas.

    Raises:
        InputError: There are none, or others.
    """
    words = asked.get(name, [""])[0].split(",")
    if not all(word.removeprefix("-").isdecimal() and len(word) < DIGITS for word in words):
        raise InputError(f"'{name}' is missing, or no whole number")
    return [int(word) for word in words]


def _json(value: Any) -> Answer:
    return Answer(200, JSON, json.dumps(value).encode())


def _refused(status: int, why: str) -> Answer:
    return Answer(status, JSON, json.dumps({"error": why}).encode())
