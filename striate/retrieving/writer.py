"""An index on disk, as it is written: it grows, and is whole whenever its process is killed.

A chunk is written first and listed in `index.json` after it. A chunk that is not full is written again with what comes
next, under a new name, so that an index has few files; those before are deleted when the new list is on disk.

>>> import tempfile
>>> writer = Writer.begin(Path(tempfile.mkdtemp()), About({}, "ab12", "fc1", 2))
>>> with writer.held():
...     for name in ("a.png", "b.png"):
...         writer.put([Image(name, 10, 0)], np.ones((1, 2), np.float32))
>>> [(one.name, one.count) for one in Book.open(writer.root).chunks]
[('00002', 2)]
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np

from striate.data.lock import LOCK, locked
from striate.errors import InputError
from striate.retrieving.about import INDEX, About, Chunk, Image, from_json
from striate.retrieving.book import Book, Vectors
from striate.training.store import SUMS, TEMPORARY, DamagedError

ROWS = 1 << 14  # images of a full chunk


class Writer(Book):
    """The folder of an index, to write to while it is `held`.

    Attributes:
        where: The chunk, by its name, and the row of each file that is whole in the index.
        known: Each of those files as it was.
        wrong: Chunks that are damaged, by name, with the reason.
    """

    where: dict[str, tuple[str, int]]
    known: dict[str, Image]
    wrong: dict[str, str]

    @staticmethod
    def begin(root: Path, about: About) -> Writer:
        """A new index, or one that is there and was made with the same network and layer.

        Raises:
            InputError: The folder holds something else, or an index made with another network.
            WorkError: It can't be written, or its list is damaged.
        """
        if is_free(root):
            writer = Writer(root, about)
            writer.save()
            return writer
        if not (root / INDEX).is_file():
            raise InputError(f"{root} exists already and is no index; choose another folder with `out`")
        book = Book.open(root)
        book.check(about)
        return Writer(root, book.about, book.folders, book.chunks)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the folder's lock, and reads what another process may have written before.

        Raises:
            WorkError: Another process writes to the index.
        """
        with locked(self.root):
            now = Book.open(self.root)
            self.folders, self.chunks = now.folders, now.chunks
            self._read()
            yield

    def _read(self) -> None:
        """Checks all files, and reads which images there are."""
        damaged = self.store.damaged()
        self.wrong = {one.name: damaged[file] for one in self.chunks for file in one.files if file in damaged}
        self.where, self.known = {}, {}
        for one in self.chunks:
            if one.name not in self.wrong:
                self._note(one, self.images(one.name))

    def _note(self, chunk: Chunk, images: Sequence[Image]) -> None:
        for row, image in enumerate(images):
            if row not in chunk.dead:
                self.where[image.path], self.known[image.path] = (chunk.name, row), image

    def lost(self) -> list[str]:
        """The files of damaged chunks, where their names can still be read."""
        found = list[str]()
        for one in self.chunks:
            if one.name in self.wrong:
                with suppress(DamagedError):
                    found += [image.path for image in self.images(one.name)]
        return [path for path in found if path not in self.where]

    def put(self, images: Sequence[Image], vectors: Vectors) -> None:
        """Adds images with their features (N, D), in the place of what is known of the same files.

        They are on disk when it returns.

        Raises:
            WorkError: The disk is full or can't be written; what was there before is whole.
        """
        chunks = self._without([image.path for image in images])
        last = chunks[-1] if chunks and chunks[-1].name not in self.wrong else None
        again = last if last and last.alive + len(images) <= ROWS else None
        self._add(chunks, again, [*images], vectors)

    def drop(self, paths: Sequence[str]) -> None:
        """Leaves files out: their features are deleted from the disk too."""
        self.chunks = self._without(paths)
        for path in paths:
            del self.where[path], self.known[path]
        for one in [one for one in self.chunks if one.dead and one.name not in self.wrong]:
            self._add(self.chunks, one, [], np.zeros((0, self.about.length), np.float32))

    def mended(self) -> None:
        """Leaves damaged chunks out."""
        self.chunks = [one for one in self.chunks if one.name not in self.wrong]
        self.save()

    def save(self) -> None:
        """Writes `index.json`. Files that do not belong to it are deleted after that.

        They are chunks whose place another has taken or that a killed process left, and what was derived from before.
        """
        ours = {INDEX, *(file for one in self.chunks for file in one.files)}
        self.store.write({INDEX: self.content()}, [name for name in self.store.listed() if name not in ours])

    def _without(self, paths: Sequence[str]) -> list[Chunk]:
        """The chunks with the rows of some files dead."""
        dead: dict[str, set[int]] = {}
        for name, row in (self.where[path] for path in paths if path in self.where):
            dead.setdefault(name, set()).add(row)
        return [replace(one, dead=tuple(sorted({*one.dead, *dead.get(one.name, ())}))) for one in self.chunks]

    def _add(self, chunks: Sequence[Chunk], again: Chunk | None, images: Sequence[Image], vectors: Vectors) -> None:
        """A new chunk: what is alive in the chunk `again`, whose place it takes, and then images."""
        if again:
            rows = np.setdiff1d(np.arange(again.count), again.dead)
            before = self.images(again.name)
            images = [*(before[row] for row in rows), *images]
            vectors = np.concatenate([self.block(again)[rows], vectors])
        name = f"{max((int(one.name) for one in chunks), default=0) + 1:05}"
        new = [Chunk(name, len(images))] if images else []
        for one in new:
            self.store.write(dict(zip(one.files, (_as_npy(vectors), _as_json(images)), strict=True)))
            self._note(one, images)
        self.chunks = [*(one for one in chunks if one is not again), *new]
        self.save()


def _as_npy(vectors: Vectors) -> bytes:
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(vectors), allow_pickle=False)
    return file.getvalue()


def _as_json(images: Sequence[Image]) -> bytes:
    return json.dumps([astuple(one) for one in images]).encode()


def is_free(root: Path) -> bool:
    """Whether an index can begin there: nothing is there, or what a process left that was killed while it began one.

    Then its list is of nothing, and has no checksum yet.
    """
    if not root.exists():
        return True
    ours = (INDEX, LOCK, SUMS)
    if not root.is_dir() or any(one.name not in ours and one.suffix != TEMPORARY for one in root.iterdir()):
        return False
    if not (root / INDEX).is_file():
        return True
    with suppress(KeyError, TypeError, ValueError):
        return not (root / SUMS).exists() and not from_json((root / INDEX).read_bytes())[2]
    return False
