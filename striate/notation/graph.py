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
from dataclasses import dataclass
from typing import Any, TypeVar

from striate.notation import tree
from striate.notation.errors import Span
from striate.notation.tree import Block, Chain, Layer, Network, named

_T = TypeVar("_T")
INPUT, BOXES = "the input", "the boxes"  # no label has a space in it


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
            branches end beside the network, whose next layer reads what came in.
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
        ("body", "shortcut?"), lambda x, body, shortcut="": (Added, (body, shortcut) if shortcut else (x, body))
    ),
    tree.Dense: Form(("body",), lambda x, body: (Concatenated, (x, body))),
    tree.Scale: Form(("gate",), lambda x, gate: (Scaled, (x, gate))),
    tree.Aux: Form(("head",), None),
}


def parts(block: Block) -> Iterator[tuple[str, Chain]]:
    """The branches of a block, each with its name; a group has one without a name.

    >>> [name for name, _ in parts(tree.Residual(((), ())))]
    ['body', 'shortcut']
    """
    if isinstance(block, tree.Group):
        return iter([("", block.branches[0])])
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
        name: As the weights are named: `residual1.body.conv1`; a join has its block's.
        node: The layer, or the join.
        inputs: The values that it reads.
        entry: The value that comes into it as the text is written: for a join, into its block.
    """

    name: str
    node: Layer | Join
    inputs: tuple[str, ...]
    entry: str


@dataclass(frozen=True)
class Graph:
    """A network's vertices in the order of its text, each after those whose values it reads.

    Attributes:
        vertices: What is computed.
        output: The value that the network gives.
        aside: The ends of its heads on the side, by the block's name.
    """

    vertices: tuple[Vertex, ...]
    output: str
    aside: Mapping[str, str]


def graph(network: Network) -> Graph:
    """The graph of a network."""
    walk = _Walk()
    output = walk.chain(network.layers, "", INPUT)
    return Graph(tuple(walk.vertices), output, walk.aside)


class _Walk:
    def __init__(self) -> None:
        self.vertices: list[Vertex] = []
        self.aside: dict[str, str] = {}

    def chain(self, chain: Chain, prefix: str, x: str) -> str:
        """Adds the vertices of a chain that reads x; returns the value that it ends in."""
        pools: dict[str, tuple[tree.MaxPool, str]] = {}
        for name, node in named(chain):
            if isinstance(node, Block):
                x = self.block(node, prefix + name, x)
                continue
            assert isinstance(node, Layer)
            inputs: tuple[str, ...] = (x,)
            if isinstance(node, tree.MaxPool):
                pools[name] = node, x
            elif isinstance(node, tree.Unpool):
                source, seen = pools[node.pool]
                node, inputs = dataclasses.replace(node, source=source), (x, seen)
            elif isinstance(node, tree.RoI):
                inputs = (x, BOXES)
            x = self.add(Vertex(prefix + name, node, inputs, x))
        return x

    def block(self, block: Block, name: str, x: str) -> str:
        """Adds the vertices of a block."""
        ends = [self.chain(branch, f"{name}.{part}." if part else f"{name}.", x) for part, branch in parts(block)]
        if isinstance(block, tree.Group):
            return ends[0]
        met = meeting(block, x, ends)
        if met is None:
            self.aside[name] = ends[0]
            return x
        return self.add(Vertex(name, *met, x))

    def add(self, vertex: Vertex) -> str:
        self.vertices.append(vertex)
        return vertex.name
