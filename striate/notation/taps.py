"""The stages of a network: where maps of each size are complete, for other networks to stand on.

>>> from striate.notation import measure, read
>>> net = "input 3x32x32 -> conv 8@3 pad 1 -> relu -> maxpool 2 -> conv 16@3 -> relu -> gap"
>>> for tap in taps(measure(read(net))):
...     print(tap.name, tap.channels, tap.reduction)
relu1 8 1
relu2 16 2
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from striate.notation.graph import BOXES, Join, Vertex
from striate.notation.measure import Measure
from striate.notation.tree import Chain, Group, Heads, named


@dataclass(frozen=True)
class Tap:
    """The last value of a stage.

    Attributes:
        name: Of the value, and of the module that gives it.
        channels: How many.
        reduction: Entries of the input from one entry to the next, as strides multiply: 4 where maps are a quarter.
    """

    name: str
    channels: int
    reduction: int | float


def taps(measured: Measure) -> Iterator[Tap]:
    """The stages in the order of the text: wherever the maps of the trunk get another size, what stood before.

    The trunk is what no branch holds; a stage of maps with one entry, or of boxes, is none.
    """
    found: list[Tap] = []
    for vertex in _trunk(measured):
        reduction = _reduction(measured, vertex)
        if reduction is not None:
            channels = measured.row(vertex.name).output.value[0] or 0
            whole = int(reduction) if reduction.denominator == 1 else float(reduction)
            if found and found[-1].reduction == whole:
                found.pop()
            found.append(Tap(vertex.name, channels, whole))
    yield from found


def _trunk(measured: Measure) -> Iterator[Vertex]:
    """The vertices outside of every branch."""
    joins = tuple(f"{v.name}." for v in measured.graph.vertices if isinstance(v.node, Join))
    aside = tuple(f"{name}." for name in (*measured.graph.aside, *_heads(measured.network.layers)))
    for vertex in measured.graph.vertices:
        if not vertex.name.startswith(joins + aside) and BOXES not in vertex.inputs and not vertex.shares:
            yield vertex


def _heads(chain: Chain, path: str = "") -> Iterator[str]:
    """Where heads stand."""
    for name, node in named(chain):
        if isinstance(node, Heads):
            yield path + name
        elif isinstance(node, Group):
            yield from _heads(node.branches[0], f"{path}{name}.")


def _reduction(measured: Measure, vertex: Vertex) -> Fraction | None:
    """How much coarser than the input its maps are; None where they are no maps."""
    row = measured.row(vertex.name)
    if len(row.output.value) < 2 or row.per_box or set(row.output.value[1:]) == {1}:
        return None
    spacings = {axis.spacing for axis in row.field.axes}
    return max(spacing for spacing in spacings if spacing is not None) if spacings - {None} else None
