"""What stands before an application: a secret in the address, the names it may be called by, and how much it reads.

A page of another site that is open in the same browser can send requests to this machine too. It can't know the token;
it names itself in `Origin`; and a name of its own that it lets point to this machine ("DNS rebinding") is in `Host`.

>>> guard = Guard(None, "secret", ["127.0.0.1:8000"])
>>> guard.refusal("/secret/", {b"host": b"127.0.0.1:8000"})
>>> guard.refusal("/secret/", {b"host": b"evil.example"})
(403, 'this server does not go by that name')
>>> guard.refusal("/", {b"host": b"127.0.0.1:8000"})
(404, 'the address lacks its token; open the whole address that was printed')
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

MOST = 32 * 2**20  # bytes of a request's body
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "permissions-policy": "camera=(self), microphone=(self), geolocation=(), display-capture=()",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",  # the address has the token in it
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class _TooLongError(Exception):
    """A body beyond the limit."""


class Guard:
    """An ASGI application around another, which sees only requests that may be answered, without the token.

    Args:
        app: The application inside.
        token: The first part of every path.
        hosts: What `Host` may say: names with ports.
        most: Bytes of a body.
    """

    def __init__(self, app: Application | None, token: str, hosts: Iterable[str], most: int = MOST) -> None:
        self.app, self.token, self.most = app, token.encode(), most
        self.hosts = {host.encode() for host in hosts}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" and self.app:
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http" or not self.app:
            return
        headers = dict(scope["headers"])
        if refusal := self.refusal(scope["path"], headers):
            await _refuse(send, *refusal)
            return
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                own = list(message.get("headers", ()))  # a page may have a policy of its own
                message["headers"] = own + [one for one in _encoded(HEADERS) if one[0] not in dict(own)]
            await send(message)

        inner = dict(scope, path=scope["path"][len(self.token) + 1 :], raw_path=None)
        try:
            await self.app(inner, self._limited(receive), answer)
        except _TooLongError:
            if not begun:
                await _refuse(send, 413, f"a request has {self.most:,} bytes at most")

    def refusal(self, path: str, headers: Mapping[bytes, bytes]) -> tuple[int, str] | None:
        """Why a request is not answered: status and reason; None where it is."""
        if headers.get(b"host", b"").lower() not in self.hosts:
            return 403, "this server does not go by that name"
        given = path.removeprefix("/").partition("/")[0]
        if not hmac.compare_digest(given.encode(), self.token) or not path.startswith(f"/{given}/"):
            return 404, "the address lacks its token; open the whole address that was printed"
        if (origin := headers.get(b"origin")) and origin.lower() not in {b"http://" + host for host in self.hosts}:
            return 403, "requests of other sites are not answered"
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self.most:
            return 413, f"a request has {self.most:,} bytes at most"
        return None

    def _limited(self, receive: Receive) -> Receive:
        """Stops a body that is longer than it said, or said nothing."""
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.most:
                raise _TooLongError
            return message

        return counted


async def _refuse(send: Send, status: int, why: str) -> None:
    headers = _encoded({**HEADERS, "content-type": "text/plain; charset=utf-8"})
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{why}\n".encode()})


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
