"""Near duplicates in an index: pairs of images whose features are nearly the same, found block by block."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.data.left_out import printable
from striate.data.progress import bar
from striate.inside.drawn import Drawn
from striate.retrieving.answers import Answer, answered, here, named
from striate.retrieving.book import Book
from striate.retrieving.exact import Exact

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLOCK = 2048  # vectors on each side of a product
MOST = 100_000  # pairs that are kept, the most alike
MANY = 10  # pairs for each image
CLASSES = (
    f"there are more than {MANY} pairs for each image: this network finds whole classes nearly the same; a higher "
    "`above`, or an index of an earlier layer, tells pictures apart"
)
SHOWN, LINES = 40, 100  # pairs on a sheet, and in lines


@dataclass(frozen=True)
class Pair:
    """Two images.

    Attributes:
        path, other: Absolute, in the order of the index.
        similarity: The cosine of their features.
    """

    path: str
    other: str
    similarity: float


@dataclass(frozen=True, eq=False)
class Pairs(Drawn):
    """Images that are nearly the same, the most alike first.

    Attributes:
        found: The pairs.
        above: The least cosine.
        notes: What there is to say.
    """

    found: tuple[Pair, ...]
    above: float
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, place: int) -> Pair:
        return self.found[place]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """One line for each pair: its similarity and its files; of many pairs for the first."""
        shown = [(one.similarity, *map(printable, map(here, (one.path, one.other)))) for one in self.found[:LINES]]
        rest = [f"and {len(self) - LINES:,} more pairs"] if len(self) > LINES else []
        return [f"{similarity:.3f}  {path}  {other}" for similarity, path, other in shown] + rest

    def to_json(self) -> list[dict[str, Any]]:
        """The contract of `striate find --duplicates --json`."""
        return [asdict(one) for one in self.found]

    def facts(self) -> dict[str, Any]:
        """It for programs."""
        return {"above": self.above, "found": self.to_json(), "notes": list(self.notes)}

    def picture(self) -> Figure:
        """Each pair side by side."""
        from striate.inside.drawing import sheet

        shown = self.found[:SHOWN]
        each = [answered(Answer(path, one.similarity)) for one in shown for path in (one.path, one.other)]
        columns = 8 if len(shown) > 4 else 2
        return sheet(each, None, f"{len(shown)} of {len(self)} pairs with a cosine from {self.above:g}", columns)


def pairs(book: Book, vectors: Exact, above: float, show: bool) -> Pairs:
    """All pairs from a cosine of `above` on; of more than `MOST` those most alike."""
    found, cut = np.zeros((0, 3)), False
    with bar("comparing", -(-len(vectors) // BLOCK), show=show) as advance:
        for some in _each(vectors, above):
            found = np.concatenate([found, some]) if len(some) else found
            if len(found) > 2 * MOST:
                found, cut = _nearest(found), True
            advance(1)
    cut = cut or len(found) > MOST
    named_pairs = [(book.image(int(a)).path, book.image(int(b)).path, float(c)) for a, b, c in _nearest(found)]
    gone = sorted({path for *both, _ in named_pairs for path in both if not os.path.isfile(path)})
    left = tuple(Pair(*one) for one in named_pairs if not {*one[:2]} & {*gone})
    notes = [f"more than {MOST:,} pairs: these are the most alike"] if cut else []
    notes += [CLASSES] if len(found) > MANY * len(book) else []
    return Pairs(left, above, (*notes, *([f"vanished, and left out: {named(gone)}"] if gone else [])))


def _each(vectors: Exact, above: float) -> Iterator[np.ndarray]:
    """(P, 3): two rows and their cosine, of all pairs whose first row is in a block; for one block after another."""
    alive = np.setdiff1d(np.arange(len(vectors)), vectors.dead)
    for start in range(0, len(alive), BLOCK):
        ours = vectors.rows(alive[start : start + BLOCK])
        parts = [np.zeros((0, 3))]
        for other in range(start, len(alive), BLOCK):
            cosines = ours @ vectors.rows(alive[other : other + BLOCK]).T
            first, second = np.nonzero(cosines >= above)
            if other == start:
                first, second = first[first < second], second[first < second]
            near = np.minimum(cosines[first, second], 1)
            parts.append(np.stack([alive[start + first], alive[other + second], near], 1))
        yield np.concatenate(parts)


def _nearest(found: np.ndarray) -> np.ndarray:
    return found[np.argsort(-found[:, 2], kind="stable")[:MOST]]
