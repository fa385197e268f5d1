"""How good the answers of an index are: every query ranks all images, and right are those of its class.

Images that are equally alike, as many are by short codes, are ranked in an order drawn once: no class is ahead by the
place of its folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.data.files import found_under, unreadable
from striate.data.left_out import said
from striate.data.progress import bar
from striate.errors import InputError
from striate.metrics.retrieval import average_precision, precision_at
from striate.retrieving.book import Book
from striate.retrieving.features import Features, Vectors
from striate.retrieving.ranking import Ranking
from striate.retrieving.seeing import seen

FIRST = 10  # answers whose precision is given
BLOCK = 64  # queries at once


@dataclass(frozen=True)
class Judged:
    """Figures over queries.

    Attributes:
        queries: How many images were asked for.
        images: How many they were looked for among.
        classes: How many classes the queries have.
        mean_average_precision: Over all ranks.
        precision_at_10: Of the first ten answers.
        floor: What a random order gets, for both: the share of the query's class.
        notes: What there is to say.
    """

    queries: int
    images: int
    classes: int
    mean_average_precision: float
    precision_at_10: float
    floor: float
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        figures = f"mAP {self.mean_average_precision:.1%}, P@{FIRST} {self.precision_at_10:.1%}"
        asked = f"{self.queries:,} queries of {self.classes} classes among {self.images:,} images"
        return f"{figures}; a random order: {self.floor:.1%} ({asked})"

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate find --test --json`."""
        return asdict(self)


def judged(book: Book, ranking: Ranking, features: Features, folder: Path, show: bool) -> Judged:
    """The figures of the images under a folder; as `Index.test`."""
    every = [Path(image.path) for image in book.all()]
    rows = np.setdiff1d(np.arange(len(every)), book.dead())
    names, classes = np.unique([every[row].parent.name for row in rows], return_inverse=True)
    paths, vectors, notes = _queries(features, folder, {*names.tolist()}, show)
    wanted = np.searchsorted(names, [path.parent.name for path in paths])
    own = {every[row]: place for place, row in enumerate(rows)}
    order, figures = np.random.default_rng(0).permutation(len(rows)), list[tuple[float, float, float]]()
    with bar("judging", len(paths), show=show) as advance:
        for place, likenesses in _each(ranking, vectors):
            ranked = order[np.argsort(-likenesses[rows][order], kind="stable")]
            right = classes[ranked[ranked != own.get(paths[place], -1)]] == wanted[place]
            figures.append(_figures(right[None]))
            advance(1)
    total, first, floor = np.nanmean(np.array(figures), axis=0).tolist()
    return Judged(len(paths), len(rows), len({*wanted.tolist()}), total, first, floor, notes)


def _each(ranking: Ranking, vectors: Vectors) -> Iterator[tuple[int, Vectors]]:
    """The place of each query, and how alike all images are to it."""
    for start in range(0, len(vectors), BLOCK):
        yield from enumerate(ranking.likenesses(vectors[start : start + BLOCK]), start)


def _figures(right: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Average precision (not a number where nothing is right), precision of the first, and the share of right ones."""
    return float(average_precision(right)[0]), float(precision_at(right, FIRST)[0]), float(right.mean())


def _queries(
    features: Features, folder: Path, known: set[str], show: bool
) -> tuple[list[Path], Vectors, tuple[str, ...]]:
    """The images of a folder whose classes an index has, with their features, and what there is to say.

    Raises:
        InputError: There is none.
    """
    found = found_under([folder])
    asked = [Path(os.path.abspath(path)) for path in found.images]
    some = [path for path in asked if path.parent.name in known]
    if not some:
        had = f"{asked[0].parent.name!r}, and the index has {', '.join(sorted(known)[:FIRST])}"
        raise InputError(f"no image under {folder} is in a folder of a class of the index: the first is in {had}")
    left_out = [*found.left_out]
    read, vectors = list[Path](), list[Vectors]()
    with bar("looking at queries", len(some), show=show) as advance:
        for part, made in seen(features, some, lambda path, why: left_out.append(unreadable(path, why))):
            read += part
            vectors.append(made)
            advance(len(part))
    if not read:
        raise InputError(f"no image under {folder} can be read: {said(left_out)}")
    others = [f"{len(asked) - len(some):,} images are of no class of the index"] if len(some) < len(asked) else []
    return read, np.concatenate(vectors), (*others, *([said(left_out)] if left_out else []))
