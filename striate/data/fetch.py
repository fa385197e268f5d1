"""The files of the named sets: found on this machine, or downloaded once.

A file is looked for under $STRIATE_DATA, then in the user's cache. A download goes to `NAME.part`, is resumed
where it stopped, and takes its name only when its SHA-256 is right, so a file that is there is whole.

>>> Remote("mnist", "t10k-labels-idx1-ubyte.gz", "ff7b…", unpacked=True).url
'https://ossci-datasets.s3.amazonaws.com/mnist/t10k-labels-idx1-ubyte.gz'
"""

import gzip
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import file_digest, sha256
from http.client import HTTPException, HTTPResponse
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from platformdirs import user_cache_dir

from striate.errors import InputError, WorkError

from .progress import bar

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

BASES = {
    "mnist": "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "fashion-mnist": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "cifar10": "https://www.cs.toronto.edu/~kriz/",
    "squeezenet": "https://download.pytorch.org/models/",
}
CHUNK = 1 << 18
TIMEOUT = 30.0  # seconds without a byte
UNREADABLE = (OSError, EOFError, zlib.error)  # what a broken gzip file raises


@dataclass(frozen=True)
class Remote:
    """One file of a named set.

    Attributes:
        owner: the set, also the folder that holds its files.
        name: the file's name.
        sha256: of the file, or with `unpacked` of what the gzip file holds; its first digits where those are all that
            the publisher tells.
        unpacked: the file may also be stored unpacked, without its `.gz`.
    """

    owner: str
    name: str
    sha256: str
    unpacked: bool = False

    @property
    def url(self) -> str:
        return BASES[self.owner] + self.name


def data_folder() -> Path | None:
    """$STRIATE_DATA, or None when it is not set."""
    root = os.environ.get("STRIATE_DATA")
    return Path(root).expanduser() if root else None


def cache_folder() -> Path:
    """Where downloads are kept."""
    return Path(user_cache_dir("striate"))


def find(*names: str) -> Path | None:
    """The first of the files (`mnist/NAME`) found under $STRIATE_DATA, else under the cache."""
    roots = [root for root in (data_folder(), cache_folder()) if root]
    return next((root / name for root in roots for name in names if (root / name).is_file()), None)


def obtain(files: Sequence[Remote], progress: bool = False) -> list[Path]:
    """The paths of `files`, downloading into the cache those that are found nowhere.

    Raises:
        WorkError: a download failed; says which files to put where, and where they come from.
    """
    paths = [find(*_places(file)) for file in files]
    for i, file in enumerate(files):
        try:
            paths[i] = paths[i] or download(file, progress)
        except URLError as error:
            missing = [other for other, path in zip(files, paths, strict=True) if not path]
            raise WorkError(_by_hand(missing, f"cannot fetch {file.url} ({_reason(error)})")) from error
    return [path for path in paths if path]


def content(file: Remote, path: Path) -> bytes:
    """The unpacked bytes of the file found at `path`.

    Raises:
        InputError: they are not the bytes of `file`.
    """
    try:
        with _unpacking(path) as stream:
            data = stream.read()
    except UNREADABLE as error:
        raise InputError(f"{path} cannot be read ({error}); {_put_right(file)}") from error
    if sha256(data).hexdigest() != file.sha256:
        raise InputError(
            f"{path} is not the {file.name} of {file.owner}: SHA-256 {sha256(data).hexdigest()}, "
            f"expected {file.sha256}; {_put_right(file)}"
        )
    return data


def download(file: Remote, progress: bool = False) -> Path:
    """Downloads `file` into the cache, resuming what an earlier call began.

    Raises:
        URLError: the server cannot be reached, or does not have it.
        WorkError: the connection was lost on the way, the disk is full, or what came is not `file`.
    """
    target = cache_folder() / file.owner / file.name
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab") as out:
            _lock(out)
            if not target.exists():
                _receive(file, out, progress)
                out.flush()
                os.fsync(out.fileno())
                _verify(file, part)
                os.replace(part, target)
            else:
                part.unlink(missing_ok=True)  # another that waited may have removed it
    except URLError:
        raise
    except OSError as error:
        raise WorkError(f"cannot write {part} ({error.strerror}); free some space there and run it again") from error
    return target


def _lock(out: BinaryIO) -> None:
    """A second process that downloads the same file waits here, and then finds it."""
    if fcntl:
        with suppress(OSError):  # a file system without locks; the checksum still catches a mixed-up file
            fcntl.flock(out, fcntl.LOCK_EX)


def _receive(file: Remote, out: BinaryIO, progress: bool) -> None:
    """Appends to `out` the missing rest of `file`; starts again when the server sends the whole file."""
    start = out.seek(0, os.SEEK_END)
    headers = {"User-Agent": "striate"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        response = urlopen(Request(file.url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        if error.code == 416 and start:  # nothing after `start`: all of it is here
            return
        raise
    except URLError:
        raise
    except (OSError, HTTPException) as error:
        raise URLError(str(error) or type(error).__name__) from error
    with closing(response):
        if response.status != 206:
            out.truncate(start := 0)
        total = None if response.length is None else start + response.length
        with bar(f"{file.owner}: {file.name}", total, show=progress) as advance:
            advance(start)
            for chunk in _chunks(response, file):
                out.write(chunk)
                advance(len(chunk))
        if total is not None and (got := out.seek(0, os.SEEK_END)) < total:
            raise _lost(file, f"after {got:,} of {total:,} bytes")


def _chunks(response: HTTPResponse, file: Remote) -> Iterator[bytes]:
    while True:
        try:
            chunk = response.read(CHUNK)
        except (OSError, HTTPException) as error:
            raise _lost(file, f"({error or type(error).__name__})") from error
        if not chunk:
            return
        yield chunk


def _lost(file: Remote, how: str) -> WorkError:
    return WorkError(f"the connection to {file.url} was lost {how}; run it again to go on from there")


def _verify(file: Remote, part: Path) -> None:
    try:
        with _unpacking(part) if file.unpacked else part.open("rb") as stream:
            found = file_digest(stream, "sha256").hexdigest()
    except UNREADABLE as error:
        found = f"unreadable ({error})"
    if not found.startswith(file.sha256):
        part.unlink()
        raise WorkError(
            f"{file.url} sent something else than {file.name}: SHA-256 {found}, expected {file.sha256}; "
            "it was deleted; run it again, or get the file elsewhere"
        )


def _unpacking(path: Path) -> gzip.GzipFile | BufferedReader:
    """The file opened for reading, unpacked if its first bytes say that it is compressed; its name may not tell."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else path.open("rb")


def _places(file: Remote) -> tuple[str, ...]:
    place = f"{file.owner}/{file.name}"
    return (place, place.removesuffix(".gz")) if file.unpacked else (place,)


def _reason(error: URLError) -> str:
    return f"HTTP status {error.code}" if isinstance(error, HTTPError) else str(error.reason)


def _put_right(file: Remote) -> str:
    return f"delete it and it is downloaded again from {BASES[file.owner]}"


def _by_hand(files: Sequence[Remote], problem: str) -> str:
    owner = files[0].owner
    here = data_folder()
    places = f"$STRIATE_DATA/{owner}" + (f" ({here / owner})" if here else " (not set)")
    listed = ", ".join(file.name for file in files)
    return f"{owner}: {problem}; put {listed} from {BASES[owner]} into {places} or {cache_folder() / owner}"
