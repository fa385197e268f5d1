"""Images that stay in their files and are decoded when they are asked for: for sets that fit no memory.

>>> from functools import partial
>>> some = Lazy(("a.png", "b.png"), partial(_nothing, shape=(1, 2, 2)), (1, 2, 2))
>>> len(some), some.part([1]).paths, tuple(some.read([0, 1]).shape)
(2, ('b.png',), (2, 1, 2, 2))
"""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from .image import ImageError
from .quiet import collected
from .workers import cores

if TYPE_CHECKING:
    from torch import Tensor

MEMORY = 2**30  # bytes that the decoded images of a set may take; above, they stay in their files
AT_ONCE = 64  # images that are read together where all are gone through
SAMPLED = 1000  # images that stand for all of them where their values are measured

Work = Callable[[Any], NDArray[Any]]


class Compact(Sequence[Any]):
    """Places of examples in a few large files, held as numbers: a million of them take megabytes.

    Forked processes share the numbers' memory, while each would in time get its own copy of a million objects.
    """

    @abstractmethod
    def part(self, rows: Sequence[int]) -> Self:
        """Those at these positions."""

    @abstractmethod
    def plus(self, other: Self) -> Self:
        """With those of another of the same files."""

    @abstractmethod
    def digest(self) -> bytes:
        """A number that changes with the files and the choice."""


def chosen(some: Sequence[Any], rows: Sequence[int]) -> Any:
    """Those of some at these positions, as what they were given as."""
    return some.part(rows) if isinstance(some, Compact) else tuple(some[row] for row in rows)


def together(some: Sequence[Any], other: Sequence[Any]) -> Any:
    """Some and others after them."""
    if isinstance(some, Compact):
        assert isinstance(other, Compact)
        return some.plus(other)
    return (*some, *other)


@dataclass(frozen=True, eq=False)
class Lazy:
    """Images in files, in the place of a tensor of them.

    Attributes:
        paths: The N files.
        work: Makes an array of one of them, or of its item; it can be pickled.
        shape: (C, H, W) of each, or where they differ of what is cut out of each.
        items: What `work` is given, where that is not the path.
        held: The arrays, where they were read already.
        afresh: Makes an array of one of them as `work` does, and otherwise for each number that it is given, too: how
            a training reads them in an epoch.
    """

    paths: Sequence[str]
    work: Work
    shape: tuple[int, ...]
    items: Sequence[Any] = ()
    held: Sequence[NDArray[Any]] = ()
    afresh: Callable[[Any, int], NDArray[Any]] | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def part(self, rows: Sequence[int]) -> Lazy:
        """Those at these positions."""
        items, held = (chosen(some, rows) if len(some) else () for some in (self.items, self.held))
        return replace(self, paths=chosen(self.paths, rows), items=items, held=held)

    def plus(self, other: Lazy) -> Lazy:
        """With those of another of its kind."""
        paths, items = together(self.paths, other.paths), together(self.items, other.items)
        held = together(self.held, other.held) if len(self.held) and len(other.held) else ()
        return replace(self, paths=paths, items=items, held=held)

    def hold(self) -> Lazy:
        """With all arrays read, as for a set that fits memory; those that can't be read are read when asked for."""
        made = [self._tried(row) for row in range(len(self))]
        return self if any(one is None for one in made) else replace(self, held=tuple(made))  # type: ignore[arg-type]

    def drawn(self, number: int) -> Lazy:
        """As they are for this number; those that never change as they are."""
        if self.afresh is None:
            return self
        changed = replace(self, work=partial(_numbered, work=self.afresh, number=number), held=(), afresh=None)
        return changed.hold() if self.held else changed

    def read(self, rows: Sequence[int]) -> Tensor:
        """(N, C, H, W) of those at these positions.

        Raises:
            ImageError: One can't be read.
        """
        import torch

        with collected(), ThreadPoolExecutor(cores()) as threads:
            return torch.from_numpy(np.stack(list(threads.map(self.one, rows))))

    def one(self, row: int) -> NDArray[Any]:
        """The one at this position.

        Raises:
            ImageError: It can't be read.
        """
        if self.held:
            return self.held[row]
        return self.work(self.items[row] if len(self.items) else Path(self.paths[row]))

    def each(self) -> Iterator[NDArray[Any] | None]:
        """All of them in order, a few in memory at a time; None for those that can't be read."""
        with collected(), ThreadPoolExecutor(cores()) as threads:
            for start in range(0, len(self), AT_ONCE):
                yield from threads.map(self._tried, range(start, min(start + AT_ONCE, len(self))))

    def sample(self) -> Tensor:
        """Some of them, evenly spread; those that can't be read are passed over."""
        import torch

        rows = range(0, len(self), -(-len(self) // SAMPLED))
        with collected(), ThreadPoolExecutor(cores()) as threads:
            made = [image for image in threads.map(self._tried, rows) if image is not None]
        if len({image.shape for image in made}) > 1:  # of several sizes: their middles
            least = [min(sides) for sides in zip(*(image.shape for image in made), strict=True)]
            made = [_middle(image, least) for image in made]
        return torch.from_numpy(np.stack(made)) if made else torch.zeros(0, *self.shape, dtype=torch.uint8)

    def _tried(self, row: int) -> NDArray[Any] | None:
        try:
            return self.one(row)
        except ImageError:
            return None

    def digest(self) -> bytes:
        """A number that changes with the names and the sizes of the files; none is read."""
        if isinstance(self.items, Compact):
            return self.items.digest()
        digest = sha256()
        for path in self.paths:
            place = Path(path)
            size = place.stat().st_size if place.exists() else 0
            digest.update(os.fsencode(f"{place.parent.name}/{place.name} {size}\n"))
        return digest.digest()


def _numbered(item: Any, work: Callable[[Any, int], NDArray[Any]], number: int) -> NDArray[Any]:
    return work(item, number)


def _middle(image: NDArray[Any], size: Sequence[int]) -> NDArray[Any]:
    starts = [(have - want) // 2 for have, want in zip(image.shape, size, strict=True)]
    return image[tuple(slice(start, start + want) for start, want in zip(starts, size, strict=True))]


def _nothing(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return np.zeros(shape, np.uint8)
