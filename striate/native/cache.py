"""Compiled code, stored in the user's cache folder under the hash of everything it was made from.

An entry is a folder: the C sources, the compiled file, and `entry.json`, written last, with that file's size and
SHA-256. It is completed in a workspace beside its final place and then renamed, so no lock is needed: when two
processes make the same entry, either wins and both read a complete one. An incomplete entry is noticed when it is
read, and made again.

>>> key("int one(void) { return 1; }", "gcc", "-O3") == key("int one(void) { return 1; }", "gcc", "-O2")
False
"""

import atexit
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

from platformdirs import user_cache_path

from striate.interrupt import undone_by

LIMIT = 512 * 2**20  # bytes of all entries at most
SPARED = 60.0  # seconds after its last use for which an entry is kept: another process may be reading it
ABANDONED = 86400.0  # seconds after which a workspace is taken for abandoned
LONGEST = 60  # letters of a name before its sum
ABOUT, WORKSPACE, FAILED = "entry.json", ".new-", "failed-"
_used: set[Path] = set()  # the entries this process has given out


def folder() -> Path | None:
    """Where entries are stored between runs; None when the user's home is unknown."""
    try:
        root = user_cache_path("striate") / "native"
    except RuntimeError:
        return None
    return root if root.is_absolute() else None


@cache
def private() -> Path:
    """A folder for this process alone, for when the user's cannot be written.

    It is removed at exit, except for failed compilations, whose path was given to the user.
    """
    root, owner = Path(tempfile.mkdtemp(prefix="striate-native-")), os.getpid()

    @atexit.register
    def remove_all() -> None:
        if os.getpid() == owner:  # not in a fork
            for path in root.iterdir():
                if not path.name.startswith(FAILED):
                    shutil.rmtree(path, ignore_errors=True)
            with suppress(OSError):
                root.rmdir()

    undone_by(remove_all).__enter__()  # as long as the process lives
    return root


def named(what: str, *parts: str) -> str:
    """The name of the entry that is made from `parts`, beginning with what it is for people who look.

    >>> named("LeNet-5 (mine)-avx2", "int one;").rpartition("-")[0]
    'LeNet-5-mine-avx2'
    """
    readable = re.sub(r"[^A-Za-z0-9_.]+", "-", what).strip("-.")[:LONGEST]
    return f"{readable}-{key(*parts)[:16]}"


def key(*parts: str) -> str:
    """A sum over `parts` that tells where each ends."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return sha256(text.encode(errors="surrogateescape")).hexdigest()[:40]


@contextmanager
def workspace(root: Path) -> Iterator[Path]:
    """A new folder on the disk of `root`, gone afterwards.

    Raises:
        OSError: `root` cannot be written.
    """
    root.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=WORKSPACE, dir=root))
    try:
        with undone_by(lambda: shutil.rmtree(place, ignore_errors=True)):
            yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def find(name: str, file: str, root: Path, say: Callable[[str], None] = lambda line: None) -> Path | None:
    """The `file` of the entry `name` under `root` if it is there and complete; an incomplete one is removed."""
    entry = root / name
    if not entry.exists():
        return None
    if not _whole(entry, file):
        say(f"{entry} was not whole: compiling it again")
        remove(entry)
        return None
    _used.add(entry)
    with suppress(OSError):
        os.utime(entry)
    return entry / file


def keep(made: Path, name: str, file: str, root: Path, about: Mapping[str, object]) -> Path:
    """Turns the folder `made`, in a workspace of `root`, into the entry `name`; returns the path of its `file`.

    Raises:
        OSError: the disk is full, or cannot be written.
    """
    data = (made / file).read_bytes()
    text = json.dumps({**about, "size": len(data), "sha256": sha256(data).hexdigest()}, indent=1)
    (made / ABOUT).write_text(text, encoding="utf-8")
    entry = root / name
    if not find(name, file, root):
        try:
            made.rename(entry)
        except OSError:
            if not find(name, file, root):  # else another process was quicker
                raise
    _used.add(entry)
    return entry / file


def keep_failure(made: Path, name: str, root: Path) -> Path:
    """Keeps the folder `made` of a failed compilation, for people to look at."""
    place = root / (FAILED + name)
    remove(place)
    with suppress(OSError):  # another process failed at the same code and has kept the same
        made.rename(place)
    return place


def remove(entry: Path) -> None:
    """Removes the entry at once for every process. One that cannot be removed stays."""
    with suppress(OSError):
        aside = Path(tempfile.mkdtemp(prefix=WORKSPACE, dir=entry.parent))
        with suppress(OSError):
            entry.rename(aside / entry.name)
        shutil.rmtree(aside, ignore_errors=True)
    _used.discard(entry)


def trim(root: Path, limit: int | None = None) -> None:
    """Removes the least recently used entries until all together have at most `limit` bytes (`LIMIT`)."""
    now, entries = time.time(), _used_when(root, "[!.]*")
    sizes = {path: _size(path) for _, path in entries}
    excess = sum(sizes.values()) - (LIMIT if limit is None else limit)
    for used, path in entries:
        if excess > 0 and path not in _used and now - used > SPARED:
            remove(path)
            excess -= sizes[path]
    for made, path in _used_when(root, WORKSPACE + "*"):
        if now - made > ABANDONED:
            shutil.rmtree(path, ignore_errors=True)


def _used_when(root: Path, pattern: str) -> list[tuple[float, Path]]:
    """When each folder of `root` was last used, and its path, oldest first; other processes may take them away."""
    found = []
    for path in root.glob(pattern):
        with suppress(OSError):
            found.append((path.stat().st_mtime, path))
    return sorted(found)


def _size(entry: Path) -> int:
    total = 0
    with suppress(OSError):
        for path in entry.iterdir():
            total += path.stat().st_size
    return total


def _whole(entry: Path, file: str) -> bool:
    try:
        about = json.loads((entry / ABOUT).read_bytes())
        data = (entry / file).read_bytes()
        return bool(about["size"] == len(data) and about["sha256"] == sha256(data).hexdigest())
    except (OSError, ValueError, KeyError, TypeError):
        return False
