"""All image files of a folder, read once and from then on found in the cache, until one of them changes.

A file is the same while its name, size, times and inode are. The time of its last change of any kind (ctime) is among
them, so an edit is seen although somebody set the modification time back.

>>> stamp = Stamp.of(Path("/data"), [Path("/data/gone.png")])
>>> stamp == Stamp.of(Path("/data"), [Path("/data/gone.png")]), stamp.bytes
(True, 0)
"""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from . import kept
from .progress import bar
from .worker import Answer
from .workers import Workers

WORTH = 1 << 20  # bytes of image files below which reading them again is quicker than a look at the cache
SETTLED = 2.0  # seconds after which a further change is sure to be seen in a file's times, on any file system
NOT_TRIED = "not tried"
LARGE = 1 << 20  # pixels of an image that is decoded by a thread: processes each hold one, and share no limit


@dataclass(frozen=True)
class Stamp:
    """What tells whether files have changed.

    Attributes:
        key: a hash of their names below the root, sizes, times and inodes.
        bytes: of all of them.
        newest: the last change of any, seconds since 1970.
    """

    key: str
    bytes: int
    newest: float

    @classmethod
    def of(cls, root: Path, paths: Iterable[Path]) -> Self:
        """Of the files `paths`, which are under `root`; one that is not there has no size."""
        digest, total, newest = sha256(), 0, 0
        for path in paths:
            try:
                found = os.stat(path)
                about = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
            except OSError:
                about = (0, 0, 0, 0)
            digest.update(f"{path.relative_to(root)}\0{about}\0".encode(errors="surrogateescape"))
            total += about[0]
            newest = max(newest, about[1], about[2])
        return cls(digest.hexdigest(), total, newest / 1e9)


class Many:
    """The image files of one data set.

    Args:
        name: the data set's.
        root: its folder.
        paths: the files, which are under it.
        workers: to read them.
        show: whether to draw progress.

    Attributes:
        notes: what the cache had, or could not take.
    """

    def __init__(self, name: str, root: Path, paths: Sequence[Path], workers: Workers, show: bool) -> None:
        self.name, self.root, self.paths, self.workers, self.show = name, root, paths, workers, show
        self.stamp = Stamp.of(root, paths)
        self.notes: list[str] = []

    def facts(self, what: str, work: "partial[Any]", areas: Sequence[int] | None = None) -> list[Answer]:
        """What `work` says of each file, which JSON must be able to hold; None and the reason where it cannot.

        Args:
            what: for the progress bar.
            work: a function that can be pickled.
            areas: the pixels of each file that `work` decodes; 0 for one that is not to be tried.
        """
        areas = [1] * len(self.paths) if areas is None else areas
        entry = self._entry(what, work, areas)
        if found := self._found(entry, work):
            return list(zip(found.facts["values"], found.facts["reasons"], strict=True))
        answers: list[Answer] = [(None, NOT_TRIED)] * len(self.paths)
        for row, answer in self._each(what, work, areas):
            answers[row] = answer
        values, reasons = zip(*answers, strict=True) if answers else ((), ())
        self._keep(entry, np.empty(0), {"values": values, "reasons": reasons})
        return answers

    def pixels(
        self, what: str, work: "partial[Any]", shape: tuple[int, ...], areas: Sequence[int]
    ) -> tuple[NDArray[np.uint8], list[str | None]]:
        """What `work` decodes each file to, an array of the form `shape` (C, H, W); else as for `facts`.

        Returns:
            The images (N, C, H, W) that could be read, in order; for each file None, or why it could not.
        """
        entry = self._entry(what, work, areas)
        if found := self._found(entry, work):
            return found.array, found.facts["reasons"]
        images = np.empty((len(self.paths), *shape), np.uint8)
        reasons: list[str | None] = [NOT_TRIED] * len(self.paths)
        for row, (pixels, reason) in self._each(what, work, areas):
            images[row], reasons[row] = 0 if pixels is None else pixels, reason
        good = [row for row, reason in enumerate(reasons) if reason is None]
        for place, row in enumerate(good):  # in place: a second array would take as much memory again
            if place < row:
                images[place] = images[row]
        images = images[: len(good)]
        self._keep(entry, images, {"reasons": reasons})
        return images, reasons

    def _each(self, what: str, work: "partial[Any]", areas: Sequence[int]) -> Iterator[tuple[int, Answer]]:
        """What came of each file that is to be tried, with its position."""
        with bar(f"{self.name}: {what}", len(self.paths), show=self.show) as advance:
            for here in (False, True):
                rows = [row for row, area in enumerate(areas) if area and (area > LARGE) == here]
                answers = self.workers.each(work, [self.paths[row] for row in rows], here=here)
                for row, answer in zip(rows, answers, strict=True):
                    yield row, answer
                    advance(1)

    def _entry(self, what: str, work: "partial[Any]", areas: Sequence[int]) -> str:
        how, without = sorted(work.keywords.items()), [row for row, area in enumerate(areas) if not area]
        return kept.name(f"{self.name}-{what}", work.func.__name__, how, without, self.stamp.key)

    def _found(self, entry: str, work: "partial[Any]") -> kept.Kept | None:
        """The entry, if what could not be read then still cannot: it may have been for want of memory, or a network."""
        found = kept.find(entry) if self.stamp.bytes >= WORTH else None
        if not found:
            return None
        failed = [row for row, reason in enumerate(found.facts["reasons"]) if reason not in (None, NOT_TRIED)]
        if any(reason is None for _, reason in self.workers.each(work, [self.paths[row] for row in failed])):
            return None
        if found.said() not in self.notes:
            self.notes.append(found.said())
        return found

    def _keep(self, entry: str, array: NDArray[Any], facts: dict[str, Any]) -> None:
        if self.stamp.bytes < WORTH or time.time() - self.stamp.newest < SETTLED:
            return
        if Stamp.of(self.root, self.paths) != self.stamp:  # changed while they were read
            return
        why = kept.keep(entry, array, facts)
        note = f"what was decoded is not kept for the next time: {why}"
        if why and note not in self.notes:
            self.notes.append(note)
