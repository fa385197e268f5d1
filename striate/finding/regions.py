"""What on a page may be characters: ink that hangs together, with the parts that belong to it.

>>> ink = np.zeros((40, 60), np.float32); ink[5:30, 10:14] = 1; ink[8:28, 40:44] = 1
>>> [region.box for region in regions(ink)]
[(10, 5, 14, 30), (40, 8, 44, 28)]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from striate.finding.found import Box
from striate.finding.paper import Strengths

INK = 0.3  # strength from which a pixel is of a stroke
SMALLEST = 12  # pixels of the longer side of a character …
SPECK = 3  # … and of a part of one
MOST = 500  # parts that are looked at, the largest: a photograph has thousands
LARGEST = 0.95  # of the page's height
GAP = 0.2  # of two parts' height together that may lie between them
TALLER = 1.6  # times the taller part's height that both together may have
BESIDE = 0.5  # of the narrower part's width that must lie above or below the other


@dataclass(frozen=True, eq=False)
class Region:
    """Ink that may be one character, or several that touch.

    Attributes:
        box: Around it, in pixels of the page.
        ink: (height, width) of the box, 0 to 1, without what else is there.
        parts: What hangs together, where that is several parts which may also be characters by themselves.
    """

    box: Box
    ink: Strengths
    parts: tuple[Region, ...] = ()


def regions(ink: Strengths) -> list[Region]:
    """The regions of a page.

    Args:
        ink: (H, W), 0 to 1, as of `paper.strengths`.
    """
    from scipy import ndimage

    labels, _ = ndimage.label(ink > INK, np.ones((3, 3)))
    boxes: dict[int, Box] = {}
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        box = (columns.start, rows.start, columns.stop, rows.stop)
        if _longer(box) >= SPECK and box[3] - box[1] <= LARGEST * len(ink):
            boxes[number] = box
    largest = set(sorted(boxes, key=lambda number: -_longer(boxes[number]))[:MOST])
    boxes = {number: box for number, box in boxes.items() if number in largest}
    made = [_region(ink, labels, boxes, parts) for parts in _joined(boxes)]
    return [region for region in made if _longer(region.box) >= SMALLEST]


def _joined(boxes: dict[int, Box]) -> list[tuple[int, ...]]:
    """The numbers of the parts of each region: parts one above the other go together, until none are left."""
    left: dict[tuple[int, ...], Box] = {(number,): box for number, box in boxes.items()}
    waiting = deque(left)  # those that were not compared with all others yet
    while waiting:
        one = waiting.popleft()
        other = next((other for other in left if other != one and _belong(left[one], left[other])), None)
        if other is not None:
            waiting = deque(parts for parts in waiting if parts != other)
            left[one + other] = _around(left.pop(one), left.pop(other))
            waiting.append(one + other)
    return list(left)


def _belong(one: Box, other: Box) -> bool:
    """Whether two parts are of one character, as the bar of a 5 and its bow."""
    both = _around(one, other)
    height, widths = both[3] - both[1], [box[2] - box[0] for box in (one, other)]
    beside = min(one[2], other[2]) - max(one[0], other[0])
    gap = max(one[1], other[1]) - min(one[3], other[3])
    taller = max(box[3] - box[1] for box in (one, other))
    return beside >= BESIDE * min(widths) and gap <= GAP * height and height <= TALLER * taller


def _around(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _longer(box: Box) -> int:
    return max(box[2] - box[0], box[3] - box[1])


def _region(ink: Strengths, labels: NDArray[np.int32], boxes: dict[int, Box], parts: Sequence[int]) -> Region:
    """The parts together; what is near and too faint to be of any part is also theirs."""
    box = reduce(_around, (boxes[part] for part in parts))
    place = np.s_[box[1] : box[3], box[0] : box[2]]
    mine = np.asarray(ink[place] * np.isin(labels[place], (0, *parts)), np.float32)
    large = [part for part in parts if _longer(boxes[part]) >= SMALLEST]
    single = [_region(ink, labels, boxes, [part]) for part in large] if len(parts) > 1 else []
    return Region(box, mine, tuple(single))
