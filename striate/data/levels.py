"""Which values are black and white in image files of more than 8 bits: one rule for all files of a data set.

A file of 16 bits may hold 8, 10, 12, 14 or 16 of them, a file of floats 0..1, -1..1 or 0..255, and none says which. All
files of a set together decide it; it is saved with the network, so that later images are read in the same way.

>>> levels, _, _ = settled({"a.png": Extent("whole", 7, 900), "b.png": Extent("whole", 0, 3900)})
>>> levels
Levels(whole=(0.0, 4095.0), real=None)
>>> settled({"c.tif": Extent("whole", -1024, 3071)})[1]["c.tif"]  # doctest: +ELLIPSIS
'its values go from -1,024 to 3,071, which is no range that is known; ...'
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import reduce
from operator import or_
from typing import Any, Literal, NamedTuple, TypeVar, get_args

Kind = Literal["whole", "real"]  # a file's numbers: whole numbers of 16 or 32 bits, or floats
Range = tuple[float, float]  # the values of black and white
P = TypeVar("P")

DEPTHS = (8, 10, 12, 14, 16)  # bits that cameras, scanners and microscopes use
REAL = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))  # usual ranges of floats
MARGIN = 0.05  # share of a range by which floats may leave it, as those of scaled images do
WIDE = 0.5  # share of 0..255 that floats must reach to be taken for that range

_WAY_OUT = "save it as 8 or 16 bits per channel, or as floats from 0 to 1"


class Extent(NamedTuple):
    """What the values of a file, or of several, are.

    Attributes:
        kind: the kind of the files' numbers.
        low, high: the smallest and the largest value.
        integral: whether all of them are whole numbers.
        bits: the number of bits the format states, between 8 and 16; 0 when it states none.
    """

    kind: Kind
    low: float
    high: float
    integral: bool = True
    bits: int = 0

    def __or__(self, other: "Extent") -> "Extent":
        """The extent of both together."""
        low, high, bits = min(self.low, other.low), max(self.high, other.high), max(self.bits, other.bits)
        return Extent(self.kind, low, high, self.integral and other.integral, bits)

    def range(self) -> Range | None:
        """Black and white, or None when the values have no range that is known."""
        if self.integral and self.low >= 0 and (self.high > 1 or self.bits):
            depth = next((bits for bits in DEPTHS if self.high < 2**bits and self.bits <= bits), None)
            if depth:
                return 0.0, 2.0**depth - 1
        for black, white in REAL:
            margin = MARGIN * (white - black)
            narrow = white > 1 and self.high < WIDE * white
            if black - margin <= self.low and self.high <= white + margin and not narrow:
                return black, white
        return None

    def said(self) -> str:
        """ "0 to 4,095"."""
        return f"{_figure(self.low)} to {_figure(self.high)}"


@dataclass(frozen=True)
class Levels:
    """Black and white in files of more than 8 bits; None for a kind of which the data set has no file.

    Attributes:
        whole: of files of whole numbers, 16 or 32 bits.
        real: of files of floats.
    """

    whole: Range | None = None
    real: Range | None = None

    def of(self, kind: Kind) -> Range | None:
        """Black and white in files of `kind`."""
        return self.whole if kind == "whole" else self.real

    def to_json(self) -> dict[str, Any]:
        """A JSON object, which `from_json` reads."""
        return asdict(self)

    @staticmethod
    def from_json(value: object) -> "Levels":
        """The levels in the JSON object `value`; a ValueError says what is wrong with it."""
        if not isinstance(value, dict) or not value.keys() >= {"whole", "real"}:
            raise ValueError(f"levels must be null or a whole and a real; got {value!r}")
        return Levels(_range(value["whole"]), _range(value["real"]))


def settled(
    extents: Mapping[P, Extent], given: Levels | None = None
) -> tuple[Levels | None, dict[P, str], tuple[str, ...]]:
    """One range for all files of each kind.

    Args:
        extents: the values of each file of more than 8 bits.
        given: the levels with which a network was trained; they stay, and only kinds they lack are settled here.

    Returns:
        The levels, None without such files; the files that have no known range, with the reason; and one line per
        thing to report.
    """
    refused: dict[P, str] = {}
    notes: list[str] = []
    found: dict[str, Range | None] = {}
    for kind in get_args(Kind):
        mine = {file: extent for file, extent in extents.items() if extent.kind == kind}
        known = given.of(kind) if given else None
        if mine and known:
            notes += _beyond(mine, known)
        elif mine:
            known, bad = _shared(mine)
            refused |= bad
            notes += _told({file: extent for file, extent in mine.items() if file not in bad}, known)
        found[kind] = known
    return (Levels(**found) if any(found.values()) else None), refused, tuple(notes)


def _shared(extents: Mapping[P, Extent]) -> tuple[Range | None, dict[P, str]]:
    """The range of all files of one kind, and the files that do not fit it."""
    kept = _of_one_scale(extents)
    if not _union(kept.values()).range():
        kept = {file: extent for file, extent in kept.items() if extent.range()}
    ranges = [extent.range() for extent in kept.values()]
    shared = _union(kept.values()).range() if kept else None
    if kept and not shared:  # each file has a range, and none holds them all: the commonest is taken
        shared = max(ranges, key=ranges.count)
        kept = {file: extent for file, extent in kept.items() if extent.range() == shared}
    others = {file: extent for file, extent in extents.items() if file not in kept}
    return shared, {file: _refusal(extent, shared) for file, extent in others.items()}


def _of_one_scale(extents: Mapping[P, Extent]) -> dict[P, Extent]:
    """Drops the smaller group of floats up to 1 and floats beyond: in one range, those up to 1 would all be black."""
    dark = {file for file, extent in extents.items() if extent.high <= MARGIN and extent.low >= -MARGIN}
    unit = {file for file, extent in extents.items() if extent.kind == "real" and extent.range() in REAL[:2]} - dark
    beyond = set(extents) - unit - dark
    fewer = (min(unit, beyond, key=len) if unit else set()) if beyond else set()
    return {file: extent for file, extent in extents.items() if file not in fewer}


def _union(extents: Iterable[Extent]) -> Extent:
    return reduce(or_, extents)


def _refusal(extent: Extent, shared: Range | None) -> str:
    other = f"those of most files from {_said(shared)}" if shared else "which is no range that is known"
    return f"its values go from {extent.said()}, {other}; {_WAY_OUT}"


def _told(extents: Mapping[P, Extent], shared: Range | None) -> list[str]:
    """One line for the range in which files of one kind are read."""
    if not extents or not shared:
        return []
    every = _union(extents.values())
    what = "floats" if every.kind == "real" else "more than 8 bits"
    one = f"'{next(iter(extents))}', of {what}, holds"
    files = f"{len(extents):,} files of {what} hold" if len(extents) > 1 else one
    bits = math.log2(shared[1] + 1)
    depth = f" as {bits:.0f} bits" if bits in DEPTHS else ""
    return [f"{files} {every.said()}: read{depth}, black to white {_said(shared)}"]


def _beyond(extents: Mapping[P, Extent], shared: Range) -> list[str]:
    """One line for the files whose values exceed the range used in training."""
    margin = MARGIN * (shared[1] - shared[0])
    cut = {f: e for f, e in extents.items() if e.low < shared[0] - margin or e.high > shared[1] + margin}
    if not cut:
        return []
    first = f"'{next(iter(cut))}'"
    files = f"{len(cut):,} files, such as {first}, hold" if len(cut) > 1 else f"{first} holds"
    return [f"{files} {_union(cut.values()).said()}, beyond the {_said(shared)} that was learned from: cut off there"]


def _said(shared: Range) -> str:
    return f"{_figure(shared[0])} to {_figure(shared[1])}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:.3g}"


def _range(value: object) -> Range | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(type(n) in (int, float) for n in value):
        raise ValueError(f"a range of levels must be two numbers; got {value!r}")
    black, white = map(float, value)
    if not (math.isfinite(black) and math.isfinite(white) and black < white):
        raise ValueError(f"a range of levels must go from black up to white; got {value!r}")
    return black, white
