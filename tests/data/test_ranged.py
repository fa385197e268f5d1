"""Files on the web, read in parts: what comes is what is there, and what goes wrong is told."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import striate as st
from striate.data import load, ranged
from striate.data.ranged import WebFile
from striate.errors import InputError, WorkError
from striate.runs import keeper
from striate.training.moment import Moment
from tests.data.test_shards import packed as packed

HOW: dict[str, Any] = {
    "batch": 4,
    "seed": 3,
    "lr": 0.02,
    "threads": 1,
    "quiet": True,
    "engine": "torch",
    "device": "cpu",
}


class Server:
    """A folder over HTTP, on this machine alone.

    Attributes:
        fails: How many of the next answers are that the server is busy.
        whole: Whether it ignores what part is asked for.
        asked: Which bytes of what were asked for.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.fails, self.whole, self.asked = root, 0, False, list[tuple[str, int, int]]()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}"

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        path = self.root / to.path.partition("?")[0].lstrip("/")
        content = path.read_bytes() if path.is_file() else b""
        if self.fails or not path.is_file():
            status, self.fails = (503 if self.fails else 404), max(0, self.fails - 1)
            to.send_response(status)
            to.send_header("Content-Length", "0")
            to.end_headers()
            return
        first, last = map(int, to.headers["Range"].removeprefix("bytes=").split("-"))
        self.asked.append((to.path, first, last))
        part = content if self.whole else content[first : last + 1]
        to.send_response(200 if self.whole else 206)
        to.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        to.send_header("ETag", f'"{hash(content)}"')
        to.send_header("Content-Length", str(len(part)))
        to.end_headers()
        to.wfile.write(part)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(ranged, "PAUSE", 0.0)
    ranged._pool.cache_clear()
    made = Server(tmp_path)
    yield made
    made.http.shutdown()
    made.http.server_close()
    ranged._pool.cache_clear()


def test_parts_are_those_of_the_file(server: Server, tmp_path: Path) -> None:
    content = bytes(range(256)) * 9000
    (tmp_path / "a.bin").write_bytes(content)
    file = WebFile(f"{server.url}/a.bin?token=1")
    assert file.name == "a.bin"
    assert file.stamp()[0] == len(content)
    assert file.part(1000, 300) == content[1000:1300]
    with file.open() as opened:
        opened.seek(2_000_000)
        assert opened.read(500) == content[2_000_000:2_000_500]
        opened.seek(-10, 2)
        assert opened.read() == content[-10:]
        assert opened.read() == b""


def test_a_busy_server_is_asked_again_and_one_that_stays_so_is_told(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"0123456789")
    file = WebFile(f"{server.url}/a.bin")
    server.fails = 3
    assert file.part(2, 3) == b"234"
    server.fails = 1000
    with pytest.raises(WorkError, match=r"a\.bin: status 503; what was done is kept"):
        file.part(2, 3)


def test_what_is_not_there_and_servers_without_parts_are_told(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"0123456789")
    with pytest.raises(InputError, match=r"there is no .*gone\.tar"):
        WebFile(f"{server.url}/gone.tar").stamp()
    server.whole = True
    with pytest.raises(WorkError, match="gives no parts of files"):
        WebFile(f"{server.url}/a.bin").part(0, 3)


def test_no_server_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranged, "PAUSE", 0.0)
    ranged._pool.cache_clear()
    with pytest.raises(WorkError, match=r"cannot fetch http://127\.0\.0\.1:9/a\.tar"):
        WebFile("http://127.0.0.1:9/a.tar").stamp()
    ranged._pool.cache_clear()


def test_archives_on_the_web_are_those_on_the_disk(server: Server, packed: Path, tmp_path: Path) -> None:
    here, there = load(packed), load(f"{server.url}/shards/{{000..002}}.tar")
    assert there.classes == here.classes
    assert there.name == "shards"
    for part, split in here.parts.items():
        other = there.parts[part]
        assert other.labels.tolist() == split.labels.tolist()
        rows = range(len(split))
        assert (other.images.read(rows) == split.images.read(rows)).all()  # type: ignore[union-attr]
        assert [str(path).rpartition("/")[2] for path in other.paths] == [
            str(path).rpartition("/")[2] for path in split.paths
        ]


def test_an_index_is_read_from_the_cache_until_an_archive_changes(server: Server, packed: Path) -> None:
    url = f"{server.url}/shards/{{000..002}}.tar"
    load(url)
    server.asked.clear()
    assert "its index is read from the cache" in " ".join(load(url).notes)
    largest = max(last - first + 1 for _, first, last in server.asked)
    assert largest < (packed / "000.tar").stat().st_size  # a few images were looked at, no archive was read
    (packed / "000.tar").write_bytes((packed / "000.tar").read_bytes() + b"\0" * 512)
    assert "its index is kept in the cache" in " ".join(load(url).notes)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_lost_connection_stops_a_training_that_goes_on_later(
    server: Server, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    url, net = f"{server.url}/shards/{{000..002}}.tar", "INPUT -> conv 4@3 -> relu -> gap -> fc 2"
    whole = st.train(net, url, out=tmp_path / "whole", epochs=3, workers=workers, **HOW)
    count, batch = 0, keeper.Keeper.batch

    def losing(self: keeper.Keeper, now: Moment) -> None:
        nonlocal count
        batch(self, now)
        count += 1
        server.fails = 10**6 if count == 7 else server.fails

    monkeypatch.setattr(keeper.Keeper, "batch", losing)
    with pytest.raises(WorkError, match=r"cannot fetch .*status 503; what was done is kept"):
        st.train(net, url, out=tmp_path / "run", epochs=3, workers=workers, **HOW)
    monkeypatch.undo()
    server.fails = 0
    again = st.resume(tmp_path / "run", quiet=True)
    assert [epoch.figures for epoch in again.history.epochs] == [epoch.figures for epoch in whole.history.epochs]
    assert not again.left_out
