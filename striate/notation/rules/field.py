"""The receptive field: which entries of the input reach one entry of a map, as large as it gets on the map.

Computed forward along the layers, one axis at a time, as if maps had no ends. Behind windows it moves by its jump from
each entry to the next: size `r + (k-1)·j`, jump `j·s` (Araujo, Norris & Sim 2019). Behind layers that make a map finer
it depends on the place within their stride: it repeats every few entries, and each of these phases has its own.
Where branches meet, the field is the smallest range that holds all of theirs. A gate with one factor per channel scales
every entry by a value from the whole map, so after it the field no longer moves: its jump is 0; nor does it where the
single entry of a map is spread over many. What one place sees, near an edge too, is `Measure.entries`.

>>> from striate.notation.tree import Conv, UpConv
>>> conv = receptive_field(Conv(6, (4,), (4,), dilation=(1,)), (6, 8), ((1, 32), Field((Axis(),))))
>>> up = receptive_field(UpConv(6, (6,), (4,), dilation=(1,)), (6, 34), ((6, 8), conv))
>>> up.axes[0].phases, up.axes[0].jump
(((-4, 3), (-4, 3), (0, 3), (0, 3)), Fraction(1, 1))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, singledispatch
from math import gcd, lcm
from typing import TypeAlias

from striate.notation.errors import RuleError
from striate.notation.graph import Join
from striate.notation.rules.reads import FIRST, SAME, Reads, entries, reads_along
from striate.notation.tree import Embed, Layer, RoI, Shape

Range: TypeAlias = tuple[int, int]  # the first and the last entry
MOST_PHASES = 1024  # beyond them a field is not told
ENTRIES = ("", ("entries",), ("rows", "columns"), ("planes", "rows", "columns"))  # by the number of axes


@dataclass(frozen=True)
class Axis:
    """The field along one axis of the input.

    Attributes:
        phases: For the first entries of the map the first and the last input entry that reach it, None for an entry
            that nothing reaches: after them the field repeats, further on. Input entries are numbered from 0; others
            are padding. None when a free axis decides, or there are too many.
        jump: How far the field moves from one entry of the map to the next, in input entries, on average over the
            phases; 0 where every entry may see the same, as after a gate or in the map of a box.
        formula: How the size comes about.
        count: How many entries the map has; None where it is free.
        spacing: Distance between neighbouring entries of the map, in input entries, whatever they see; 0 for a box's
            map, None for one whose entries have no places of their own.
    """

    phases: tuple[Range | None, ...] | None = ((0, 0),)
    jump: Fraction = Fraction(1)
    formula: str = ""
    count: int | None = None
    spacing: Fraction | None = Fraction(1)

    @cached_property
    def size(self) -> int | None:
        """Input entries from the first to the last that reach an entry, at most; None when a free axis decides."""
        return None if self.phases is None else max(_sizes(self.phases, self.count))

    @cached_property
    def step(self) -> int:
        """How far the field moves over all phases."""
        return int(self.jump * len(self.phases or ()))

    def at(self, position: int) -> Range | None:
        """The first and the last input entry that reach the map's entry at `position`, as if maps had no ends.

        >>> Axis(((0, 3), None), Fraction(2)).at(5), Axis(((0, 3), None), Fraction(2)).at(6)
        (None, (12, 15))
        """
        assert self.phases
        turn, number = divmod(position, len(self.phases))
        phase = self.phases[number]
        return phase and (phase[0] + turn * self.step, phase[1] + turn * self.step)

    def over(self, positions: range) -> Range | None:
        """The smallest range that holds the fields of these entries: those of the first and the last of each phase."""
        assert self.phases
        most = len(self.phases)
        ends = positions if len(positions) <= 2 * most else (*positions[:most], *positions[-most:])
        return _hull([self.at(position) for position in ends])

    def through(self, reads: Reads, n: int | None, m: int | None) -> Axis:
        """The field on a map of m entries whose entries read those of this one, which has n."""
        if reads is SAME:
            return self
        reads = FIRST if n == 1 != m else reads
        moved = self._moved(reads, n, m)
        if self.phases is None or reads.of is None or reads.advance is None:
            return moved
        turns = len(self.phases) // gcd(len(self.phases), reads.advance)
        if reads.period * turns > MOST_PHASES:
            return moved
        phases = tuple(self.over(reads.of(position)) for position in range(reads.period * turns))
        alike = not moved.jump and len(set(phases)) == 1
        return replace(moved, phases=phases[:1] if alike else phases, formula=self._grown(reads, phases, m))

    def _moved(self, reads: Reads, n: int | None, m: int | None) -> Axis:
        """The axis of a map whose entries read those of this one, its phases left open."""
        advance, period, spacing = reads.advance, reads.period, self.spacing
        if advance is None:
            return Axis(None, self.jump, "", m, None)
        if advance == 0:
            return Axis(None, Fraction(0), "", m, spacing if n == m else None)
        if advance == period:
            return Axis(None, self.jump, "", m, spacing)
        apart = reads.spacing or Fraction(advance, period)
        return Axis(None, self.jump * advance / period, "", m, spacing and spacing * apart)

    def _grown(self, reads: Reads, phases: tuple[Range | None, ...], m: int | None) -> str:
        """The formula of the size after a layer."""
        assert self.phases
        assert self.size is not None
        sizes = _sizes(phases, m)
        size = max(sizes)
        if len(self.phases) == 1 and size == self.size + (reads.reach - 1) * self.jump:
            return f"{self.size} + ({reads.text} - 1)*{self.jump} = {size}"
        if len(set(sizes)) > 1:
            return f"largest of {', '.join(map(str, sorted(set(sizes))))} = {size}"
        return f"entries {phases[0][0]} to {phases[0][1]}, so {size}" if phases[0] else "sees nothing, so 0"

    def still(self, n: int) -> Axis:
        """The field of all `n` entries together, given to each of them."""
        return self if self.phases is None else replace(self, phases=(self.over(range(n)),), jump=Fraction(0))


def _sizes(phases: tuple[Range | None, ...], count: int | None) -> list[int]:
    """The sizes of the phases that a map of so many entries has."""
    return [phase[1] - phase[0] + 1 if phase else 0 for phase in phases[:count]]


def _hull(ranges: Sequence[Range | None]) -> Range | None:
    """The smallest range that holds all."""
    if len(ranges) == 1:
        return ranges[0]
    seen = [one for one in ranges if one]
    return (min(first for first, _ in seen), max(last for _, last in seen)) if seen else None


@dataclass(frozen=True)
class Field:
    """The receptive field along every axis of the input."""

    axes: tuple[Axis, ...]


Input: TypeAlias = tuple[Shape, Field | None]


@singledispatch
def receptive_field(node: Layer | Join, output: Shape, *inputs: Input) -> Field | None:
    """The field after a layer or a join.

    Args:
        node: Any layer of the tree, any join of the graph.
        output: The shape that comes out.
        inputs: Shape and field of each value that it reads; None for one that does not depend on the input.

    Returns:
        The field; None where the output does not depend on the input.

    Raises:
        RuleError: Boxes can't be cut out of such maps, or maps of different scales meet.
    """
    count = max(len(field.axes) for _, field in inputs if field)
    axes = [_along(node, axis, output, inputs) for axis in range(count)]
    found = tuple(axis for axis in axes if axis)
    return Field(found) if len(found) == len(axes) else None


def _along(node: Layer | Join, axis: int, output: Shape, inputs: Sequence[Input]) -> Axis | None:
    """The field after a layer or a join along one axis."""
    m = entries(output, axis)
    rules = reads_along(node, axis, output, *(shape for shape, _ in inputs))
    met = [
        field.axes[axis].through(reads, entries(shape, axis), m)
        for (shape, field), reads in zip(inputs, rules, strict=True)
        if field and reads and axis < len(field.axes)  # words that look at a picture have one axis, and that has two
    ]
    if len(met) < 2:
        return met[0] if met else None
    if isinstance(node, Join) and m != 1:  # an attention may look at places of any kind
        _check_scales(node, met, ENTRIES[len(output) - 1][axis])
    return _union(met, m)


def _check_scales(join: Join, met: Sequence[Axis], name: str) -> None:
    """Raise an error where entries side by side look at different places."""
    jumps = {axis.jump: None for axis in met if axis.phases and axis.jump and axis.spacing is None}
    spacings = {axis.spacing: None for axis in met if axis.spacing is not None}
    unequal = next((found for found in (spacings, jumps) if len(found) > 1), None)
    if unequal:
        apart = " and ".join(str(distance) for distance in unequal)
        detail = f"their {name} are {apart} entries of the input apart; use the same strides in each branch"
        raise RuleError(f"{join.block.kind} needs maps of one scale", detail)


def _union(met: Sequence[Axis], n: int | None) -> Axis:
    """The field of a map of n entries in which others meet: from the earliest first entry to the last."""
    spacing = next((axis.spacing for axis in met if axis.spacing is not None), None)
    sizes = [axis.size for axis in met]
    if n is not None and any(axis.jump == 0 for axis in met):
        met = [axis.still(n) for axis in met]
    count = 1 if n == 1 else lcm(*(len(axis.phases or ()) for axis in met))
    if None in sizes or count > MOST_PHASES:
        return Axis(None, met[0].jump, "", n, spacing)
    phases = tuple(_hull([axis.at(position) for axis in met]) for position in range(count))
    size = max(_sizes(phases, n))
    return Axis(phases, met[0].jump, f"union of {', '.join(map(str, sizes))} = {size}", n, spacing)


@receptive_field.register
def _(layer: Embed, output: Shape, x: Input) -> Field | None:
    return Field((Axis(count=output[1]),))


@receptive_field.register
def _(layer: RoI, output: Shape, *maps: Input) -> Field | None:
    for _, field in maps:
        if field is None:
            raise RuleError(f"{layer.word} reads maps of different inputs", "boxes are cut from the maps of one image")
        box_jump(layer, field)
    found = []
    for axis in (0, 1):
        met = [one for x in maps if (one := _along(layer, axis, output, [x]))]
        found.append(replace(met[0] if len(met) == 1 else _union(met, entries(output, axis)), spacing=Fraction(0)))
    return Field(tuple(found))


def box_jump(layer: RoI, field: Field) -> Fraction:
    """Distance in input pixels between neighbouring entries of the maps that boxes are cut from.

    Raises:
        RuleError: It differs between the axes or is unknown, or the maps are already those of a box.
    """
    down, across = (axis.spacing for axis in field.axes)
    if down == 0:
        raise RuleError(f"{layer.word} after another RoI layer", "boxes are cut out of images, once in a network")
    if down is None or across is None:
        detail = "a layer before it sees all of an open axis; put that layer after it, or give the input a size"
        raise RuleError(f"{layer.word} can't tell where its maps are on the image", detail)
    if down != across:
        detail = f"its entries are {down} pixels apart downwards and {across} across; use the same strides on both axes"
        raise RuleError(f"{layer.word} needs maps of one scale", detail)
    return down
