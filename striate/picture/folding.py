"""Which parts are drawn once for many: repeats, later parts like an earlier one, what is very long or wide.

Nothing is left out in silence: the part that is drawn says how many it stands for, and keeps their layers and figures.

>>> from striate.notation import measure, read
>>> from striate.picture.reading import chain
>>> parts = chain(measure(read("input 3x8x8 -> [conv 4@3 pad 1 -> relu -> conv 4@1]*5")))
>>> [getattr(part, "badge", "") for part in parts]
['', '× 5', '']
"""

import dataclasses
from collections.abc import Collection, Hashable, Iterator
from itertools import groupby

from striate.picture.brackets import Frame, Split, zipped
from striate.picture.parts import Chain, Closed, Part

PERIOD = 8  # most parts of a repeat that has no brackets
SAVED = 2  # boxes that a repeat must save
MOST = 40  # boxes in a picture, beyond which later parts like an earlier one are closed
LONG, WIDE = 48, 10  # parts in a chain, branches in a block
SIDE_BY_SIDE = 3  # most equal branches that are each drawn


def folded(chain: Chain) -> Chain:
    """A chain with its repeats drawn once.

    A branch that begins in one begins in the last: a label stands for the nearest before it.
    """
    made: list[Part] = []
    at = 0
    while at < len(chain):
        period, times = _repeat(chain, at)
        if times > 1:
            columns = [chain[at + one : at + period * times : period] for one in range(period)]
            made.append(_repeated(tuple(first.together(others) for first, *others in columns), chain[at], times))
        else:
            made.append(chain[at])
        at += period * times
    return tuple(made)


def _repeat(chain: Chain, at: int) -> tuple[int, int]:
    """The repeat that begins here and saves most boxes: the number of its parts, and how often they stand there.

    One that may begin at the next part as well does: then it ends in a pool, and does not begin with one.
    """
    best, most = (1, 1), SAVED - 1
    for period in range(1, min(PERIOD, (len(chain) - at) // 2) + 1):
        one, times = chain[at : at + period], 1
        while _same(one, chain[at + period * times : at + period * (times + 1)]):
            times += 1
        saved = (times - 1) * sum(part.boxes for part in one)
        if saved > most:
            best, most = (period, times), saved
    period, times = best
    after = chain[at + period * times : at + period * times + 1]
    return (1, 1) if times > 1 and _same(chain[at : at + 1], after) else best


def _same(one: Chain, other: Chain) -> bool:
    return [(type(part), part.key) for part in one] == [(type(part), part.key) for part in other]


def _repeated(chain: Chain, first: Part, times: int) -> Frame:
    """What stands there several times; a named part keeps its one frame."""
    taken, given = first.taken, chain[-1].given[-1:]
    if len(chain) == 1 and isinstance(frame := chain[0], Frame) and not frame.badge:
        return dataclasses.replace(frame, badge=f"× {times}", taken=taken, given=given)
    title = chain[0].name.rstrip("0123456789") if len(chain) == 1 and isinstance(chain[0], Split) else ""
    return Frame(title=title, chain=chain, badge=f"× {times}", taken=taken, given=given)


def closed(chain: Chain, linked: Collection[str]) -> Chain:
    """The chain as it is drawn: with more than `MOST` boxes, only the first of parts of the same layers stays open."""
    closer = _Closer(linked)
    if sum(part.boxes for part in chain) > MOST:
        chain = closer.chain(chain)
        chain = _titled(chain, closer.named)
    return _bounded(chain, linked)


class _Closer:
    def __init__(self, linked: Collection[str]) -> None:
        self.linked = linked
        self.seen: dict[Hashable, str] = {}
        self.named: set[str] = set()  # the blocks that others are said to be like

    def chain(self, chain: Chain) -> Chain:
        return tuple(map(self.part, chain))

    def part(self, part: Part) -> Part:
        if not isinstance(part, Frame | Split):
            return part
        if part.boxes > SAVED and self.closes(part):
            if like := self.seen.get(part.outline):
                self.named.add(like)
                return _box(part, part.title if isinstance(part, Frame) else part.name, like)
            self.seen[part.outline] = _title(part)
        return self.inside(part)

    def inside(self, part: Frame | Split) -> Part:
        """An open part; what is alone in a frame is open with it."""
        if isinstance(part, Split):
            return dataclasses.replace(part, lanes=tuple(map(self.chain, part.lanes)))
        only = part.chain[0] if len(part.chain) == 1 else None
        inner = (self.inside(only),) if isinstance(only, Frame | Split) else self.chain(part.chain)
        return dataclasses.replace(part, chain=inner)

    def closes(self, part: Frame | Split) -> bool:
        """Whether no link begins or ends inside, but where it ends; and something goes out."""
        names = [row.name for row in part.rows]
        return bool(part.given) and not part.sources and not any(name in self.linked for name in names[:-1])


def _title(part: Part) -> str:
    """What others say that they are like."""
    if isinstance(part, Split):
        return part.name
    return (part.title or _title(part.chain[0])) if isinstance(part, Frame) else ""


def _box(part: Part, title: str, like: str) -> Closed:
    """A part as one box; each of its copies keeps its layers in it."""
    rows = tuple(part.rows)
    badge = part.badge if isinstance(part, Frame) else ""
    caption = f"{title} {badge}".strip()
    return Closed(copies=(rows,), title=caption, like=like, taken=part.taken, given=part.given)


def _titled(chain: Chain, names: Collection[str]) -> Chain:
    """The chain with a frame around each block that others are said to be like."""
    return tuple(_named(part, names) for part in chain)


def _named(part: Part, names: Collection[str]) -> Part:
    if isinstance(part, Split):
        split = dataclasses.replace(part, lanes=tuple(_titled(lane, names) for lane in part.lanes))
        return (
            Frame(title=part.name, chain=(split,), taken=part.taken, given=part.given) if part.name in names else split
        )
    if not isinstance(part, Frame):
        return part
    if not part.title and isinstance(part.chain[0], Split):
        inner = dataclasses.replace(part.chain[0], name="")
        title = part.chain[0].name if part.chain[0].name in names else ""
        return dataclasses.replace(part, title=title, chain=_titled((inner, *part.chain[1:]), names))
    return dataclasses.replace(part, chain=_titled(part.chain, names))


def _bounded(chain: Chain, linked: Collection[str]) -> Chain:
    """The chain with the middle of what is very long, and the last of very many branches, as one box."""
    chain = tuple(_bounded_part(part, linked) for part in chain)
    middle = chain[LONG // 2 : -LONG // 4]
    if len(chain) <= LONG or not all(_plain(part, linked) for part in middle):
        return chain
    return (*chain[: LONG // 2], _several(middle, f"… {len(middle)} more parts"), *chain[-LONG // 4 :])


def _bounded_part(part: Part, linked: Collection[str]) -> Part:
    if isinstance(part, Frame):
        return dataclasses.replace(part, chain=_bounded(part.chain, linked))
    if not isinstance(part, Split):
        return part
    lanes = tuple(_bounded(lane, linked) for lane in _alike(part.lanes, linked))
    rest = lanes[WIDE - 1 :]
    if len(lanes) > WIDE and all(_plain(inner, linked) for lane in rest for inner in lane):
        shown = _several(tuple(inner for lane in rest for inner in lane), f"… {len(rest)} more branches")
        lanes = (*lanes[: WIDE - 1], (dataclasses.replace(shown, taken=part.taken),))
    return dataclasses.replace(part, lanes=lanes)


def _alike(lanes: tuple[Chain, ...], linked: Collection[str]) -> Iterator[Chain]:
    """The branches, of many equal ones beside each other one."""
    for _, group in groupby(lanes, key=lambda lane: [part.key for part in lane]):
        equal = list(group)
        boxes = sum(part.boxes for part in equal[0])
        if boxes and len(equal) > SIDE_BY_SIDE and all(_plain(part, linked) for lane in equal for part in lane):
            chain = zipped(equal)
            taken, given = equal[0][0].taken, equal[0][-1].given
            yield (Frame(title="", chain=chain, badge=f"{len(equal)} side by side", taken=taken, given=given),)
        else:
            yield from equal


def _plain(part: Part, linked: Collection[str]) -> bool:
    """Whether no link begins or ends in a part, and it gives something."""
    return bool(part.given) and not part.sources and not any(row.name in linked for row in part.rows)


def _several(parts: Chain, caption: str) -> Closed:
    rows = tuple(row for part in parts for row in part.rows)
    return Closed(copies=(rows,), title=caption, taken=parts[0].taken, given=parts[-1].given)
