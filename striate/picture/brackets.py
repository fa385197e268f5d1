"""Parts of a picture that hold chains of others: frames, and branches side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from striate.notation import Row
from striate.picture.parts import Chain, Part, Rows


@dataclass(frozen=True, kw_only=True)
class Frame(Part):
    """A chain with a frame around it: a named part, or one that is repeated.

    Attributes:
        title: Its name.
        chain: The parts inside.
        badge: How many there are, if more than one.
    """

    title: str
    chain: Chain
    badge: str = ""

    @property
    def rows(self) -> Iterator[Row]:
        """See Part."""
        return (row for part in self.chain for row in part.rows)

    @property
    def begins(self) -> bool:
        """See Part."""
        return begins(self.chain)

    @property
    def sources(self) -> tuple[str, ...]:
        """See Part."""
        return tuple(source for part in self.chain for source in part.sources)

    @property
    def boxes(self) -> int:
        """See Part."""
        return sum(part.boxes for part in self.chain)

    @property
    def key(self) -> Hashable:
        """See Part."""
        return self.title, self.badge, tuple(part.key for part in self.chain)

    @property
    def outline(self) -> Hashable:
        """See Part."""
        return self.chain[0].outline if len(self.chain) == 1 else tuple(part.outline for part in self.chain)

    def together(self, others: Iterable[Frame]) -> Frame:
        """See Part."""
        others = tuple(others)
        return dataclasses.replace(super().together(others), chain=zipped([self.chain, *(o.chain for o in others)]))


@dataclass(frozen=True, kw_only=True)
class Split(Part):
    """Branches side by side.

    Attributes:
        name: The block's name: `concat1`.
        lanes: The branches; an empty one passes on what comes in.
        joins: Where they meet, for each copy; empty where they do not.
        sign: What the place where they meet is marked with.
        straight: Whether the first goes straight on and the others stand beside it.
        stops: Whether nothing follows.
    """

    name: str
    lanes: tuple[Chain, ...]
    joins: Rows = ()
    sign: str = ""
    straight: bool = False
    stops: bool = False

    @property
    def rows(self) -> Iterator[Row]:
        """See Part."""
        yield from (row for lane in self.lanes for part in lane for row in part.rows)
        yield from self.joins

    @property
    def begins(self) -> bool:
        """See Part."""
        return all(map(begins, self.lanes))

    @property
    def values(self) -> tuple[str, ...]:
        """See Part."""
        return tuple(row.name for row in self.joins)

    @property
    def sources(self) -> tuple[str, ...]:
        """See Part."""
        return tuple(source for lane in self.lanes for part in lane for source in part.sources)

    @property
    def boxes(self) -> int:
        """See Part."""
        return sum(part.boxes for lane in self.lanes for part in lane)

    @property
    def key(self) -> Hashable:
        """See Part."""
        return self.sign, self.straight, tuple(tuple(part.key for part in lane) for lane in self.lanes)

    @property
    def outline(self) -> Hashable:
        """See Part."""
        return self.sign, self.straight, tuple(tuple(part.outline for part in lane) for lane in self.lanes)

    def together(self, others: Iterable[Split]) -> Split:
        """See Part."""
        every = (self, *others)
        lanes = tuple(zipped(list(lanes)) for lanes in zip(*(part.lanes for part in every), strict=True))
        joins = tuple(row for part in every for row in part.joins)
        return dataclasses.replace(super().together(every[1:]), lanes=lanes, joins=joins)


def begins(chain: Chain) -> bool:
    """Whether a chain reads earlier values alone."""
    return bool(chain) and chain[0].begins


def zipped(chains: list[Chain]) -> Chain:
    """Chains of equal keys as one."""
    return tuple(first.together(others) for first, *others in zip(*chains, strict=True))


def walk(chain: Chain) -> Iterator[Part]:
    """Every part that is drawn, with those inside of it."""
    for part in chain:
        yield part
        if isinstance(part, Frame):
            yield from walk(part.chain)
        elif isinstance(part, Split):
            for lane in part.lanes:
                yield from walk(lane)
