"""The page's addresses: files of the page, the graph, a frame for an image, and whatever is asked about a frame.

Nothing that a client sends is a path or an address; images are opened in memory, with limits on their size.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from PIL import Image

from striate.data.opening import ImageError, opened
from striate.data.sounds import Wave, wave_of
from striate.errors import InputError, StriateError
from striate.page.frame import floats, packed
from striate.page.live import ChangedError, Live
from striate.page.overlays import backpropagated, overlay
from striate.page.strongest import Examples, Strongest
from striate.page.touching import Changes
from striate.serving.answer import JSON, Answer, of_file, of_json, refused, static

PIXELS = 40_000_000  # of an image; Pillow would open larger ones, and a file of a few bytes can say any size
LETTERS = 100_000  # bytes of a sentence
FILES = static("striate.page")
FILES |= {"/": FILES["/page.html"]}
DIGITS = 10  # of a number that is sent, fewer than these
BINARY = "application/octet-stream"
Asked: TypeAlias = dict[str, list[str]]  # the words of an address after the question mark
Handler: TypeAlias = Callable[[Asked, bytes], Any]  # gives bytes, or what JSON can hold


class Application:
    """An ASGI application around a network that is looked at.

    Args:
        live: The network.
        examples: Opens those of which the top patches of a map are shown; None where there are none.
    """

    def __init__(self, live: Live, examples: Callable[[], Examples] | None = None) -> None:
        self.live, self.examples = live, examples
        self._strongest: Strongest | None = None
        self._workers = ThreadPoolExecutor(2)

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[..., Any]) -> None:
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":  # nobody waits for an answer any more
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        loop = asyncio.get_running_loop()
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        answer = await loop.run_in_executor(
            self._workers, self.answer, scope["method"], scope["path"], asked, bytes(body)
        )
        await answer.sent(send)

    def answer(self, method: str, path: str, asked: Asked, body: bytes) -> Answer:
        """What a request gets: one clear line where it is wrong."""
        found = self._read if method == "GET" else self._sent if method == "POST" else {}
        try:
            if method == "GET" and path in FILES:
                return of_file(FILES[path])
            if path in found:
                made = found[path](asked, body)
                return Answer(200, BINARY, made) if isinstance(made, bytes) else of_json(made)
            if path in (*self._read, *self._sent, *FILES):
                return refused(405, f"GET, or POST to {' and '.join(self._sent)}")
        except ChangedError:
            return Answer(204, JSON, b"")  # no error: the page has asked about a newer picture already
        except StriateError as error:
            return refused(422, str(error))
        except Exception as error:  # the page is told, and the server lives on
            return refused(500, f"{type(error).__name__}: {error}")
        return refused(404, "there is nothing at this address")

    @property
    def _read(self) -> dict[str, Handler]:
        """What is read, by address."""
        live = self.live

        def maps(asked: Asked, _: bytes) -> bytes:
            count = _number(asked, "count") if "count" in asked else 1
            return floats(live.maps(_number(asked, "frame"), _number(asked, "value"), _number(asked, "map"), count))

        def filters(asked: Asked, _: bytes) -> bytes:
            frame, channel = _number(asked, "frame"), _number(asked, "channel")
            return packed({"frame": frame}, {0: live.filters(frame, _number(asked, "call"), channel)[None]}, whole=True)

        def work(asked: Asked, _: bytes) -> Any:
            return live.work(_number(asked, "frame"), _number(asked, "call"), _numbers(asked, "at"))

        def links(asked: Asked, _: bytes) -> Any:
            frame, value = _number(asked, "frame"), _number(asked, "value")
            return live.links(frame, value, _numbers(asked, "at"), _numbers(asked, "shown"))

        def over(asked: Asked, _: bytes) -> bytes:
            aim = _numbers(asked, "aim") if "aim" in asked else ()
            return overlay(live, _number(asked, "frame"), _word(asked, "how"), aim)

        def gradients(asked: Asked, _: bytes) -> bytes:
            return backpropagated(live, _number(asked, "frame"), _number(asked, "label"), _numbers(asked, "shown"))

        def patches(asked: Asked, _: bytes) -> bytes:
            return self._search().patches(_number(asked, "value"), _number(asked, "map"))

        def diagram(_: Asked, __: bytes) -> bytes:
            if live.diagram is None:
                raise InputError("this network has no text to draw a diagram of")
            return live.diagram().encode()

        def graph(asked: Asked, _: bytes) -> Any:
            return {**live.graph(asked.get("open", [])), "examples": self.examples is not None}

        return {
            "/graph": graph,
            "/diagram": diagram,
            "/patches": patches,
            "/map": maps,
            "/work": work,
            "/filters": filters,
            "/links": links,
            "/overlay": over,
            "/gradients": gradients,
        }

    @property
    def _sent(self) -> dict[str, Handler]:
        """What is done with what is sent, by address."""
        live = self.live
        given: Callable[[bytes], Any] = {"image": image_of, "text": sentence_of, "sound": sound_of}[live.reads]
        return {
            "/look": lambda asked, body: live.look(given(body), _numbers(asked, "shown")).as_bytes(),
            "/slide": lambda _, body: live.slide(image_of(body)),
            "/touch": lambda _, body: live.touch(Changes.of_json(body)),
        }

    def _search(self) -> Strongest:
        """The search for patches in the network as it is."""
        if self.examples is None:
            raise InputError("there are no examples here to take patches from")
        with self.live.lock:
            if self._strongest is None or self._strongest.model is not self.live.model:
                self._strongest = Strongest(self.live, self.examples)
            return self._strongest


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


def sound_of(body: bytes) -> Wave:
    """A sound from the bytes of a wave file.

    Raises:
        WaveError: It is none.
    """
    return wave_of(body, "the sound")


def _number(asked: Asked, name: str) -> int:
    (number, *_) = _numbers(asked, name)
    return number


def _word(asked: Asked, name: str) -> str:
    return asked.get(name, [""])[0]


def _numbers(asked: Asked, name: str) -> tuple[int, ...]:
    """Whole numbers between commas.

    Raises:
        InputError: There are none, or others.
    """
    words = _word(asked, name).split(",")
    if not all(word.removeprefix("-").isdecimal() and len(word) < DIGITS for word in words):
        raise InputError(f"'{name}' is missing, or no whole number")
    return tuple(map(int, words))
