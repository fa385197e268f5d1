"""An application that runs in a thread of its own, at an address that only this machine reaches.

>>> async def hello(scope, receive, send):
...     await send({"type": "http.response.start", "status": 200, "headers": []})
...     await send({"type": "http.response.body", "body": b"hello"})
>>> from urllib.request import urlopen
>>> with Server(hello) as server:
...     urlopen(server.address).read()
b'hello'
"""

from __future__ import annotations

import secrets
import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn

from striate.errors import InputError, WorkError
from striate.serving.guard import MOST, Application, Guard

LOOPBACK = "127.0.0.1"
AT_ONCE = 64  # requests that are answered at the same time; more are told to come back
STOPPING = 5  # seconds for answers that are on their way


class Server:
    """Begins with `with`, or with `start`, and ends with `stop`.

    Args:
        app: An ASGI application; the paths it is asked for begin after the token.
        host: The address to listen at; by default no other machine reaches it.
        port: 0 for a free one.
        most: Bytes of a request's body.

    Raises:
        InputError: No such host or port here.
        WorkError: The port is taken.
    """

    def __init__(self, app: Application, host: str = LOOPBACK, port: int = 0, most: int = MOST) -> None:
        self.token = secrets.token_urlsafe(16)
        self._socket = _listening(host, port)
        self.host, self.port = host, self._socket.getsockname()[1]
        names = {self._shown, "localhost"} if host == LOOPBACK else {self._shown}
        guard = Guard(app, self.token, [f"{name}:{self.port}" for name in names], most)
        self._server = uvicorn.Server(
            uvicorn.Config(
                guard,
                log_level="critical",
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
                limit_concurrency=AT_ONCE,
                timeout_graceful_shutdown=STOPPING,
            )
        )
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    @property
    def _shown(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def address(self) -> str:
        """Where the page is, with the token that opens it."""
        return f"http://{self._shown}:{self.port}/{self.token}/"

    def start(self) -> Self:
        """Answer requests from now on, unless it does already; they wait until the server has begun."""
        if self._thread.ident is None:
            self._thread.start()
        return self

    def wait(self) -> None:
        """Until the server has ended."""
        self._thread.join()

    def stop(self) -> None:
        """End, after the answers that are on their way."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(2 * STOPPING)
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def checked_port(port: int) -> int:
    """A port.

    Raises:
        InputError: There is no such port.
    """
    if not 0 <= port <= 65535:
        raise InputError(f"ports are 0 to 65535, of which 0 takes a free one. Received: {port}")
    return port


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, checked_port(port), type=socket.SOCK_STREAM)[0][0]
        made = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise InputError(f"this machine has no address '{host}'; leave it out, or give one of its own") from None
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen()
    except OSError as error:
        made.close()
        raise WorkError(f"can't listen at {host}, port {port} ({error.strerror}); give another port") from None
    return made
