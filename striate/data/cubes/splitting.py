"""Which labelled pixels are learned from and which are tested by.

Neighbours are nearly alike, so a random share of pixels tells of memory more than of learning. A disjoint split cuts
every field (pixels of one class that touch) in two across its longer side, and leaves out what is near both.

>>> labels = np.zeros((4, 20), int)
>>> labels[:, :] = 1
>>> parts = parted(labels, "disjoint:0.5", reach=2)
>>> [int((parts == part).sum()) for part in (TRAIN, VALIDATION, TEST)], parts[0].tolist()[8:14]
([32, 8, 32], [2, 2, 0, 0, 3, 3])
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

TRAIN, VALIDATION, TEST = 1, 2, 3
USUAL = "disjoint:0.5"
WAYS = ("random", "disjoint")
SIDE = 9  # pixels of a side of what a network reads, where nobody says
HELD = 0.2  # of the pixels to learn from: those to choose the best epoch by, in a disjoint split

Labels = NDArray[np.int64]


def way_of(words: str) -> tuple[str, float]:
    """How to divide, and the share to learn from.

    Raises:
        InputError: It is no such word.

    >>> way_of("random:0.1"), way_of("")
    (('random', 0.1), ('disjoint', 0.5))
    """
    way, _, share = (words or USUAL).partition(":")
    try:
        amount = float(share or 0.5)
    except ValueError:
        amount = 0.0
    if way not in WAYS or not 0 < amount < 1:
        raise InputError(f"split is random or disjoint with a share, such as disjoint:0.5. Received: '{words}'")
    return way, amount


def parted(labels: Labels, words: str, reach: int) -> NDArray[np.uint8]:
    """(H, W): the part of each labelled pixel, 0 for none.

    Args:
        labels: (H, W), 0 where there is no class.
        words: As for `way_of`.
        reach: How many pixels away from a pixel a network looks: in a disjoint split no test pixel is so near to one
            that is learned from.
    """
    way, share = way_of(words)
    return _random(labels, share) if way == "random" else _disjoint(labels, share, reach)


def near_both(labels: Labels, parts: NDArray[np.uint8]) -> list[str]:
    """What is said of the labelled pixels that are in no part."""
    near = int(((labels > 0) & (parts == 0)).sum())
    if near == 1:
        return ["1 pixel is so near to both that it is in neither"]
    return [f"{near:,} pixels are so near to both that they are in neither"] if near else []


def _random(labels: Labels, share: float) -> NDArray[np.uint8]:
    """The same share of each class, two pixels of it at least, drawn alike every time."""
    parts = np.where(labels > 0, np.uint8(TEST), np.uint8(0))
    chance = np.random.default_rng(0)
    for number in range(1, int(labels.max()) + 1):
        rows = np.flatnonzero(labels == number)
        few = min(max(2, round(share * len(rows))), max(1, len(rows) - 1))
        parts.flat[chance.permutation(rows)[:few]] = TRAIN
    return parts


def _disjoint(labels: Labels, share: float, reach: int) -> NDArray[np.uint8]:
    from scipy.ndimage import label, maximum_filter  # half a second to import, for a few alone

    parts = np.zeros(labels.shape, np.uint8)
    for number in range(1, int(labels.max()) + 1):
        fields, count = label(labels == number, np.ones((3, 3)))
        for field in range(1, count + 1):
            rows = np.argwhere(fields == field)
            along = int(np.ptp(rows, axis=0).argmax())
            order = rows[np.lexsort((rows[:, 1 - along], rows[:, along]))]
            learned = round(share * len(order))
            own = np.full(len(order), TEST, np.uint8)
            own[:learned] = TRAIN
            own[round((1 - HELD) * learned) : learned] = VALIDATION
            parts[order[:, 0], order[:, 1]] = own
    seen = maximum_filter((parts == TRAIN) | (parts == VALIDATION), size=2 * reach + 1)
    parts[(parts == TEST) & seen] = 0
    return parts
