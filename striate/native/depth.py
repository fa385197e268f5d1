"""Three dimensions in steps that know two: a map's frames are one below the other, and other views of them are free.

What takes each position by itself, or all of them, reads frames one below the other like the rows of one map. What
takes each axis by itself is done in two steps: on each frame as a map of its own, and along the depth, on maps of which
each row is a whole frame.

>>> from striate.native.target import named
>>> b, x = Builder(named("avx2"), 3), Value(2, 5 * 4, 3, depth=5)
>>> frames(b, x).channels, lines(b, x).rows, lines(b, x).columns
(10, 5, 12)
"""

from __future__ import annotations

from collections.abc import Callable

from striate.native.builder import Builder
from striate.native.plan import Step
from striate.native.steps.view import View
from striate.native.values import Value


def frames(b: Builder, x: Value) -> Value:
    """Each frame as a map of its own."""
    depth, rows, columns = x.sizes
    return view(b, x, framed(x.channels, depth, rows, columns), "each frame a map")


def framed(channels: int, depth: int, rows: int, columns: int) -> Value:
    """A value of so many frames that are a map each."""
    return Value(channels * depth, rows, columns, frames=depth)


def lines(b: Builder, x: Value) -> Value:
    """Each frame as a row."""
    depth, rows, columns = x.sizes
    return view(b, x, Value(x.channels, depth, rows * columns), "each frame a row")


def view(b: Builder, x: Value, y: Value, title: str = "frames one below the other") -> Value:
    """The same entries in another shape."""
    return b.add(View(title, (x,), y))


def by_axes(
    b: Builder, x: Value, y: Value, within: Callable[[Value, Value], Step], along: Callable[[Value, Value], Step]
) -> Value:
    """y from x by a step within the frames, in three dimensions followed by one along the depth.

    Args:
        b: The steps so far.
        x: What comes in.
        y: What goes out.
        within: The step from frames of x's size to frames of y's size.
        along: The step from as many frames as x has to as many as y has, each of them a row.
    """
    if b.dims < 3:
        return b.add(within(x, y))
    _, rows, columns = y.sizes
    within_frames = b.add(within(frames(b, x), framed(x.channels, x.depth, rows, columns)))
    stacked = view(b, within_frames, Value(x.channels, x.depth, rows * columns), "each frame a row")
    step = along(stacked, Value(x.channels, y.depth, rows * columns))
    step.title += ", along the depth"
    return view(b, b.add(step), y)
