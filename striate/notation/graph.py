"""The network as a flat graph, derived from its tree: every layer and every join with the values that it reads.

The tree gives names, text and errors; whatever is computed of a network folds over the graph, in the text's order.

>>> from striate.notation import read
>>> net = graph(read("input 3x8x8 -> conv 3@3 pad 1 -> residual[ bn -> conv 3@1 ] -> gap"))
>>> for vertex in net.vertices:
...     print(vertex.name, "reads", *vertex.inputs)
conv1 reads the input
residual1.body.bn1 reads conv1
residual1.body.conv1 reads residual1.body.bn1
residual1 reads conv1 residual1.body.conv1
gap1 reads residual1
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from striate.notation import tree
from striate.notation.errors import RuleError, Span
from striate.notation.scopes import Scopes
from striate.notation.tree import Block, Chain, Layer, Network, Node, Shape, named

_T = TypeVar("_T")
INPUT, BOXES = "the input", "the boxes"  # no label has a space in it
End: TypeAlias = str | Mapping[str, str]  # the value that a chain ends in; where it ends in heads, one per output


@dataclass(frozen=True)
class Join:
    """A place where values meet; `block` is what the text has there."""

    block: Block

    @property
    def span(self) -> Span:
        """Where the text has it."""
        return self.block.span


class Added(Join):
    """The sum of its inputs."""


class Concatenated(Join):
    """The channels of its inputs, one after another."""


class Scaled(Join):
    """The first input, each channel, position or entry times a factor from the second."""


@dataclass(frozen=True)
class Form:
    """How a block is written, and what it comes to.

    Attributes:
        parts: The names of its branches: `?` after one that may be left out, `*` after one that may be repeated.
        meeting: From the value that comes in and the ends of the branches, the join and what it reads; None where the
            branches do not meet: heads on the side, and those that the network ends in.
    """

    parts: tuple[str, ...]
    meeting: Callable[..., tuple[type[Join], tuple[Any, ...]]] | None

    @property
    def branches(self) -> tuple[int, int]:
        """The least and the largest number of branches."""
        least = sum(not part.endswith("?") for part in self.parts)
        return least, MOST if self.parts[-1].endswith("*") else len(self.parts)

    def shown(self) -> Iterator[list[str]]:
        """The names of the branches for every way to write the block; letters for those that may be repeated."""
        if self.parts[-1].endswith("*"):
            yield ["a", "b"]
            return
        least, most = self.branches
        yield from (list(self.names(count)) for count in range(least, most + 1))

    def names(self, count: int) -> Iterator[str]:
        """The names of this many branches."""
        for number in range(count):
            part = self.parts[min(number, len(self.parts) - 1)]
            yield f"{part[:-1]}{number + 1}" if part.endswith("*") else part.rstrip("?")


MOST = 99
FORMS: dict[type[Block], Form] = {
    tree.Concat: Form(("branch*",), lambda x, *ends: (Concatenated, ends)),
    tree.Sum: Form(("branch*",), lambda x, *ends: (Added, ends)),
    tree.Residual: Form(
        ("body", "shortcut?"),
        lambda x, body, shortcut=None: (Added, (x, body) if shortcut is None else (body, shortcut)),
    ),
    tree.Dense: Form(("body",), lambda x, body: (Concatenated, (x, body))),
    tree.Scale: Form(("gate",), lambda x, gate: (Scaled, (x, gate))),
    tree.Aux: Form(("head",), None),
    tree.Heads: Form(("output*",), None),
}


def parts(block: Block) -> Iterator[tuple[str, Chain]]:
    """The branches of a block, each with its name; a group has one without a name.

    >>> [name for name, _ in parts(tree.Residual(((), ())))]
    ['body', 'shortcut']
    """
    if isinstance(block, tree.Group):
        return iter([("", block.branches[0])])
    if isinstance(block, tree.Heads):
        return zip(map(tree.attribute, block.names), block.branches, strict=True)
    return zip(FORMS[type(block)].names(len(block.branches)), block.branches, strict=True)


def meeting(block: Block, x: _T, ends: Sequence[_T]) -> tuple[Join, tuple[_T, ...]] | None:
    """Where a block's branches meet, and what is read there, whatever stands for the values: names, shapes.

    Args:
        block: A block that has a word.
        x: What comes into it.
        ends: What comes out of each branch.

    >>> meeting(tree.Dense(((),)), "x", ["body"])
    (Concatenated(block=Dense(branches=((),))), ('x', 'body'))
    """
    meet = FORMS[type(block)].meeting
    if meet is None:
        return None
    join, read = meet(x, *ends)
    return join(block), read


@dataclass(frozen=True)
class Vertex:
    """A value and what computes it.

    Attributes:
        name: Where it stands: `residual1.body.conv1`; a join has its block's.
        node: The layer, or the join.
        inputs: The values that it reads.
        entry: The value that comes into it as the text is written: for a join, into its block.
        weights: Whose weights it uses: another vertex's where the text says `shared`, otherwise its own.
    """

    name: str
    node: Layer | Join
    inputs: tuple[str, ...]
    entry: str
    weights: str

    @property
    def shares(self) -> bool:
        """Whether its weights are another's."""
        return self.weights != self.name

    @property
    def passes(self) -> bool:
        """Whether its value is the one that it reads, and takes no memory of its own."""
        return isinstance(self.node, tree.Identity) or (isinstance(self.node, Added) and len(self.inputs) == 1)


@dataclass(frozen=True)
class Graph:
    """A network's vertices in the order of its text, each after those whose values it reads.

    Attributes:
        inputs: The shapes of the values that come in; the last is `INPUT`.
        vertices: What is computed.
        outputs: The values that the network gives, by name; "" for that of a network without `heads`.
        aside: The ends of its heads on the side, by the block's name.
        links: Where each `from` and `shared` leads, by the name of its place: to a value, to the name of weights.
        ends: The values in which parts that are used once more end there, by the name of the place.
    """

    inputs: Mapping[str, Shape]
    vertices: tuple[Vertex, ...]
    outputs: Mapping[str, str]
    aside: Mapping[str, str]
    links: Mapping[str, str]
    ends: Mapping[str, str] = field(default_factory=dict)

    @property
    def several(self) -> str:
        """What the network has more than one of, "inputs" or "outputs"; empty where it has one of each."""
        return "inputs" if len(self.inputs) > 1 else "" if "" in self.outputs else "outputs"

    @property
    def beyond(self) -> str:
        """What it has beyond one input, one output and weights that are used once, as errors name it; empty if none."""
        has = {
            "'aux[ … ]'": bool(self.aside),
            "'heads[ … ]'": "" not in self.outputs,
            "a second input": len(self.inputs) > 1,
            "'shared'": any(vertex.shares for vertex in self.vertices),
        }
        return next((what for what, there in has.items() if there), "")

    @property
    def takes_boxes(self) -> bool:
        """Whether a layer reads boxes."""
        return any(BOXES in vertex.inputs for vertex in self.vertices)

    @property
    def output(self) -> str:
        """The value that a network without `heads` gives."""
        return self.outputs[""]


def input_named(label: str) -> str:
    """The value of an input before the last.

    >>> input_named("left")
    'the input left'
    """
    return f"{INPUT} {label}"


def graph(network: Network) -> Graph:
    """The graph of a network."""
    walk = _Walk()
    inputs = {input_named(label): shape for label, shape in network.others} | {INPUT: network.input}
    for label, value in zip(network.inputs, inputs, strict=True):
        walk.marks.add(label, _Mark(value, None, value, ""))
    end = walk.chain(network.layers, "", INPUT, "")
    return Graph(
        inputs, tuple(walk.vertices), {"": end} if isinstance(end, str) else end, walk.aside, walk.links, walk.ends
    )


@dataclass(frozen=True)
class _Mark:
    """What a label stands for: a value, what computes it, what came into that, and whose weights it has."""

    value: End
    node: Node | None
    entry: str
    weights: str


class _Walk:
    def __init__(self) -> None:
        self.vertices: list[Vertex] = []
        self.aside: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.ends: dict[str, str] = {}
        self.marks = Scopes[_Mark]()

    def chain(self, chain: Chain, prefix: str, x: str, weights: str) -> End:
        """Adds the vertices of a chain that reads x, its weights those under `weights`; returns what it ends in."""
        end: End = x
        for name, node in named(chain):
            if not isinstance(end, str):
                raise RuleError("nothing can follow heads", "they are what the network gives")
            entry, end = end, self.node(node, prefix + name, end, weights + name)
            if node.label:
                self.marks.add(node.label, _Mark(end, node, entry, weights + name))
        return end

    def node(self, node: Node, name: str, x: str, weights: str) -> End:
        """Adds the vertices of one node."""
        if isinstance(node, Block):
            return self.block(node, name, x, weights)
        if isinstance(node, tree.From):
            self.links[name] = self.value(node.source)
            return self.links[name]
        if isinstance(node, tree.Shared):
            mark = self.mark(node.part)
            self.links[name] = mark.weights
            with self.marks.inside():
                end = self.node(mark.node or tree.Identity(), name, x, mark.weights)
            self.ends |= {name: end} if isinstance(end, str) else {}
            return end
        assert isinstance(node, Layer)
        layer, inputs = self.reading(node, x)
        return self.add(Vertex(name, layer, inputs, inputs[0], weights))

    def reading(self, node: Layer, x: str) -> tuple[Layer, tuple[str, ...]]:
        """The layer as the graph has it, and the values that it reads."""
        if isinstance(node, tree.Unpool):
            mark = self.mark(node.pool)
            assert isinstance(mark.node, tree.MaxPool)
            return dataclasses.replace(node, source=mark.node), (x, mark.entry)
        if isinstance(node, tree.RoI):
            return node, (*([self.value(label) for label in node.levels] or [x]), BOXES)
        if isinstance(node, tree.Attention):
            return node, (x, *(self.value(label) for label in node.seen))
        return node, (x,)

    def block(self, block: Block, name: str, x: str, weights: str) -> End:
        """Adds the vertices of a block."""
        if isinstance(block, tree.Group):
            with self.marks.inside(block.label):
                return self.chain(block.branches[0], f"{name}.", x, f"{weights}.")
        with self.marks.inside() if isinstance(block, tree.Aux) else nullcontext():  # left out in evaluation
            ends = {
                part: self.chain(branch, f"{name}.{part}.", x, f"{weights}.{part}.") for part, branch in parts(block)
            }
        if isinstance(block, tree.Heads):
            return dict(_outputs(dict(zip(block.names, ends.values(), strict=True))))
        values = [end for end in ends.values() if isinstance(end, str)]
        if len(values) < len(ends):
            raise RuleError(f"heads inside {block.kind}", "the network ends in them, and nothing follows")
        met = meeting(block, x, values)
        if met is None:
            (self.aside[name],) = values
            return x
        return self.add(Vertex(name, *met, x, weights))

    def value(self, label: str) -> str:
        """The value that a label stands for."""
        end = self.mark(label).value
        if not isinstance(end, str):
            raise RuleError(f"'{label}' ends in heads", "its outputs are the network's; no branch begins there")
        return end

    def mark(self, label: str) -> _Mark:
        if label not in self.marks:
            raise RuleError(f"no label '{label}' before it", "a label stands before what refers to it")
        return self.marks[label]

    def add(self, vertex: Vertex) -> str:
        self.vertices.append(vertex)
        return vertex.name


def _outputs(ends: Mapping[str, End]) -> Iterator[tuple[str, str]]:
    """Every output with its full name: `class`, or `roi.class` of heads in a head."""
    for name, end in ends.items():
        if isinstance(end, str):
            yield name, end
        else:
            yield from ((f"{name}.{inner}", value) for inner, value in end.items())
