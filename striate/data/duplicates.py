"""Images of one set that are nearly those of another: copies, also in another compression or brightness.

Each image becomes a small grey one with mean 0 and length 1, so that the product of two is their correlation. A k-d
tree of their first principal components finds, for every image, the few of the other set that come into question; the
likest is looked at again in colour and in more detail.

>>> import torch
>>> images = torch.arange(3 * 64).mul(torch.tensor(37)).remainder(251).reshape(3, 1, 8, 8).to(torch.uint8)
>>> [(one.first, one.second, one.exact) for one in near_duplicates(images, images[2:])]
[(2, 0, True)]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .lazy import Lazy

if TYPE_CHECKING:
    from torch import Tensor

Images: TypeAlias = "Tensor | Lazy | Sequence[Tensor]"

LIKE = 0.995  # the least correlation of the pixels of near duplicates
ROUGHLY = 0.99  # the same of small grey images, among which they are looked for
SMALL, LARGE = 8, 32  # sides of the images that are compared first, and at last
AXES, NEAREST = 12, 8  # principal components of the small images, and how many are nearest by them
BLOCK = 1024  # images at once, where they are small
ENTRIES = 2**24  # numbers at once, of images as they are
APART = math.sqrt(2 - 2 * ROUGHLY)  # the distance of vectors of length 1 whose product is that
MOST_HELD = 4096  # images whose details are kept while pairs are compared
FLAT = 1.0  # spread of 255 below which an image shows nothing


@dataclass(frozen=True)
class Pair:
    """Two images that are nearly the same.

    Attributes:
        first, second: Their positions in the two sets.
        likeness: The correlation of their pixels, up to 1.
        exact: Whether all pixels are equal.
    """

    first: int
    second: int
    likeness: float
    exact: bool


def small_vectors(images: Images) -> NDArray[np.float16]:
    """(N, 64): what `likenesses` takes of images (C, H, W)."""
    made: NDArray[np.float16] = _vectors(images, SMALL, grey=True).half().numpy()
    return made


def near_duplicates(
    first: Images, second: Images, like: float = LIKE, looked: Callable[[int, int], None] = lambda done, count: None
) -> list[Pair]:
    """For each image of the second set the likest of the first, where they are nearly the same; the likest pair first.

    Images that are of one colour all over are left out, as are files that can't be read.

    Args:
        first, second: Images (C, H, W), uint8, in one tensor, of any size each, or in files, which are read once, and
            once more where they may be alike.
        like: The least correlation of their pixels.
        looked: Is told how many of how many were looked at.
    """
    import torch

    found, both = [], len(first) + len(second)
    small = _vectors(first, SMALL, True, lambda done: looked(done, both))
    other = _vectors(second, SMALL, True, lambda done: looked(len(first) + done, both))
    for rows, columns in _likest(small, other):
        ours, theirs = (
            [_at(images, int(place)) for place in places] for images, places in ((first, rows), (second, columns))
        )
        likeness = (_vectors(ours, LARGE) * _vectors(theirs, LARGE)).sum(1)
        for place in (likeness >= like).nonzero()[:, 0].tolist():
            exact = torch.equal(ours[place], theirs[place])
            found.append(Pair(int(rows[place]), int(columns[place]), float(likeness[place]), exact))
    return sorted(found, key=lambda pair: (not pair.exact, -pair.likeness))


def likenesses(
    small: NDArray[np.float16], picture: Callable[[int], Tensor], like: float = LIKE
) -> Iterator[tuple[int, int, float]]:
    """Pairs of one set that are nearly the same: both positions, the lesser first, and the correlation of their pixels.

    Only those are looked at in detail that come into question, so a set may be larger than memory.

    Args:
        small: (N, D), of each image a small grey one with mean 0 and length 1; 0 where it shows nothing.
        picture: Gives the image (C, H, W) at a position.
        like: The least correlation.
    """
    import torch

    vectors = torch.from_numpy(small)
    seen = lru_cache(MOST_HELD)(lambda row: _vectors([picture(row)], LARGE)[0])
    told = set[tuple[int, int]]()
    for ends in _roughly_alike(vectors):
        one, other = min(ends), max(ends)
        if (one, other) in told:
            continue
        likeness = float(seen(one) @ seen(other))
        if likeness >= like:
            told.add((one, other))
            yield one, other, min(likeness, 1.0)


def _roughly_alike(vectors: Tensor) -> Iterator[tuple[int, int]]:
    """Pairs of vectors of one set that come into question, some twice: each with the few that are nearest to it."""
    import torch
    from scipy.spatial import KDTree

    shown = vectors.any(1).nonzero()[:, 0]
    if len(shown) < 2:
        return
    points = (vectors[shown].float() @ _axes(vectors[shown].float())).double().numpy()
    tree = KDTree(points)
    for start in range(0, len(shown), BLOCK):
        some = points[start : start + BLOCK]
        near = tree.query(some, range(1, NEAREST + 2), distance_upper_bound=APART, workers=torch.get_num_threads())[1]
        rows, places = (near < len(shown)).nonzero()
        ours, theirs = torch.from_numpy(rows + start), torch.from_numpy(near[rows, places])
        likeness = (vectors[shown[ours]].float() * vectors[shown[theirs]].float()).sum(1)
        good = (likeness >= ROUGHLY) & (ours != theirs)
        yield from zip(shown[ours[good]].tolist(), shown[theirs[good]].tolist(), strict=True)


def _likest(first: Tensor, second: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Positions in both, of vectors of the second and the likest of the first where they are roughly alike."""
    import torch
    from scipy.spatial import KDTree

    axes = _axes(first)
    tree = KDTree((first @ axes).double().numpy())
    asked = (second @ axes).double().numpy()
    near = tree.query(asked, range(1, NEAREST + 1), distance_upper_bound=APART, workers=torch.get_num_threads())[1]
    for rows, some, start in zip(
        *(torch.split(x, BLOCK) for x in (torch.from_numpy(near), second)), count(0, BLOCK), strict=False
    ):
        found = first[rows.clamp_max(len(first) - 1)]  # a number too large stands for none
        likeness = torch.einsum("nkd,nd->nk", found, some).masked_fill(rows == len(first), 0)
        best = likeness.max(1)
        alike = best.values >= ROUGHLY
        yield rows.gather(1, best.indices[:, None])[alike, 0], start + alike.nonzero()[:, 0]


def _axes(vectors: Tensor) -> Tensor:
    """(D, 12): the first principal components of vectors (N, D)."""
    import torch

    centred = vectors - vectors.mean(0)
    axes: Tensor = torch.linalg.eigh(centred.T @ centred)[1][:, -AXES:]
    return axes


def _at(images: Images, place: int) -> Tensor:
    """The image at a position."""
    import torch

    return torch.from_numpy(images.one(place)) if isinstance(images, Lazy) else images[place]


def _blocks(images: Images) -> Iterator[Tensor]:
    """All images in order, (N, C, H, W): as many of one size as are computed with together."""
    import torch

    if isinstance(images, Lazy):
        nothing = torch.zeros(1, 1, 1, 1, dtype=torch.uint8)
        yield from (nothing if one is None else torch.from_numpy(one)[None] for one in images.each())
    elif isinstance(images, torch.Tensor) and len(images):
        yield from torch.split(images, max(1, ENTRIES // max(1, images[0].numel())))
    else:
        yield from (one[None] for one in images)


def _vectors(
    images: Images, side: int, grey: bool = False, looked: Callable[[int], None] = lambda done: None
) -> Tensor:
    """(N, D): the images made small, with mean 0 and length 1; 0 where they show nothing."""
    import torch
    from torch.nn import functional as F

    made, done = [], 0
    for some in _blocks(images):
        values = some.float().mean(1, keepdim=True) if grey else some.float()
        rows, columns = (_areas(length, side) for length in values.shape[2:])
        made.append(((values @ columns.T).transpose(2, 3).contiguous() @ rows.T).flatten(1))
        done += len(some)
        looked(done)
    vectors = torch.cat(made) if made else torch.zeros(0, side * side)
    vectors -= vectors.mean(1, keepdim=True)
    flat = vectors.square().mean(1, keepdim=True).sqrt() < FLAT
    return F.normalize(vectors).masked_fill(flat, 0)


def _areas(length: int, side: int) -> Tensor:
    """(side, length): a row of pixels times this is its means over `side` parts of equal length."""
    import torch

    edges, pixels = torch.linspace(0, length, side + 1, dtype=torch.float64), torch.arange(length)
    shared = torch.minimum(edges[1:, None], pixels + 1) - torch.maximum(edges[:-1, None], pixels)
    return (shared.clamp_min(0) * side / length).float()
