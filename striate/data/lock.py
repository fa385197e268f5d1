"""One process at a time writes to a folder.

>>> import tempfile
>>> with locked(Path(tempfile.mkdtemp())):
...     pass
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from striate.errors import WorkError

try:
    import fcntl
except ImportError:  # Windows: a second process in the same folder is not noticed there
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Holds a folder's lock; it is free again when the process ends, however it does.

    Raises:
        WorkError: Another process holds it, or the folder can't be written to.
    """
    try:
        file = (root / LOCK).open("ab")
    except OSError as error:
        raise WorkError(f"can't write to {root}: {error.strerror}") from None
    with file:
        if fcntl:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise WorkError(f"another process writes to {root}; wait for it, or end it") from None
        yield
