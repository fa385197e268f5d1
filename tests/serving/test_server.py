"""A server on this machine alone, which answers nobody but its own page."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from striate.errors import InputError, WorkError
from striate.serving import Server


async def echo(scope, receive, send):  # type: ignore[no-untyped-def]
    """Says which path it was asked for, and how long the body was."""
    length, more = 0, True
    while more:
        message = await receive()
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": f"{scope['path']} {length}".encode()})


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(echo, most=1000) as made:
        yield made


def asked(
    server: Server, path: str | None = None, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, str, dict[str, str]]:
    """Status, text and headers of an answer."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request(method, path or urlsplit(server.address).path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), {name.lower(): value for name, value in answer.getheaders()}


def test_it_answers_at_its_address(server: Server) -> None:
    status, text, headers = asked(server, f"/{server.token}/deep/er", "POST", b"12345")
    assert (status, text) == (200, "/deep/er 5")
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


@pytest.mark.parametrize(
    "path", ["/", "/wrong/", "/{token}", "/{token}x/", "//{token}/", "/../{token}/", "/%00/", "/%C3%A9/"]
)
def test_without_the_token_there_is_nothing(server: Server, path: str) -> None:
    status, text, headers = asked(server, path.format(token=server.token))
    assert status in (400, 404)
    assert headers.get("x-content-type-options", "nosniff") == "nosniff"
    assert server.token not in text


def test_every_server_has_another_token(server: Server) -> None:
    with Server(echo) as other:
        assert other.token != server.token
        assert asked(other, f"/{server.token}/")[0] == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}", ""])
def test_other_names_are_refused(server: Server, host: str) -> None:
    assert asked(server, Host=host.format(port=server.port))[0] in (400, 403)


def test_its_own_names_are_not(server: Server) -> None:
    assert asked(server, Host=f"localhost:{server.port}")[0] == 200
    assert asked(server, Host=f"127.0.0.1:{server.port}", Origin=f"http://127.0.0.1:{server.port}")[0] == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1"])
def test_other_sites_are_refused(server: Server, origin: str) -> None:
    assert asked(server, method="POST", body=b"x", Origin=origin.format(port=server.port))[0] == 403


def test_long_bodies_are_refused(server: Server) -> None:
    path = f"/{server.token}/"
    assert asked(server, path, "POST", b"x" * 1000)[0] == 200
    assert asked(server, path, "POST", b"x" * 1001)[0] == 413


def test_bodies_that_do_not_say_their_length_are_counted(server: Server) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        pieces = iter([b"x" * 400] * 5)
        connection.request(
            "POST", f"/{server.token}/", pieces, encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
        )
        assert connection.getresponse().status == 413


@pytest.mark.parametrize(
    "sent", [b"", b"\0" * 100, b"GET / HTTP/9\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"]
)
def test_what_is_not_http_does_not_end_it(server: Server, sent: bytes) -> None:
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=30)) as connection:
        connection.sendall(sent)
    assert asked(server)[0] == 200


def test_it_ends() -> None:
    with Server(echo) as made:
        assert asked(made)[0] == 200
    with pytest.raises(ConnectionError):
        asked(made)


def test_a_port_that_is_taken_is_said(server: Server) -> None:
    with pytest.raises(WorkError, match=f"can't listen at 127.0.0.1, port {server.port} .*; give another port"):
        Server(echo, port=server.port)


def test_wrong_addresses_are_said() -> None:
    with pytest.raises(InputError, match="ports are 0 to 65535"):
        Server(echo, port=70000)
    with pytest.raises(InputError, match="no address 'no such host'"):
        Server(echo, host="no such host")


def test_a_page_may_have_a_policy_of_its_own_and_no_other_rule() -> None:
    async def own(scope, receive, send):  # type: ignore[no-untyped-def]
        headers = [(b"content-security-policy", b"default-src 'none'")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    with Server(own) as made:
        headers = asked(made)[2]
    assert headers["content-security-policy"] == "default-src 'none'"
    assert headers["x-content-type-options"] == "nosniff"
