"""Files on the web, read in parts by HTTP's range requests: for archives that no disk holds (the extra `web`).

>>> is_web("https://example.org/shards/{000..999}.tar"), is_web("shards/000.tar")
(True, False)
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from striate.errors import InputError, WorkError, first_line

SCHEMES = ("http://", "https://")
TRIES = 5  # of a request that fails, with longer and longer pauses
PAUSE = 0.5  # seconds before the second try, and twice as long before each that follows
TIMEOUT = 30.0  # seconds without a byte
AHEAD = 1 << 20  # bytes that are read at once where one part after the other is read
BUSY = (408, 429, 500, 502, 503, 504)  # what servers say that may do better later
PARTIAL, GONE = 206, (401, 403, 404, 410)
KEPT = "what was done is kept, so go on when it is there again"


@dataclass(frozen=True)
class WebFile:
    """A file on the web.

    Attributes:
        url: Where it is.
    """

    url: str

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """Its name, without what is asked of the server: `000.tar`."""
        return urlsplit(self.url).path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The name of the folder it is in."""
        return urlsplit(self.url).path.rpartition("/")[0].rpartition("/")[2] or urlsplit(self.url).netloc

    def part(self, start: int, count: int) -> bytes:
        """`count` bytes from `start` on.

        Raises:
            WorkError: It can't be fetched.
        """
        if not count:
            return b""
        found = _asked(self.url, start, count)
        if len(found.data) != count:
            raise WorkError(f"cannot fetch {self.url}: {len(found.data):,} bytes came, and {count:,} were asked for")
        made: bytes = found.data
        return made

    def stamp(self) -> tuple[int, str]:
        """Its size, and what changes with it.

        Raises:
            InputError: There is no such file.
            WorkError: It can't be asked for, or its server gives no parts of files.
        """
        found = _asked(self.url, 0, 1, preload_content=False)
        found.close()
        size = found.headers.get("content-range", "").rpartition("/")[2]
        if not size.isdigit():
            raise WorkError(f"cannot fetch {self.url}: its server does not say how large it is")
        return int(size), found.headers.get("etag") or found.headers.get("last-modified") or ""

    def open(self) -> io.BufferedReader:
        """It to read and seek in, a megabyte at a time; errors as for `part`."""
        return io.BufferedReader(_Ranged(self, self.stamp()[0]), AHEAD)


class _Ranged(io.RawIOBase):
    """A web file of so many bytes, as Python has files."""

    def __init__(self, file: WebFile, size: int) -> None:
        super().__init__()
        self.file, self.size, self.at = file, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence]
        return self.at

    def readinto(self, buffer: Any) -> int:
        count = max(0, min(len(buffer), self.size - self.at))
        buffer[:count] = self.file.part(self.at, count)
        self.at += count
        return count


def is_web(word: object) -> bool:
    """Whether a word is the address of a file on the web."""
    return isinstance(word, str) and word.lower().startswith(SCHEMES)


def stamp_of(files: list[WebFile]) -> str:
    """A hash that changes with the files; errors as for `WebFile.stamp`."""
    digest = sha256()
    for file in files:
        digest.update(f"{file.url}\0{file.stamp()}\0".encode())
    return digest.hexdigest()


@cache
def _pool(process: int) -> Any:
    """The connections of a process, which are kept open; one that was forked must not read from its parent's."""
    try:
        import urllib3
    except ImportError:
        raise InputError('files on the web are read by urllib3; `pip install "striate[web]"`') from None
    retry = urllib3.Retry(TRIES, backoff_factor=PAUSE, status_forcelist=BUSY, raise_on_status=False)
    return urllib3.PoolManager(maxsize=16, retries=retry, timeout=urllib3.Timeout(TIMEOUT))


def _asked(url: str, start: int, count: int, **how: Any) -> Any:
    """A server's answer with `count` bytes from `start` on."""
    pool = _pool(os.getpid())
    from urllib3.exceptions import HTTPError

    headers = {"Accept-Encoding": "identity", "Range": f"bytes={start}-{start + count - 1}"}
    try:
        found = pool.request("GET", url, headers=headers, **how)
    except HTTPError as error:
        raise WorkError(f"cannot fetch {url}: {_reason(error)}; {KEPT}") from error
    if found.status == PARTIAL:
        return found
    found.close()
    if found.status in GONE:
        raise InputError(f"there is no {url} (status {found.status})")
    if found.status < 400:
        raise WorkError(f"cannot fetch {url}: its server gives no parts of files; fetch it, and give the file")
    raise WorkError(f"cannot fetch {url}: status {found.status}; {KEPT}")


def _reason(error: Exception) -> str:
    inner = getattr(error, "reason", None) or error
    return first_line(inner)
