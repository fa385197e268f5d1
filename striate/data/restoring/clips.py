"""Clips: pictures that follow each other, and the windows of neighbours that a network reads at once.

At the ends of a clip the frame at the edge stands in for the neighbours that it lacks, and no window reaches from one
clip into the next.

>>> around(4, 3).tolist()
[[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 3]]
>>> [*windows_of("abc", 3)]
[('a', 'a', 'b'), ('a', 'b', 'c'), ('b', 'c', 'c')]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby, repeat
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..files import counted
from ..lazy import Compact, Lazy
from .finding import Pair

Item = TypeVar("Item")


def in_clips(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Pictures as clips: those of a folder, or a video, in the order of the numbers in their names.

    Where the size changes another clip begins.
    """
    ordered = sorted(pairs, key=lambda pair: counted(pair.good))
    return [list(some) for _, some in groupby(ordered, lambda pair: (pair.part, pair.clip, pair.size))]


def around(count: int, span: int) -> NDArray[np.int64]:
    """(count, span): the positions of each frame of a clip and of its neighbours, as many before it as after it."""
    near: NDArray[np.int64] = np.arange(count)[:, None] + np.arange(span) - span // 2
    return near.clip(0, count - 1)


def windows_of(frames: Iterable[Item], span: int) -> Iterator[tuple[Item, ...]]:
    """Each frame of a clip with its neighbours, `span` in all; so many are in memory at a time."""
    window = deque[Item](maxlen=span)
    for frame in _with_ends(iter(frames), span // 2):
        window.append(frame)
        if len(window) == span:
            yield tuple(window)


def _with_ends(frames: Iterator[Item], half: int) -> Iterator[Item]:
    """The frames, with the first and the last so many times more."""
    last: Any = None
    for number, last in enumerate(frames):
        yield from repeat(last, 1 if number else half + 1)
    yield from repeat(last, half)


@dataclass(frozen=True, eq=False)
class Windows(Compact):
    """Windows of frames of which each is there once.

    Attributes:
        frames: What each frame is: an array of it, or what it is read from.
        places: (N, span) positions among the frames.
        made: Makes one of the frames of a window.
    """

    frames: Sequence[Any]
    places: NDArray[np.int64]
    made: Callable[[list[Any]], Any] = tuple

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, row: Any) -> Any:
        return self.made([self.frames[place] for place in self.places[row]])

    def part(self, rows: Sequence[int]) -> Windows:
        """Those at these positions, of the same frames."""
        return replace(self, places=self.places[list(rows)])

    def plus(self, other: Windows) -> Windows:
        """With those of others, whose frames come after its own."""
        places = np.concatenate([self.places, other.places + len(self.frames)])
        return replace(self, frames=(*self.frames, *other.frames), places=places)

    def digest(self) -> bytes:
        """A number that changes with the names of the frames and the choice."""
        digest = sha256(self.places.tobytes())
        for one in self.frames:
            digest.update(f"{one.good.parent.name}/{one.good.name} {one.size}\n".encode(errors="surrogateescape"))
        return digest.digest()


def in_windows(column: Lazy, places: NDArray[np.int64]) -> Lazy:
    """Windows of the frames of a column, their channels after each other, in the place of the frames.

    Args:
        column: (C, H, W) of each of N frames.
        places: (N, span), as `around` gives them within each clip.
    """
    items = Windows(column.items, places)
    held: Any = Windows(column.held, places, np.concatenate) if column.held else ()
    shape = (places.shape[1] * column.shape[0], *column.shape[1:])
    return replace(column, work=_Stacked(column.work), shape=shape, items=items, held=held)


@dataclass(frozen=True)
class _Stacked:
    """The frames of a window, read one by one."""

    work: Callable[[Any], NDArray[Any]]

    def __call__(self, frames: tuple[Any, ...]) -> NDArray[Any]:
        return np.concatenate([self.work(frame) for frame in frames])
