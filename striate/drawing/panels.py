"""Matrices to draw: with frames around what is read, and shade on what comes out.

>>> from striate.stepping.content import numbers
>>> marked("O", numbers([[[1, 2], [3, 4]]]), (0, 1, 0), "shaded").shaded
frozenset({(1, 0)})
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from striate.errors import InputError
from striate.stepping import Step
from striate.stepping.reading import Array
from striate.stepping.sliding import Windows

MOST = 32  # rows and columns of a matrix in a picture
Cell = tuple[int, int]  # a row and a column
Cells = frozenset[Cell]


@dataclass(frozen=True, eq=False)
class Panel:
    """A matrix.

    Attributes:
        title: What it is.
        values: Its numbers, of two axes.
        framed: The entries that are read, or that the gradient reaches.
        shaded: The entry that comes out, or the gradient that goes back.
        padding: The entries that are none of the map.
        sign: What stands before it.
    """

    title: str
    values: Array
    framed: Cells = frozenset()
    shaded: Cells = frozenset()
    padding: Cells = frozenset()
    sign: str = ""


@dataclass(frozen=True, eq=False)
class Strip:
    """Panels side by side, under a title."""

    title: str
    panels: tuple[Panel, ...]


def given(step: Step, title: str) -> Array | None:
    return next((picture.cells for picture in step.given if picture.title == title), None)


def as_matrix(array: Array, index: tuple[int, ...]) -> Array:
    """The map of an array in which an entry is, as a matrix."""
    cells = array[index[0]] if array.ndim > 1 else array
    if cells.ndim > 2:
        raise InputError("a picture shows maps of one or two axes; step through a smaller example")
    matrix = np.atleast_2d(cells)
    if max(matrix.shape) > MOST:
        size = "x".join(map(str, matrix.shape))
        raise InputError(f"a picture shows maps of at most {MOST}x{MOST} entries. Received: {size}; cut a part out")
    return matrix


def cell_of(index: tuple[int, ...], axes: int) -> Cell:
    """Where an entry stands in its matrix."""
    place = index[1:] if axes > 1 else index
    return (0, *place) if len(place) == 1 else (place[0], place[1]) if place else (0, 0)


def marked(title: str, array: Array, index: tuple[int, ...], how: str, sign: str = "") -> Panel:
    mark = frozenset({cell_of(index, array.ndim)})
    several = f", map {index[0]}" if array.ndim > 1 and len(array) > 1 else ""
    return Panel(title + several, as_matrix(array, index), **{how: mark}, sign=sign)


def unmarked(title: str, array: Array, sign: str = "") -> Panel:
    return Panel(title, as_matrix(array, (0,) * array.ndim), sign=sign)


def window(
    title: str, slide: Windows, x: Array, channel: int, position: tuple[int, ...], fill: int | None = 0
) -> Panel:
    """A map with its padding, which is zeros or, with None, nothing; the window at a position framed."""
    before = [window.padding(n)[0] for window, n in zip(slide.windows, slide.spatial, strict=True)]
    taps = [_tap(slide, position, tap) for tap in np.ndindex(slide.kernel)]
    size = tuple(max(n, *(tap[axis] + 1 for tap in taps)) for axis, n in enumerate(slide.padded))
    values = np.zeros(size, dtype=object)
    outside = set()
    for at in np.ndindex(size):
        own = slide.padded_at(at)
        values[at] = fill if own is None else x[channel, *own]
        if not slide.inside(tuple(i - b for i, b in zip(at, before, strict=True))):
            outside.add(cell_of((0, *at), 2))
    several = f", map {channel}" if len(x) > 1 else ""
    framed = frozenset(cell_of((0, *tap), 2) for tap in taps)
    return Panel(title + several, as_matrix(values[None], (0,)), framed, padding=frozenset(outside))


def _tap(slide: Windows, position: tuple[int, ...], tap: tuple[int, ...]) -> tuple[int, ...]:
    """Where a tap of the window stands on the padded map."""
    axes = zip(slide.windows, position, tap, strict=True)
    return tuple(o * window.stride + k * window.dilation for window, o, k in axes)
