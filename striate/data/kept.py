"""A cache on disk for data that took long to read: each entry is an array and a few facts.

An entry is one file, written under another name first, so a file with its name is whole; its first line is the SHA-256
of the rest, and one that was damaged counts as absent. When all entries together would exceed `limit()`, the
least recently used are removed. When two processes store the same entry, either wins.

>>> name("pets", "one", 2) == name("pets", "one", 3), name("pets", "one", 2)[:5]
(False, 'pets-')
"""

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray

from striate.errors import InputError
from striate.interrupt import undone_by

from .fetch import cache_folder

LIMIT = 4.0  # GiB
SPARE = 2  # the disk must have this many times an entry's bytes free
SUFFIX = ".kept"
ABANDONED = 86400.0  # seconds after which an unfinished file is taken for abandoned
SUM = 65  # bytes of the first line


@dataclass(frozen=True, eq=False)
class Kept:
    """An entry of the cache.

    Attributes:
        array: of any shape and type of numbers.
        facts: values that JSON can hold.
        made: when it was stored, in seconds since 1970.
    """

    array: NDArray[Any]
    facts: dict[str, Any]
    made: float

    def said(self) -> str:
        """For a line to the user."""
        return f"read from the cache (made {time.strftime('%Y-%m-%d %H:%M', time.localtime(self.made))})"


def limit() -> int:
    """The most bytes of all entries together: $STRIATE_CACHE_GIB (0 stores nothing), else 4 GiB.

    Raises:
        InputError: $STRIATE_CACHE_GIB is no number from 0 on.
    """
    word = os.environ.get("STRIATE_CACHE_GIB", "")
    try:
        size = float(word) if word.strip() else LIMIT
    except ValueError:
        size = -1
    if not 0 <= size < 1e9:
        raise InputError(f"STRIATE_CACHE_GIB is the size of the cache in GiB, such as 4. Received: {word!r}")
    return int(size * 2**30)


def name(what: str, *key: object) -> str:
    """The entry's name, from `what` is to be read and everything that affects the result."""
    text = "".join(f"{len(part)}:{part}" for part in map(str, (*key, _version())))
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", what)[:40]
    return f"{readable}-{sha256(text.encode(errors='surrogateescape')).hexdigest()[:32]}"


def find(entry: str) -> Kept | None:
    """The entry, if it is there and whole."""
    if not limit():
        return None
    try:
        path = _folder() / (entry + SUFFIX)
        with path.open("rb") as file:
            told = file.read(SUM)[:-1].decode("ascii", "replace")
            if file_digest(file, "sha256").hexdigest() != told:
                return None
            file.seek(SUM)
            facts = json.loads(file.readline())
            array = np.load(file, allow_pickle=False)
        with suppress(OSError):  # a cache that can be read and not written
            os.utime(path)
        return Kept(array, facts["facts"], facts["made"])
    except (OSError, RuntimeError, ValueError, EOFError, KeyError):  # RuntimeError: nobody knows the user's home
        return None


def keep(entry: str, array: NDArray[Any], facts: Mapping[str, Any]) -> str:
    """Stores an entry; returns the reason if it can't be stored, and "" otherwise or when it is too large."""
    most = limit()
    try:
        size = array.nbytes + len(json.dumps(facts))
        if size > most:
            return ""
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # private: a person's pictures
        _trim(folder, most - size)
        if shutil.disk_usage(folder).free < SPARE * size:
            return f"the disk of {folder} is nearly full"
        _write(folder / (entry + SUFFIX), array, facts)
    except OSError as error:
        return f"{_folder()} cannot be written ({error.strerror or error})"
    except RuntimeError as error:
        return f"there is no cache ({error})"
    return ""


def _write(path: Path, array: NDArray[Any], facts: Mapping[str, Any]) -> None:
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with undone_by(lambda: os.unlink(unfinished)), os.fdopen(handle, "w+b") as file:
            file.write(b"-" * (SUM - 1) + b"\n")
            file.write(json.dumps({"made": time.time(), "facts": facts}).encode() + b"\n")
            np.save(file, array, allow_pickle=False)
            file.seek(SUM)
            found = file_digest(file, "sha256").hexdigest()
            file.seek(0)
            file.write(found.encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise


def _trim(folder: Path, most: int) -> None:
    """Removes the least recently used entries until `most` bytes are left, and abandoned unfinished files."""
    total, now = 0, time.time()
    for used, size, path in sorted(_entries(folder), reverse=True):
        unfinished = not path.name.endswith(SUFFIX)
        total += 0 if unfinished else size
        if now - used > ABANDONED if unfinished else total > most:
            with suppress(OSError):  # another process was quicker, or is reading it
                path.unlink()


def _entries(folder: Path) -> list[tuple[float, int, Path]]:
    found = []
    for path in folder.iterdir():
        with suppress(OSError):
            about = path.stat()
            found.append((about.st_mtime, about.st_size, path))
    return found


def _folder() -> Path:
    return cache_folder() / "decoded"


@cache
def _version() -> str:
    """A text that changes with any code that affects what is read from a file."""
    digest = sha256(f"{PIL.__version__} {np.__version__} {_heif()}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _heif() -> str:
    try:
        from pillow_heif import __version__
    except ImportError:
        return ""
    return str(__version__)
