"""Branches side by side: where they fork, and where they meet.

A concatenation is a bar that all branches end at, a sum and a product are circles, as in the papers' figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from striate.picture.brackets import Split, begins
from striate.picture.kinds import JOIN
from striate.picture.parts import Chain, Wire
from striate.picture.plane import Area, Cell, Flow, Label, Open, Path, Point
from striate.picture.routing import TRACK, inwards, outwards
from striate.picture.words import SIZES, width

BETWEEN = 14.0  # from branch to branch
FORK = 8.0  # from where they come in to where they fork
ROUND = 9.0  # radius of a circle
PASS = 12.0  # half the width of an empty branch
BAR = 12.0  # how far a bar reaches beyond the outermost branches


def beside(split: Split, cells: Sequence[Cell], labels: Sequence[str], flow: Flow) -> Cell:
    """The cell of branches, from the cells of each and the shapes that they end in."""
    order = sorted(range(len(cells)), key=lambda one: _place(split, cells[one], one, flow))
    lanes = [split.lanes[one] for one in order]
    cells = [cells[one] for one in order]
    labels = [labels[one] for one in order]
    forks = [bool(split.taken) and not begins(lane) for lane in lanes]
    ways_in = sum(len(cell.entries) for cell in cells[1:])
    top = (FORK if any(forks) else 0.0) + (TRACK * (ways_in + 1) if ways_in else 0.0)
    centres, low, high = _across(split, lanes, cells, labels, flow)
    ends = max(top + cell.along for cell in cells)
    rows, made = ends, Cell(0, low, high)
    row = FORK
    for number, (cell, centre) in enumerate(zip(cells, centres, strict=True)):
        moved = cell.moved(top, centre)
        exits, entries = list(moved.exits), list(moved.entries)
        if number:  # beside the first, lines come and go freely
            track = centre + cell.low
            for at, exit in enumerate(exits):
                rows, track = rows + TRACK, track - TRACK
                exits[at] = outwards(exit, track, rows)
            for at, entry in enumerate(entries):
                row, track = row + TRACK, track - TRACK
                entries[at] = inwards(entry, track, row)
        made = _with(made, moved, exits, entries)
    fork = _fork(centres, forks, top)
    made = replace(made, paths=(*fork, *made.paths), along=rows)
    if split.stops:
        return replace(made, live=False)
    reach = [(top + cell.along, centre) for cell, centre in zip(cells, centres, strict=True)]
    if not split.joins:
        return replace(made, paths=(*made.paths, Path(((reach[0][0], 0.0), (rows, 0.0)))))
    return _met(made, split, reach, labels, flow)


def _place(split: Split, cell: Cell, number: int, flow: Flow) -> tuple[bool, int]:
    """Branches that links lead to come first, beside the links; to the right, the first branch is the highest."""
    if split.straight:
        return False, number
    linked = flow.rightwards and bool(cell.entries)
    return not linked, -number if flow.rightwards else number


def _across(
    split: Split, lanes: Sequence[Chain], cells: Sequence[Cell], labels: Sequence[str], flow: Flow
) -> tuple[list[float], float, float]:
    """Where each branch has its middle, and from where to where they all reach."""
    centres, at = list[float](), 0.0
    for number, (cell, label) in enumerate(zip(cells, labels, strict=True)):
        tracks = TRACK * (len(cell.exits) + len(cell.entries)) if number else 0.0
        room = 0.0 if flow.rightwards else width(label, "shape") + 8
        centres.append(at + tracks + max(-cell.low, PASS))
        at = centres[-1] + max(cell.high, PASS, room) + BETWEEN
    wires = [all(isinstance(part, Wire) for part in lane) for lane in lanes]
    passing = [centre for centre, wire in zip(centres, wires, strict=True) if wire]
    middle = (centres[0] + centres[-1]) / 2
    spine = centres[0] if split.straight else passing[0] if len(passing) == 1 else middle
    return [centre - spine for centre in centres], -spine, at - BETWEEN - spine


def _with(made: Cell, cell: Cell, exits: Sequence[Open], entries: Sequence[Open]) -> Cell:
    return replace(
        made,
        areas=(*made.areas, *cell.areas),
        paths=(*made.paths, *cell.paths),
        labels=(*made.labels, *cell.labels),
        exits=(*made.exits, *exits),
        entries=(*made.entries, *entries),
    )


def _fork(centres: Sequence[float], forks: Sequence[bool], top: float) -> tuple[Path, ...]:
    """From where the branches come in to each of them."""
    found = [centre for centre, forked in zip(centres, forks, strict=True) if forked]
    return tuple(Path(_corners(((0.0, 0.0), (FORK, 0.0), (FORK, centre), (top, centre)))) for centre in found)


def _corners(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points without those that repeat the one before."""
    return tuple(point for number, point in enumerate(points) if not number or point != points[number - 1])


def _met(made: Cell, split: Split, reach: Sequence[Point], labels: Sequence[str], flow: Flow) -> Cell:
    """Branches and the place where they meet."""
    gap = max(flow.gap(18.0, label) for label in labels)
    start = made.along + gap
    bar = len(split.sign) > 1
    area = _bar(split, [centre for _, centre in reach], start, flow) if bar else _circle(split, start)
    paths, marks = list(made.paths), list(made.labels)
    for (end, centre), label in zip(reach, labels, strict=True):
        points: tuple[Point, ...] = ((end, centre), (start, centre))
        if not bar and centre:
            side = ROUND if centre > 0 else -ROUND
            points = ((end, centre), (start + ROUND, centre), (start + ROUND, side))
        paths.append(Path(points, arrow=True))
        if label:
            marks.append(Label(((made.along + start) / 2, centre), label))
    low, high = min(made.low, area.start[1]), max(made.high, area.stop[1])
    return replace(
        made,
        along=area.stop[0],
        low=low,
        high=high,
        areas=(*made.areas, area),
        paths=tuple(paths),
        labels=tuple(marks),
    )


def _bar(split: Split, centres: Sequence[float], start: float, flow: Flow) -> Area:
    """A bar from the first branch to the last."""
    thick, least = flow.sides(width(split.sign, "soft") + 8, SIZES["soft"] + 8)
    low, high = min(*centres, 0.0) - BAR, max(*centres, 0.0) + BAR
    more = max(0.0, least - (high - low)) / 2
    return Area((start, low - more), (start + thick, high + more), joins=split.joins, kind=JOIN, text=split.sign)


def _circle(split: Split, start: float) -> Area:
    return Area((start, -ROUND), (start + 2 * ROUND, ROUND), joins=split.joins, kind=JOIN, text=split.sign)
