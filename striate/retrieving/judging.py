"""How good the answers of an index are: every query ranks all images, and right are those of its class.

Images that are equally alike, as many are by short codes, are ranked in an order drawn once: no class is ahead by the
place of its folder.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

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
    names = [Path(image.path) for image in book.all()]
    rows = np.setdiff1d(np.arange(len(names)), book.dead())
    classes = np.array([names[row].parent.name for row in rows])
    paths, vectors, notes = _queries(features, folder, {*classes.tolist()}, show)
    own = {str(names[row]): place for place, row in enumerate(rows)}
    order = np.random.default_rng(0).permutation(len(rows))
    figures = list[tuple[float, float, float]]()
    with bar("judging", len(paths), show=show) as advance:
        for start in range(0, len(paths), BLOCK):
            likenesses = ranking.likenesses(vectors[start : start + BLOCK])[:, rows]
            for path, values in zip(paths[start : start + BLOCK], likenesses, strict=True):
                ranked = order[np.argsort(-values[order], kind="stable")]
                ranked = ranked[ranked != own.get(str(path), -1)]
                right = (classes[ranked] == path.parent.name)[None]
                figures.append((average_precision(right)[0], precision_at(right, FIRST)[0], right.mean()))
            advance(len(likenesses))
    means = np.nanmean(np.array(figures), axis=0).tolist()  # a query that is alone in its class has no precision
    return Judged(len(paths), len(rows), len({path.parent.name for path in paths}), *means, notes)


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
