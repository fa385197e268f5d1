"""Examples that are the same as others, or nearly: within a part, across parts, and with other labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from striate.data.duplicates import likenesses

from .found import Finding
from .survey import Survey

ACROSS, CONFLICT, TWICE = "copies across parts", "copies with other labels", "copies"


def copies(survey: Survey) -> Iterator[Finding]:
    """A finding for each group of examples that are equal or nearly."""
    _, first, group = np.unique(survey.digests, return_index=True, return_inverse=True)
    ends, likeness = _alike(survey, first)
    joined = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(first),) * 2)
    count, of = connected_components(joined, directed=False)
    least = np.ones(count)
    np.minimum.at(least, of[ends[:, 0]], likeness)
    for rows, like in _groups(of[group], least):
        yield from _told(survey, rows, like)


def _alike(survey: Survey, first: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pairs among the examples at `first`, by their positions there, that are nearly the same, and how nearly."""
    if survey.small is None or survey.picture is None or len(first) < 2:
        return np.zeros((0, 2), np.int64), np.zeros(0)
    picture = survey.picture
    found = list(likenesses(survey.small[first], lambda row: picture(int(first[row]))))
    ends = np.array([(one, other) for one, other, _ in found], np.int64).reshape(-1, 2)
    return ends, np.array([like for *_, like in found])


def _groups(of: NDArray[np.int64], least: NDArray[np.float64]) -> Iterator[tuple[list[int], float]]:
    """The rows of each group of several, and the least likeness in it; in the order of their first rows."""
    order = np.argsort(of, kind="stable")
    edges = np.flatnonzero(np.diff(of[order])) + 1
    several = [some for some in np.split(order, edges) if len(some) > 1]
    for some in sorted(several, key=lambda rows: int(rows[0])):
        yield some.tolist(), float(least[of[some[0]]])


def _told(survey: Survey, rows: Sequence[int], like: float) -> Iterator[Finding]:
    parts, labels = ({values[row] for row in rows} for values in (survey.parts, survey.labels))
    path, *also = (survey.where[row] for row in rows)
    same = "equal" if like >= 1 else f"alike by {like:.4f}"
    if len(labels) > 1:
        classes = ", ".join(sorted(map(str, labels)))
        yield Finding(CONFLICT, path, f"{same}; labelled {classes}", tuple(also))
    if len(parts) > 1:
        yield Finding(ACROSS, path, f"{same}; in {', '.join(sorted(parts))}", tuple(also))
    if len(labels) == len(parts) == 1 and not survey.in_order:
        yield Finding(TWICE, path, same, tuple(also))
