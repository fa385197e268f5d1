"""How lines lead from an earlier value to where it is read again, without crossing a box.

A link leaves the chain in which it begins between two parts, and comes into the one in which it ends between two
parts. Beside each chain, on its low side, every link that passes has a track of its own.
"""

from __future__ import annotations

from dataclasses import replace

from striate.picture.plane import Cell, Open, Path

TRACK = 9.0  # between two lines, and between a line and a box


def resolved(cell: Cell) -> Cell:
    """The chain with every link that begins and ends in it led along a track beside it; the shortest is the nearest."""
    exits, entries, found = list(cell.exits), [], []
    for entry in cell.entries:
        exit = next((one for one in exits if one.source == entry.source), None)
        if exit is None:
            entries.append(entry)
        else:
            exits.remove(exit)
            found.append((exit, entry))
    found.sort(key=lambda pair: abs(pair[1].points[0][0] - pair[0].points[-1][0]))
    paths, low = list(cell.paths), cell.low
    for exit, entry in found:
        low -= TRACK
        between = ((exit.points[-1][0], low), (entry.points[0][0], low))
        points = (*exit.points, *between, *entry.points)
        paths.append(Path(points, arrow=entry.side, dashed=entry.dashed, link=True))
    return replace(cell, low=low, paths=tuple(paths), exits=tuple(exits), entries=tuple(entries))


def outwards(exit: Open, track: float, row: float) -> Open:
    """A way out, led along a track to a row below the branches."""
    return replace(exit, points=(*exit.points, (exit.points[-1][0], track), (row, track)))


def inwards(entry: Open, track: float, row: float) -> Open:
    """A way in, led from a row above the branches along a track."""
    return replace(entry, points=((row, track), (entry.points[0][0], track), *entry.points))
