"""What was found in an image, which finds are of one thing, and in which order they are read.

>>> one, two = Found("7", 0.9, (0, 0, 10, 10)), Found("1", 0.5, (0, 0, 10, 11))
>>> alone([two, one])
[Found(label='7', probability=0.9, box=(0, 0, 10, 10))]
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Box = tuple[int, int, int, int]  # left, top, right, bottom, in pixels; right and bottom are the first outside
SHARED = 0.3  # of the area of both together, from which two finds are of one thing
INSIDE = 0.6  # of the smaller one's area


@dataclass(frozen=True)
class Found:
    """One find.

    Attributes:
        label: The class.
        probability: 0 to 1.
        box: (left, top, right, bottom) in pixels of the image.
    """

    label: str
    probability: float
    box: Box


def overlap(one: Box, other: Box) -> int:
    """The pixels that two boxes share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0, width) * max(0, height)


def area(box: Box) -> int:
    """Pixels."""
    return (box[2] - box[0]) * (box[3] - box[1])


def iou(one: Box, other: Box) -> float:
    """Intersection over union, 0 to 1.

    >>> iou((0, 0, 2, 2), (1, 0, 3, 2))
    0.3333333333333333
    """
    both = overlap(one, other)
    return both / max(1, area(one) + area(other) - both)


def alone(finds: Iterable[Found]) -> list[Found]:
    """Non-maximum suppression: of those that are of one thing, the most probable; most probable first."""
    kept: list[Found] = []
    for one in sorted(finds, key=lambda find: -find.probability):
        if not any(_of_one_thing(one.box, other.box) for other in kept):
            kept.append(one)
    return kept


def _of_one_thing(one: Box, other: Box) -> bool:
    return iou(one, other) > SHARED or overlap(one, other) > INSIDE * min(area(one), area(other))


def in_reading_order(finds: Iterable[Found]) -> list[Found]:
    """Line by line from the top, each from the left. A find is in a line if its middle is beside the line's first.

    >>> boxes = [(50, 12, 60, 22), (0, 10, 10, 20), (20, 40, 30, 50)]
    >>> [find.box[0] for find in in_reading_order(Found("", 1.0, box) for box in boxes)]
    [0, 50, 20]
    """
    left, lines = sorted(finds, key=lambda find: find.box[1]), list[list[Found]]()
    while left:
        _, top, _, bottom = left[0].box
        line = [find for find in left if top <= (find.box[1] + find.box[3]) / 2 < bottom]
        lines.append(sorted(line, key=lambda find: find.box[0]))
        left = [find for find in left if find not in line]
    return [find for line in lines for find in line]
