"""What the names of joints say: which are a left and a right one, which are joined, and what tells a person's size.

>>> names = ("r_ankle", "r_knee", "l_knee", "l_ankle", "neck", "head_top")
>>> pairs(names), limbs(names)
(((3, 0), (2, 1)), ((0, 1), (3, 2), (4, 5)))
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .found import Joined

SIDES = {"l": "left", "left": "left", "lt": "left", "r": "right", "right": "right", "rt": "right"}
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
STICKS = (("ankle", "knee"), ("knee", "hip"), ("wrist", "elbow"), ("elbow", "shoulder"))  # of each side
HEAD = (("neck", "head top"), ("neck", "head"), ("neck", "nose"))  # the first that there is
TORSO = ("shoulder", "hip")  # a person's size is from the one to the other's other side


def told(name: str) -> tuple[str, str]:
    """The side of a joint, "left", "right" or "", and what it is.

    >>> told("leftKnee"), told("r_ankle"), told("head_top")
    (('left', 'knee'), ('right', 'ankle'), ('', 'head top'))
    """
    words = [word.lower() for word in WORD.findall(name)]
    sides = [SIDES[word] for word in words if word in SIDES]
    return sides[0] if len(sides) == 1 else "", " ".join(word for word in words if word not in SIDES)


def pairs(names: Sequence[str]) -> tuple[Joined, ...]:
    """Joints that change names in a mirror: a left one and its right one, by their positions."""
    by = {told(name): row for row, name in enumerate(names)}
    return tuple(
        (by["left", what], row) for (side, what), row in by.items() if side == "right" and ("left", what) in by
    )


def limbs(names: Sequence[str]) -> tuple[Joined, ...]:
    """The sticks of a body: lower and upper legs and arms of each side, and the head."""
    by = {told(name): row for row, name in enumerate(names)}
    sticks = [((side, a), (side, b)) for side in ("right", "left", "") for a, b in STICKS]
    found = [(by[a], by[b]) for a, b in sticks if a in by and b in by]
    heads = [(by["", a], by["", b]) for a, b in HEAD if ("", a) in by and ("", b) in by]
    return (*found, *heads[:1])


def tree(places: NDArray[np.floating]) -> tuple[Joined, ...]:
    """Joints whose names tell nothing, joined to those that are near on average: their minimum spanning tree.

    Args:
        places: (N, J, 2); not numbers where a joint is not visible.
    """
    from scipy.sparse.csgraph import minimum_spanning_tree  # it takes long to import, and few data have joints

    apart = np.linalg.norm(places[:, :, None].astype(np.float64) - places[:, None], axis=3)
    seen = np.isfinite(apart)
    mean = np.where(seen, apart, 0).sum(0) / seen.sum(0).clip(1) + 1e-3  # to scipy a distance of 0 is none
    rows, columns = minimum_spanning_tree(np.where(seen.any(0), mean, 1e6)).nonzero()
    return tuple(sorted((int(min(pair)), int(max(pair))) for pair in zip(rows, columns, strict=True)))


def torso(names: Sequence[str]) -> Joined | None:
    """The two joints whose distance is a person's size: left shoulder and right hip; None where one is missing."""
    by = {told(name): row for row, name in enumerate(names)}
    ends = ("left", TORSO[0]), ("right", TORSO[1])
    return (by[ends[0]], by[ends[1]]) if all(end in by for end in ends) else None
