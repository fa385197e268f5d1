"""How long each value is needed when a network computes one example, and what they take together.

>>> from striate.notation import measure, read
>>> net = "input 3x8x8 -> a: conv 4@3 pad 1 -> maxpool 2 -> upconv 4@2 stride 2 -> sum[ from a | id ]"
>>> most = peak(measure(read(net)))
>>> most.value, most.at
('sum1', 3072)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from striate.notation.graph import BOXES, Graph
from striate.notation.measure import Measure, open_sum
from striate.notation.rules import activation_bytes
from striate.notation.tree import Dropout, DropPath


@dataclass(frozen=True)
class Peak:
    """The most that values take at once.

    Attributes:
        value: While which one is computed.
        at: Bytes of all that are needed then, itself and its inputs too, for one example in float32; None while an
            axis is free.
    """

    value: str
    at: int | None


def peak(measured: Measure) -> Peak:
    """The most memory that the values of one example take: each is kept until the last layer that reads it is done."""
    flat, same = measured.graph, _same(measured.graph)
    last = _last_reads(flat, same)
    living = {name: activation_bytes(shape).value for name, shape in flat.inputs.items()}
    most = Peak("", 0)
    for number, vertex in enumerate(flat.vertices):
        if same[vertex.name] == vertex.name:
            living[vertex.name] = measured.row(vertex.name).memory.value
        if (total := open_sum([*living.values()])) is None:
            return Peak(vertex.name, None)
        most = Peak(vertex.name, total) if total > (most.at or 0) else most
        living = {name: size for name, size in living.items() if last[name] > number}
    return most


def _same(flat: Graph) -> dict[str, str]:
    """Whose memory each value is: what passes its input on has none of its own."""
    same = {name: name for name in flat.inputs}
    for vertex in flat.vertices:
        passes = vertex.passes or isinstance(vertex.node, Dropout | DropPath)  # which do nothing in evaluation
        same[vertex.name] = same[vertex.inputs[0]] if passes else vertex.name
    return same


def _last_reads(flat: Graph, same: Mapping[str, str]) -> dict[str, int]:
    """The number of the vertex that reads each value last; that of an output is beyond all."""
    last = dict.fromkeys(same, -1)
    for number, vertex in enumerate(flat.vertices):
        last |= {same[name]: number for name in vertex.inputs if name != BOXES}
    return last | {same[name]: len(flat.vertices) for name in flat.outputs.values()}
