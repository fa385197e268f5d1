"""All image files of a folder, read once and then taken from the cache until one of them changes.

A file counts as unchanged while its name, size, times and inode are. The times include ctime, of its last change of
any kind, so an edit is noticed even if the modification time was set back.

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

WORTH = 1 << 20  # bytes of image files below which reading them again is quicker than checking the cache
SETTLED = 2.0  # seconds after which a further change is sure to show in a file's times, on any file system
NOT_TRIED = "not tried"
LARGE = 1 << 20  # pixels of an image that is decoded by a thread: processes each hold one, and share no limit


@dataclass(frozen=True)
class Stamp:
    """A stamp that shows whether files have changed.

    Attributes:
        key: a hash of their names relative to the root, sizes, times and inodes.
        bytes: the total of all files.
        newest: the last change of any, in seconds since 1970.
    """

    key: str
    bytes: int
    newest: float

    @classmethod
    def of(cls, root: Path, paths: Iterable[Path]) -> Self:
        """The stamp of the files `paths`, which are under `root`; a missing file counts as size 0."""
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
        notes: what came from the cache, or could not be stored in it.
    """

    def __init__(self, name: str, root: Path, paths: Sequence[Path], workers: Workers, show: bool) -> None:
        self.name, self.root, self.paths, self.workers, self.show = name, root, paths, workers, show
        self.stamp = Stamp.of(root, paths)
        self.notes: list[str] = []

    def facts(self, what: str, work: "partial[Any]", areas: Sequence[int] | None = None) -> list[Answer]:
        """The result of `work` for each file, which JSON must be able to hold; None and the reason where it fails.

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
        """The array that `work` decodes each file to, of shape `shape` (C, H, W); else as for `facts`.

        Returns:
            The images (N, C, H, W) that could be read, in order; for each file None, or why it could not be read.
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
        """The result for each file that is to be tried, with its position."""
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
        """The entry, unless a file that failed then can be read now: memory may have been short, or a network down."""
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
