"""An index on disk, as it is read.

    index.json     the network by its digest, the layer, the folders, and the list of chunks
    00001.npy      features, (N, D) float32, each of length 1; NumPy maps it into memory
    00001.json     the N files: path, size, time of change
    SHA256SUMS     the checksums of all of them

What `index.json` does not list does not count.
"""

from __future__ import annotations

import json
from bisect import bisect
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError, WorkError
from striate.retrieving.about import INDEX, About, Chunk, Image, from_json, to_json
from striate.training.store import DamagedError, Store

Vectors = NDArray[np.float32]
AGAIN = "`striate index` makes what is damaged anew"


class Book:
    """The folder of an index.

    Attributes:
        root: The folder.
        about: The network and the layer.
        folders: Whose images were asked for, absolute.
        chunks: In the order of their rows.
    """

    def __init__(self, root: Path, about: About, folders: Sequence[str] = (), chunks: Sequence[Chunk] = ()) -> None:
        self.root, self.store = root, Store(root)
        self.about, self.folders, self.chunks = about, [*folders], [*chunks]
        self.images = lru_cache(64)(self._images)

    @staticmethod
    def open(root: Path) -> Book:
        """The book of an index that is there.

        Raises:
            InputError: There is none.
            WorkError: Its list is damaged.
        """
        if not (root / INDEX).is_file():
            raise InputError(f"{root} is no index: it has no {INDEX}; `striate index` makes one")
        try:
            return Book(root, *from_json(Store(root).read(INDEX)))
        except (DamagedError, KeyError, TypeError, ValueError) as error:
            raise WorkError(f"{root / INDEX} can't be used: {error}; make the index again in another folder") from None

    def check(self, about: About) -> None:
        """Raises InputError where the features of a network and layer do not belong here."""
        if about.sha256 != self.about.sha256:
            raise InputError(f"{self.root} was made with other weights than these: with {self.about.said()}")
        if about.layer != self.about.layer:
            raise InputError(f"{self.root} holds features of layer {self.about.layer}. Received: {about.layer}")
        if about.tta != self.about.tta:
            raise InputError(f"{self.root} was made {'with' if self.about.tta else 'without'} `tta`; go on so")

    def content(self) -> bytes:
        """What `index.json` holds."""
        return to_json(self.about, self.folders, self.chunks)

    def __len__(self) -> int:
        return sum(one.alive for one in self.chunks)

    def vectors(self) -> list[Vectors]:
        """The features, a block for each chunk, on disk until they are used.

        Raises:
            DamagedError: A file of them is missing or cut short.
        """
        return [self.block(one) for one in self.chunks]

    def block(self, chunk: Chunk) -> Vectors:
        """The features of one chunk."""
        path, shape = self.root / f"{chunk.name}.npy", (chunk.count, self.about.length)
        try:
            block = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise DamagedError(f"{path} is damaged ({error}); {AGAIN}") from None
        if block.shape != shape or block.dtype != np.float32:
            raise DamagedError(f"{path} is damaged: it holds {block.dtype} {block.shape}, not {shape}; {AGAIN}")
        made: Vectors = block.view(np.ndarray)
        return made

    def _images(self, name: str) -> list[Image]:
        """The files of one chunk, by its name; the last ones are kept.

        Raises:
            DamagedError: Their list is missing or changed.
        """
        return [Image(*one) for one in json.loads(self.store.read(f"{name}.json"))]

    def dead(self) -> list[int]:
        """Rows, counted through all chunks, that stand for no image."""
        starts = accumulate((one.count for one in self.chunks), initial=0)
        return [start + row for start, one in zip(starts, self.chunks, strict=False) for row in one.dead]

    def image(self, row: int) -> Image:
        """The image of a row, counted through all chunks."""
        starts = [*accumulate((one.count for one in self.chunks), initial=0)]
        number = bisect(starts, row) - 1
        return self.images(self.chunks[number].name)[row - starts[number]]

    def all(self) -> list[Image]:
        """The images of all rows, in order."""
        return [image for one in self.chunks for image in self.images(one.name)]
