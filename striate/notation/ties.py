"""Which channels of a network stand or fall together: those that a sum adds must be left out at once.

>>> from striate.notation import read
>>> found = ties(read("input 3x8x8 -> conv 4@3 pad 1 -> residual[ conv 6@3 pad 1 -> relu -> conv 4@1 ] -> gap -> fc 2"))
>>> [part.makers for part in found.parts]
[('conv1', 'residual1.body.conv2'), ('residual1.body.conv1',), ('fc1',)]
>>> found.parts[2].fixed
'the network gives it'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from striate.notation import tree
from striate.notation.graph import Added, Concatenated, Scaled, Vertex
from striate.notation.measure import Measure, measure
from striate.notation.tree import Layer, Network

KEEPS_ZERO = (  # beside activations, layers that work on each channel by itself and give 0 for a channel of zeros
    *(tree.BatchNorm, tree.MaxPool, tree.AvgPool, tree.AdaptiveMaxPool, tree.AdaptiveAvgPool),
    *(tree.GlobalAvgPool, tree.GlobalMaxPool, tree.Dropout, tree.DropPath, tree.Identity, tree.Upsample, tree.Crop),
)


@dataclass(frozen=True)
class Part:
    """Channels that are tied to each other through sums.

    Attributes:
        members: The channels, each standing for all that are added to it.
        makers: The layers whose filters give them.
        fixed: Why none of them can be left out; empty where they can.
    """

    members: tuple[int, ...]
    makers: tuple[str, ...]
    fixed: str


@dataclass(frozen=True)
class Ties:
    """The channels of all values.

    Attributes:
        measured: The network's measure.
        channels: Of each value the class of each of its channels, by the value's name.
        parts: What is tied together.
    """

    measured: Measure
    channels: Mapping[str, tuple[int, ...]]
    parts: tuple[Part, ...]


def makes(vertex: Vertex) -> bool:
    """Whether a vertex gives channels of its own, a filter for each, from all channels that it reads."""
    return isinstance(vertex.node, tree.FullyConnected) or (
        isinstance(vertex.node, tree.Conv) and vertex.node.groups == 1
    )


def ties(network: Network) -> Ties:
    """The ties of a network of one input and one output whose weights are used once."""
    measured = measure(network)
    walk = _Walk(measured)
    for vertex in measured.graph.vertices:
        walk.visit(vertex)
    walk.fix(walk.values[measured.graph.output], "the network gives it")
    return Ties(measured, {name: walk.roots(ids) for name, ids in walk.values.items()}, walk.parts())


class _Walk:
    """Goes through the values in order; channels that a sum adds are joined into one class."""

    def __init__(self, measured: Measure) -> None:
        self.measured, self.parents, self.why = measured, list[int](), dict[int, str]()
        self.values: dict[str, tuple[int, ...]] = {}
        self.makers: dict[str, tuple[int, ...]] = {}
        for name, shape in measured.graph.inputs.items():
            self.values[name] = self.new(shape[0] or 1)
            self.fix(self.values[name], "it is the input")

    def new(self, count: int) -> tuple[int, ...]:
        first = len(self.parents)
        self.parents += range(first, first + count)
        return tuple(range(first, first + count))

    def root(self, one: int) -> int:
        while self.parents[one] != one:
            one = self.parents[one]
        return one

    def roots(self, ids: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(map(self.root, ids))

    def fix(self, ids: tuple[int, ...], why: str) -> None:
        for one in ids:
            self.why.setdefault(one, why)

    def join(self, one: tuple[int, ...], other: tuple[int, ...]) -> None:
        for a, b in zip(one, other, strict=True):
            first, second = sorted((self.root(a), self.root(b)))
            self.parents[second] = first

    def visit(self, vertex: Vertex) -> None:
        read = [self.values[name] for name in vertex.inputs]
        self.values[vertex.name] = self.given(vertex, read)

    def given(self, vertex: Vertex, read: list[tuple[int, ...]]) -> tuple[int, ...]:
        """The channels of a vertex's value."""
        node, count = vertex.node, self.measured.row(vertex.name).output.value[0]
        assert count is not None
        if makes(vertex):
            self.makers[vertex.name] = self.new(count)
            return self.makers[vertex.name]
        if isinstance(node, Concatenated):
            return tuple(one for ids in read for one in ids)
        if isinstance(node, Added | Scaled) and len({*map(len, read)}) == 1:
            for other in read[1:]:
                self.join(read[0], other)
            return read[0]
        depthwise = isinstance(node, tree.Conv) and node.groups == node.filters == len(read[0])
        if isinstance(node, KEEPS_ZERO) or depthwise or (isinstance(node, tree.Activation) and node.keeps_zero):
            return read[0]
        text = node.word if isinstance(node, Layer) else node.block.kind
        for ids in read:
            self.fix(ids, f"{text} needs all of it")
        made = self.new(count)
        self.fix(made, f"{text} gives it")
        return made

    def parts(self) -> tuple[Part, ...]:
        """Makers that share a class are one part."""
        found: list[tuple[set[int], list[str]]] = []
        for name, ids in self.makers.items():
            classes, makers = {*self.roots(ids)}, [name]
            for other in [one for one in found if one[0] & classes]:
                found.remove(other)
                classes, makers = classes | other[0], other[1] + makers
            found.append((classes, makers))
        fixed: dict[int, str] = {}
        for one, why in self.why.items():
            fixed.setdefault(self.root(one), why)
        order = {name: number for number, name in enumerate(self.makers)}
        made = [
            Part(tuple(sorted(classes)), tuple(makers), next((fixed[one] for one in classes if one in fixed), ""))
            for classes, makers in found
        ]
        return tuple(sorted(made, key=lambda part: order[part.makers[0]]))
