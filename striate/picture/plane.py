"""The plane that a picture is placed on: along the way of the data, and across it; and what may be placed there.

>>> Flow(True).seen((10, 3)), Flow(False).seen((10, 3))
((10, -3), (3, 10))
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

from striate.picture.parts import Box, Closed, End, Rows
from striate.picture.words import Line, width

Point: TypeAlias = tuple[float, float]  # along, across


@dataclass(frozen=True)
class Flow:
    """Which way the data go: to the right, with branches above; or down, with branches on the right."""

    rightwards: bool

    @property
    def letters(self) -> int:
        """The small letters in a line: to the right boxes are narrow, downwards they are low."""
        return 16 if self.rightwards else 27

    def sides(self, wide: float, high: float) -> Point:
        """The extent along and across of what is so wide and high."""
        return (wide, high) if self.rightwards else (high, wide)

    def seen(self, point: Point) -> Point:
        """The same point as x and y."""
        along, across = point
        return (along, -across) if self.rightwards else (across, along)

    def gap(self, least: float, label: str) -> float:
        """The length of an arrow that has room for its label."""
        return max(least, width(label, "shape") + 13) if self.rightwards and label else least


@dataclass(frozen=True)
class Area:
    """A rectangle, from its corner of the least coordinates to the other; what it shows, and its kind.

    Attributes:
        part: What a box stands for; None for a frame and for a place where branches meet.
        lines: What stands in it.
        joins: The joins that it stands for.
        kind: Of its colour; empty for a frame.
        text: The title of a frame, the sign of a place where branches meet.
        badge: How many there are.
        spine: Where the data pass, across.
    """

    start: Point
    stop: Point
    part: Box | Closed | End | None = None
    lines: tuple[Line, ...] = ()
    joins: Rows = ()
    kind: str = ""
    text: str = ""
    badge: str = ""
    spine: float = 0.0

    def moved(self, along: float, across: float) -> Area:
        """At another place."""
        start, stop = (_moved(corner, along, across) for corner in (self.start, self.stop))
        return replace(self, start=start, stop=stop, spine=self.spine + across)


@dataclass(frozen=True)
class Path:
    """A line through points; with an arrow at its end, or without.

    Attributes:
        dashed: Whether it carries no values but places or boxes.
        link: Whether it leads from an earlier value.
    """

    points: tuple[Point, ...]
    arrow: bool = False
    dashed: bool = False
    link: bool = False

    def moved(self, along: float, across: float) -> Path:
        """At another place."""
        return replace(self, points=tuple(_moved(point, along, across) for point in self.points))


@dataclass(frozen=True)
class Label:
    """A shape beside the middle of an arrow."""

    point: Point
    text: str

    def moved(self, along: float, across: float) -> Label:
        """At another place."""
        return replace(self, point=_moved(self.point, along, across))


@dataclass(frozen=True)
class Open:
    """An end of a link that is not yet joined to its other end: a way out of where it begins, or into where it ends.

    Attributes:
        source: The value that it carries.
        points: From where it begins to the last so far; or from the first so far to where it ends.
        side: Whether it ends at the side of a box.
        dashed: Whether it carries no values but places or boxes.
    """

    source: str
    points: tuple[Point, ...]
    side: bool = False
    dashed: bool = False

    def moved(self, along: float, across: float) -> Open:
        """At another place."""
        return replace(self, points=tuple(_moved(point, along, across) for point in self.points))


@dataclass(frozen=True)
class Cell:
    """What a part takes on the plane: from 0 to `along`, and from `low` to `high` across; the data pass at 0.

    Attributes:
        live: Whether something goes out.
    """

    along: float
    low: float
    high: float
    areas: tuple[Area, ...] = ()
    paths: tuple[Path, ...] = ()
    labels: tuple[Label, ...] = ()
    exits: tuple[Open, ...] = ()
    entries: tuple[Open, ...] = ()
    live: bool = field(default=True)

    def moved(self, along: float, across: float) -> Cell:
        """Its things at another place; it takes what it took."""
        return replace(
            self,
            areas=tuple(one.moved(along, across) for one in self.areas),
            paths=tuple(one.moved(along, across) for one in self.paths),
            labels=tuple(one.moved(along, across) for one in self.labels),
            exits=tuple(one.moved(along, across) for one in self.exits),
            entries=tuple(one.moved(along, across) for one in self.entries),
        )


def _moved(point: Point, along: float, across: float) -> Point:
    return point[0] + along, point[1] + across
