"""The shape of every join: maps that are put together, added or scaled must fit each other.

>>> from striate.notation.graph import Concatenated
>>> from striate.notation.rules.shape import output
>>> from striate.notation.tree import Concat
>>> output(Concatenated(Concat(((), ()))), (3, 8), (5, 8))
Figure(value=(8, 8), formula='3 + 5 = 8 channels')
"""

from typing import cast

from striate.notation.errors import RuleError, UnevenError
from striate.notation.graph import Added, Concatenated, Scaled
from striate.notation.rules.figure import Figure
from striate.notation.rules.shape import alike, output, shown
from striate.notation.tree import Block, Dense, Residual, Shape


@output.register
def _(join: Concatenated, *shapes: Shape) -> Figure[Shape]:
    for other in shapes[1:]:
        if not alike(shapes[0][1:], other[1:]):
            headline, rule = f"{_whose(join.block)} {shown(shapes[0])} and {shown(other)}", "maps that are put together"
            raise _differ(
                headline, f"{rule} must have the same size", "use pad same, or the same stride", shapes[0], other
            )
    channels = [cast(int, s[0]) for s in shapes]
    spatial = _known(*(s[1:] for s in shapes))
    return Figure((sum(channels), *spatial), f"{' + '.join(map(str, channels))} = {sum(channels)} channels")


@output.register
def _(join: Added, *shapes: Shape) -> Figure[Shape]:
    for other in shapes[1:]:
        if not alike(shapes[0], other):
            raise _unequal(join.block, shapes[0], other)
    return Figure(_known(*shapes))


@output.register
def _(join: Scaled, shape: Shape, gate: Shape) -> Figure[Shape]:
    per_channel = len(gate) in (1, len(shape)) and gate[0] == shape[0]
    per_position = len(gate) == len(shape) > 1 and gate == (1, *shape[1:])
    if per_position or (per_channel and all(n in (1, m) for n, m in zip(gate[1:], shape[1:], strict=False))):
        return Figure(shape)
    way_out = f"end it with fc {shape[0]} -> sigmoid"
    others = f", or one per position ({shown((1, *shape[1:]))}) or entry" if len(shape) > 1 else ""
    detail = f"a gate gives one value per channel{others}; {way_out}"
    raise RuleError(f"the gate gives {shown(gate)} for an input of {shown(shape)}", detail)


def _unequal(block: Block, one: Shape, other: Shape) -> RuleError:
    """Branches that can't be added, with the way out that this block has."""
    rule = "shapes that are added must be equal"
    if not isinstance(block, Residual):
        headline = f"branches of {block.kind} give {shown(one)} and {shown(other)}"
        way_out = "use pad same, and the same filters and strides in each branch"
    elif len(block.branches) == 2:
        headline = f"body and shortcut give {shown(one)} and {shown(other)}"
        way_out = "give the shortcut a conv of the body's filters and strides"
    else:
        headline = f"the body gives {shown(other)} for an input of {shown(one)}"
        way_out = f"use pad same, or give it a shortcut: residual[ body | conv {other[0]}@1 … ]"
    return _differ(headline, rule, way_out, one, other)


def _differ(headline: str, rule: str, way_out: str, one: Shape, other: Shape) -> RuleError:
    """The error for two shapes that meet: what helps depends on what differs."""
    units = next((shape[0] for shape in (one, other) if len(shape) == 1), None)
    if len(one) != len(other) and units:
        way_out = f"fc {units} makes a vector of maps, and conv {units}@1 in the place of fc leaves maps"
        return RuleError(headline, f"a vector does not meet maps; {way_out}")
    if len(one) == len(other) and not alike(one[1:], other[1:]):
        return UnevenError(headline, rule, way_out)
    return RuleError(headline, f"{rule}; {way_out}")


def _whose(block: Block) -> str:
    return "input and body of dense have" if isinstance(block, Dense) else f"branches of {block.kind} give"


def _known(*shapes: Shape) -> Shape:
    """The size of each axis of shapes that are alike, where one has it."""
    return tuple(next((n for n in sizes if n is not None), None) for sizes in zip(*shapes, strict=True))
