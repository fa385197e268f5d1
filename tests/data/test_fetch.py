"""Downloads, against a server of our own on this machine."""

import errno
import gzip
import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError

import pytest

from striate.data import fetch
from striate.data.fetch import Remote, content, download, find, obtain
from striate.errors import InputError, WorkError

BODY = bytes(range(256)) * 4096  # 1 MiB
FILE = Remote("mnist", "big.bin", hashlib.sha256(BODY).hexdigest())


@dataclass
class Server:
    """What the server does, and the Range headers it was asked with."""

    body: bytes = BODY
    status: int = 200
    ranges: bool = True
    cut: int | None = None  # hang up after so many bytes
    asked: list[str | None] = field(default_factory=list)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    does = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers["Range"]
            does.asked.append(asked)
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and does.ranges else 0
            if does.status != 200:
                self.send_error(does.status)
                return
            if start >= len(does.body) and start:
                self.send_error(416)
                return
            body = does.body[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: does.cut])

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setitem(fetch.BASES, "mnist", f"http://127.0.0.1:{http.server_port}/")
    yield does
    http.shutdown()
    thread.join()
    http.server_close()


def test_a_fresh_download(server: Server, cache: Path) -> None:
    path = download(FILE)
    assert path == cache / "mnist" / "big.bin"
    assert path.read_bytes() == BODY
    assert [file.name for file in path.parent.iterdir()] == ["big.bin"]


def test_it_is_downloaded_once(server: Server) -> None:
    assert obtain([FILE]) == obtain([FILE])
    assert server.asked == [None]


def test_a_cut_connection_is_resumed(server: Server, cache: Path) -> None:
    server.cut = 300_000
    with pytest.raises(WorkError, match=r"lost after 300,000 of 1,048,576 bytes; run it again"):
        download(FILE)
    assert (cache / "mnist" / "big.bin.part").stat().st_size == 300_000
    assert find("mnist/big.bin") is None
    server.cut = None
    assert download(FILE).read_bytes() == BODY
    assert server.asked == [None, "bytes=300000-"]


def test_a_server_that_ignores_the_range_sends_it_all_again(server: Server, cache: Path) -> None:
    server.cut, server.ranges = 300_000, False
    for _ in range(2):
        with pytest.raises(WorkError, match="lost after 300,000 of"):
            download(FILE)
    server.cut = None
    assert download(FILE).read_bytes() == BODY
    assert not list(cache.glob("mnist/*.part"))


def test_a_whole_part_is_only_checked(server: Server, cache: Path) -> None:
    (cache / "mnist").mkdir()
    (cache / "mnist" / "big.bin.part").write_bytes(BODY)
    assert download(FILE).read_bytes() == BODY
    assert server.asked == [f"bytes={len(BODY)}-"]


@pytest.mark.parametrize("body", [BODY[:-1] + b"x", b"<html>log in</html>"])
def test_wrong_content_is_refused_and_deleted(server: Server, cache: Path, body: bytes) -> None:
    server.body = body
    with pytest.raises(WorkError, match=f"sent something else than big.bin.*expected {FILE.sha256}"):
        download(FILE)
    assert not list(cache.glob("mnist/*"))


def test_a_stale_part_does_not_stand_in_the_way_for_ever(server: Server, cache: Path) -> None:
    (cache / "mnist").mkdir()
    (cache / "mnist" / "big.bin.part").write_bytes(b"old" * 1000)
    with pytest.raises(WorkError, match="run it again"):
        download(FILE)
    assert download(FILE).read_bytes() == BODY


def test_the_checksum_is_of_what_a_gzip_file_holds(server: Server) -> None:
    file = Remote("mnist", "big.gz", FILE.sha256, unpacked=True)
    server.body = gzip.compress(BODY, 1, mtime=5)
    path = download(file)
    assert path.read_bytes() == server.body
    assert content(file, path) == BODY


def test_broken_gzip_is_refused(server: Server, cache: Path) -> None:
    server.body = gzip.compress(BODY)[:-20]
    with pytest.raises(WorkError, match="sent something else"):
        download(Remote("mnist", "big.gz", FILE.sha256, unpacked=True))
    assert not list(cache.glob("mnist/*"))


@pytest.mark.parametrize("status", [403, 404, 416, 500])
def test_a_server_that_refuses(server: Server, status: int) -> None:
    server.status = status
    with pytest.raises(WorkError, match=f"HTTP status {status}.*put big.bin from http"):
        obtain([FILE])


def test_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fetch.BASES, "mnist", "http://127.0.0.1:1/")
    with pytest.raises(WorkError, match=r"refused.*put big\.bin.*\$STRIATE_DATA/mnist \(not set\)"):
        obtain([FILE])
    with pytest.raises(URLError):
        download(FILE)


def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "TIMEOUT", 0.1)
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as http:  # listens, never answers
        monkeypatch.setitem(fetch.BASES, "mnist", f"http://127.0.0.1:{http.server_port}/")
        with pytest.raises(WorkError, match=r"cannot fetch .*timed out"):
            obtain([FILE])


def test_what_was_found_is_not_asked_for_by_hand(server: Server, cache: Path) -> None:
    server.status = 404
    (cache / "mnist").mkdir()
    (cache / "mnist" / "big.bin").write_bytes(BODY)
    with pytest.raises(WorkError, match=r"put other\.bin, third\.bin from"):
        obtain([FILE, Remote("mnist", "other.bin", ""), Remote("mnist", "third.bin", "")])


def test_a_full_disk(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorkError, match=r"cannot write .*big\.bin\.part \(No space left on device\)") as caught:
        download(FILE)
    assert "\n" not in str(caught.value)
    monkeypatch.undo()


def test_a_cache_that_cannot_be_made(server: Server, cache: Path) -> None:
    (cache / "mnist").write_text("a file where the folder should be")
    with pytest.raises(WorkError, match="cannot write"):
        download(FILE)


def test_two_at_once_download_it_once(server: Server) -> None:
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(download(FILE))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert found[0].read_bytes() == BODY
    assert len(server.asked) == 1
    assert [file.name for file in found[0].parent.iterdir()] == ["big.bin"]


def test_progress_goes_to_standard_error(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    download(FILE, progress=True)
    assert capsys.readouterr().out == ""


def test_found_content_is_checked(cache: Path) -> None:
    (cache / "mnist").mkdir()
    path = cache / "mnist" / "big.bin"
    path.write_bytes(BODY + b"!")
    with pytest.raises(InputError, match=f"is not the big.bin of mnist.*expected {FILE.sha256}"):
        content(FILE, path)
