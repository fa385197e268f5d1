"""Values forward through a network's graph, and gradients back: what the readers of a value send is added up there."""

from __future__ import annotations

from typing import Any

from striate.notation import rules
from striate.notation.graph import BOXES, INPUT, Graph, Join, Vertex
from striate.notation.measure import Measure
from striate.notation.render import node_text
from striate.notation.tree import Layer, RoI, Shape
from striate.stepping import layers  # noqa: F401 - it registers how each layer works
from striate.stepping.content import Part, named, numbers
from striate.stepping.reading import Array
from striate.stepping.supply import Supply
from striate.stepping.work import inputs, work


class Propagation:
    """A network's values, and what goes back through it, one vertex at a time."""

    def __init__(self, measured: Measure, x: Array, supply: Supply) -> None:
        self.measured, self.supply = measured, supply
        self.graph: Graph = measured.graph
        self.values: dict[str, Array] = {INPUT: x}
        self.arrays: dict[str, dict[str, Array]] = {}
        self.parts: dict[str, tuple[Part, ...]] = {}  # forward
        self.sent: dict[str, list[tuple[str, Array]]] = {}  # gradients by the value that they reach, with their names

    def forward(self) -> None:
        """Computes every value."""
        for vertex in self.graph.vertices:
            arrays = {name: self.values[value] for name, value in self.reads(vertex).items()}
            self.arrays[vertex.name] = arrays | self._taken(vertex, next(iter(arrays.values())).shape)
            shape = self.shape(vertex)
            parts: list[Part] = []
            for part in work(vertex.node, self.arrays[vertex.name], named("dO", shape, int(len(shape) > 1))):
                parts.append(part)
                if part.name == "O":
                    break
            self.parts[vertex.name] = tuple(parts)
            output = parts[-1].values
            assert output is not None
            self.values[vertex.name] = output

    def reads(self, vertex: Vertex) -> dict[str, str]:
        """The values that a vertex reads, by what its formulas call them."""
        values = [value for value in vertex.inputs if value != BOXES]
        return dict(zip(inputs(vertex.node, len(values)), values, strict=True))

    def _taken(self, vertex: Vertex, shape: tuple[int, ...]) -> dict[str, Array]:
        """What a vertex takes beside the values that it reads."""
        prefix = "" if len(self.graph.vertices) == 1 else f"{vertex.weights}."
        found = self.supply.arrays(prefix, text_of(vertex.node), vertex.node, shape)
        if isinstance(vertex.node, RoI):
            found["jump"] = numbers(self.jump(vertex.node, vertex.inputs[0]))
        return found

    def jump(self, layer: RoI, value: str) -> Any:
        """How many pixels of the input lie between neighbouring entries of a map."""
        return rules.box_jump(layer, self.measured.field(value))

    def shape(self, vertex: Vertex) -> tuple[int, ...]:
        """The shape that comes out of a vertex."""
        return sizes(self.measured.row(vertex.name).output.value)

    def backward(self, vertex: Vertex, upstream: Array) -> tuple[Part, ...]:
        """The gradients of a vertex; those by its inputs are sent to the values that it reads."""
        gradients = [part for part in work(vertex.node, self.arrays[vertex.name], upstream) if part.name[:4] == "dE/d"]
        self.send(vertex, gradients)
        return tuple(gradients)

    def send(self, vertex: Vertex, gradients: list[Part]) -> None:
        """Sends gradients to the values that they are by."""
        for name, value in self.reads(vertex).items():
            for part in gradients:
                if part.name == f"dE/d{name}" and part.values is not None:
                    self.sent.setdefault(value, []).append((f"{part.name} of {vertex.name}", part.values))

    def upstream(self, vertex: Vertex) -> Array | None:
        """What all readers of a vertex's value send back; None where nothing comes."""
        sent = [array for _, array in self.sent.get(vertex.name, [])]
        return sum(sent[1:], start=sent[0]) if sent else None


def sizes(shape: Shape) -> tuple[int, ...]:
    """A shape in which nothing is free."""
    return tuple(int(n or 0) for n in shape)


def text_of(node: Layer | Join) -> str:
    """A layer as the notation writes it; a join as what is joined."""
    if isinstance(node, Join):
        return node.block.kind
    return node_text(node)
