"""Where each part of a picture stands: chains along the way of the data, branches side by side, frames around.

Lines of links leave a chain between its parts and run beside it, so none crosses a box: see `routing`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import singledispatchmethod

from striate.notation import tree
from striate.notation.graph import BOXES
from striate.picture.brackets import Frame, Split
from striate.picture.kinds import END, FOLDED, kind
from striate.picture.parts import Box, Chain, Closed, End, Part, Start, Wire
from striate.picture.plane import Area, Cell, Flow, Label, Open, Path
from striate.picture.routing import TRACK, resolved
from striate.picture.sides import beside
from striate.picture.words import lines, shapes, width

PAD = 8.0  # between a text and the edge of its box, a chain and its frame
GAP = 22.0  # from box to box
LEAST = 44.0  # width of a box
TITLE = 18.0  # height of a frame's title


def placed(chain: Chain, rightwards: bool) -> Cell:
    """The whole picture of a chain."""
    sources = Counter(source for part in chain for source in part.sources)
    return _Placer(Flow(rightwards), sources).chain(chain, lead=0)


class _Placer:
    def __init__(self, flow: Flow, sources: Counter[str]) -> None:
        self.flow, self.sources = flow, sources

    def chain(self, chain: Chain, lead: float = GAP) -> Cell:
        """Parts one after another, from an arrow of length `lead`."""
        made = Cell(0, 0, 0)
        pen, gap, label, live = 0.0, lead, "", True  # where the arrow to the next part begins; its length and shape
        for part in chain:
            if part.begins and live and pen < made.along:  # links leave, and nothing goes on
                made = replace(made, paths=(*made.paths, Path(((pen, 0.0), (made.along, 0.0)))))
            if isinstance(part, Start):
                at = made.along + TRACK
                made = replace(made, along=at, entries=(*made.entries, Open(part.source, ((at, 0.0),))))
                pen, gap, label, live = at, GAP, shapes(part.given), True
                continue
            if not isinstance(part, Wire):
                cell = self.part(part)
                top = made.along + self.flow.gap(gap, label)
                if live and not part.begins and pen < top:
                    made = self._arrow(made, pen, top, label, isinstance(part, Box | Closed | End))
                made = _followed(made, cell.moved(top, 0), top)
                pen, gap, live = made.along, GAP, cell.live
                label = shapes(part.given) if changes(part) else ""
            made = self._left(made, part)
        if live and pen < made.along:
            made = replace(made, paths=(*made.paths, Path(((pen, 0.0), (made.along, 0.0)))))
        return resolved(replace(made, live=live))

    def _arrow(self, made: Cell, pen: float, top: float, label: str, tip: bool) -> Cell:
        """The chain with the line to its next part, and the shape beside it."""
        made = replace(made, paths=(*made.paths, Path(((pen, 0.0), (top, 0.0)), arrow=tip)))
        if not label:
            return made
        mark = Label(((made.along + top) / 2, 0.0), label)
        return replace(made, labels=(*made.labels, mark), high=max(made.high, self._label_room(label)))

    def _label_room(self, label: str) -> float:
        return 16.0 if self.flow.rightwards else width(label, "shape") + 8

    def _left(self, made: Cell, part: Part) -> Cell:
        """The chain with the links that begin after its last part."""
        for value in part.values:
            for _ in range(self.sources[value]):
                at = made.along + TRACK
                made = replace(made, along=at, exits=(*made.exits, Open(value, ((at, 0.0),))))
        return made

    @singledispatchmethod
    def part(self, part: Part) -> Cell:
        """The cell of one part."""
        raise NotImplementedError(type(part))

    @part.register
    def _(self, part: Box) -> Cell:
        node = part.copies[0][0].node
        cell = self.area(part, kind(node))  # type: ignore[arg-type]
        step, places = cell.along / (len(part.sides) + 1), isinstance(node, tree.Unpool)
        entries = tuple(
            Open(source, ((step * number, cell.low),), side=True, dashed=places or source == BOXES)
            for number, source in enumerate(part.sides, start=1)
        )
        return replace(cell, entries=entries)

    @part.register
    def _(self, part: Closed) -> Cell:
        return self.area(part, FOLDED)

    @part.register
    def _(self, part: End) -> Cell:
        return replace(self.area(part, END), live=bool(part.given))

    def area(self, part: Box | Closed | End, kind: str) -> Cell:
        """A box around its lines."""
        texts = lines(part, self.flow.letters)
        wide = max(LEAST, *(line.width for line in texts)) + 2 * PAD
        along, across = self.flow.sides(wide, sum(line.height for line in texts) + 2 * PAD)
        box = Area((0, -across / 2), (along, across / 2), part=part, lines=texts, kind=kind)
        return Cell(along, -across / 2, across / 2, (box,))

    @part.register
    def _(self, part: Frame) -> Cell:
        inner = self.chain(part.chain, lead=GAP / 2)
        low, high, along = inner.low - PAD, inner.high + PAD, inner.along + PAD
        name, badge = (width(text, "soft") + 2 * PAD for text in (part.title, part.badge))
        start = PAD / 2
        if self.flow.rightwards:
            high, along = high + TITLE, max(along + start, name + badge)
        else:
            low, high, start = min(low, -name if part.title else 0), max(high, badge if part.badge else 0), TITLE
        along = max(along, inner.along + start + PAD)
        moved = inner.moved(start, 0)
        tail = (Path(((start + inner.along, 0.0), (along, 0.0))),) if inner.live else ()
        lead = (Path(((0.0, 0.0), (start, 0.0))),) if not part.begins else ()
        frame = Area((0.0, low), (along, high), text=part.title, badge=part.badge)
        return replace(
            moved, along=along, low=low, high=high, areas=(frame, *moved.areas), paths=(*lead, *moved.paths, *tail)
        )

    @part.register
    def _(self, part: Split) -> Cell:
        cells = [self.chain(lane, GAP if part.taken else 0) for lane in part.lanes]
        labels = [shapes(lane[-1].given) if lane and changes(lane[-1]) else "" for lane in part.lanes]
        return beside(part, cells, labels, self.flow)


def _followed(made: Cell, cell: Cell, top: float) -> Cell:
    """A chain and its next part."""
    return Cell(
        top + cell.along,
        min(made.low, cell.low),
        max(made.high, cell.high),
        (*made.areas, *cell.areas),
        (*made.paths, *cell.paths),
        (*made.labels, *cell.labels),
        (*made.exits, *cell.exits),
        (*made.entries, *cell.entries),
    )


def changes(part: Part) -> bool:
    """Whether the shape that goes out is another than the one that came in, or than inside."""
    if isinstance(part, Frame) and part.chain:
        return changes(part.chain[-1]) or part.taken[-1:] != part.given[-1:]
    if isinstance(part, End) or (isinstance(part, Split) and part.sign == "+"):
        return False  # a sum has the shape of each of its branches
    return bool(part.taken) and part.taken != part.given
