"""From a measured network to the parts of its picture, each layer in one box with the norm and activation after it.

>>> from striate.notation import measure, read
>>> parts = chain(measure(read("input 3x8x8 -> conv 4@3 pad 1 -> bn -> relu -> residual[ conv 4@1 ]")))
>>> [type(part).__name__ for part in parts]
['End', 'Box', 'Split', 'End']
"""

import dataclasses
import re
from collections.abc import Iterator

from striate.notation import Measure, Row, tree
from striate.notation.graph import BOXES, FORMS, INPUT, Added, Concatenated, Graph, Join, Scaled, Vertex, meeting
from striate.notation.graph import parts as branches
from striate.notation.tree import Block, Group, Heads, Identity, Layer, Node, Shape, Shared, named
from striate.picture.brackets import Frame, Split
from striate.picture.folding import folded
from striate.picture.parts import Box, Chain, End, Part, Start, Wire

FOLLOW = (tree.Pointwise, tree.GroupNorm, tree.InstanceNorm)  # they are drawn in the box of the layer before them
SIGNS: dict[type[Join], str] = {Added: "+", Scaled: "×", Concatenated: "concat"}
NAME = r"[^\W\d]\w*"


def chain(measured: Measure) -> Chain:
    """The parts of a network, from its inputs to its outputs."""
    reader = _Reader(measured)
    flat, network = measured.graph, measured.network
    names = dict(zip(flat.inputs, network.inputs, strict=True))
    shapes = {value: (f"input {names[value]}".rstrip(), shape) for value, shape in flat.inputs.items()}
    shapes |= {BOXES: (BOXES, ())} if flat.takes_boxes else {}
    ends = [End(text=text, value=value, given=(shape,)) for value, (text, shape) in shapes.items() if value != INPUT]
    main = End(text=shapes[INPUT][0], value=INPUT, given=(network.input,))
    first: Part = main
    if ends:
        lanes = ((main,), *((end,) for end in reversed(ends)))
        first = Split(name=INPUT, lanes=lanes, given=(network.input,), straight=True)
    made = (first, *reader.chain(network.layers, "", "", network.input))
    return made if made[-1:] and not made[-1].given else (*made, End(text="output", taken=made[-1].given))


class _Reader:
    """Walks the tree as the graph does, and takes the figures of each place from the measure."""

    def __init__(self, measured: Measure) -> None:
        self.measured, flat = measured, measured.graph
        self.row = {row.name: row for row in measured.rows}
        self.vertex = {vertex.name: vertex for vertex in flat.vertices}
        self.nodes: dict[str, Node] = {}  # by the name of their weights, for `shared`
        self.linked = linked(flat)
        program = measured.network.program
        self.text = program.text if program else ""
        self.definitions = {definition.name for definition in program.definitions} if program else set()

    def chain(self, nodes: tree.Chain, prefix: str, weights: str, shape: Shape) -> Chain:
        """The parts of a chain that this shape comes into."""
        made: list[Part] = []
        for name, node in named(nodes):
            for part in self.node(node, prefix + name, weights + name, shape):
                self.append(made, part)
                shape = part.given[-1] if part.given else shape
        return folded(tuple(made))

    def append(self, made: list[Part], part: Part) -> None:
        """Adds a part; layers that follow go into the box before them, unless a branch begins between."""
        last = made[-1] if made else None
        if isinstance(part, Box) and isinstance(last, Box) and self.follows(part) and self.takes(last):
            (before,), (after,) = last.copies, part.copies
            made[-1] = dataclasses.replace(last, copies=((*before, *after),), given=part.given)
        else:
            made.append(part)

    def takes(self, box: Box) -> bool:
        """Whether layers that follow may join it."""
        return not box.sealed and box.values[-1] not in self.linked

    def follows(self, box: Box) -> bool:
        """Whether it has only layers that are drawn in another's box."""
        return not (box.sealed or box.caption) and all(isinstance(row.node, FOLLOW) for row in box.rows)

    def node(self, node: Node, name: str, weights: str, shape: Shape) -> Iterator[Part]:
        """The parts of one node."""
        self.nodes[weights] = node
        if isinstance(node, Layer):
            yield from self.layer(self.row[name])
        elif isinstance(node, tree.From):
            source = self.measured.graph.links[name]
            yield Start(source=source, given=(self.measured.shape(source),))
        elif isinstance(node, Shared):
            yield from self.shared(node, name, shape)
        elif isinstance(node, Group):
            yield from self.group(node, name, weights, shape)
        else:
            assert isinstance(node, Block)
            split = self.block(node, name, weights, shape)
            yield framed(split, node.label) if node.label else split

    def layer(self, row: Row) -> Iterator[Part]:
        """The box of one layer."""
        reads = self.vertex[row.name].inputs
        sides = beside(self.measured.graph, self.vertex[row.name])
        if isinstance(row.node, tree.RoI) and row.node.levels:
            yield Start(source=reads[0], given=(self.measured.shape(reads[0]),))
        wire = Wire(copies=((row,),), taken=(row.input,), given=(row.output.value,))
        yield wire if isinstance(row.node, Identity) else Box(**vars(wire), sides=sides)

    def shared(self, node: Shared, name: str, shape: Shape) -> Iterator[Part]:
        """The same layers once more."""
        weights, title = self.measured.graph.links[name], f"shared {node.part}"
        used = self.nodes[weights]
        if isinstance(used, Layer):
            for part in self.layer(self.row[name]):
                yield dataclasses.replace(part, caption=title, sealed=True) if isinstance(part, Box) else part
            return
        assert isinstance(used, Block)
        if isinstance(used, Group):
            inner = self.chain(used.branches[0], f"{name}.", f"{weights}.", shape)
        else:
            inner = (self.block(used, name, weights, shape),)
        yield from self.around(inner, title, sealed=True)

    def group(self, node: Group, name: str, weights: str, shape: Shape) -> Iterator[Part]:
        """A named part: with a frame if there is more than one box in it."""
        used = self.used(node)
        own = not used or not re.fullmatch(rf"{re.match(NAME, used)[0]}_?\d+", node.label)  # type: ignore[index]
        title = node.label if not used else f"{node.label}: {used}" if own else used
        yield from self.around(self.chain(node.branches[0], f"{name}.", f"{weights}.", shape), title, sealed=own)

    def around(self, inner: Chain, title: str, sealed: bool) -> Chain:
        """A chain with its title."""
        only = inner[0] if len(inner) == 1 else None
        if not inner or isinstance(only, Wire | Start) or (isinstance(only, Box) and not sealed and self.follows(only)):
            return inner
        if isinstance(only, Box):
            return (dataclasses.replace(only, caption=title, sealed=sealed),)
        return (Frame(title=title, chain=inner, taken=inner[0].taken or inner[0].given, given=inner[-1].given),)

    def used(self, group: Group) -> str:
        """The definition that a part is a use of, with its numbers if they are written there; empty for a bracket."""
        text = self.text[group.span.start : group.span.end]
        word = re.match(NAME, text)
        if not word or word[0] not in self.definitions:
            return ""
        numbers = re.match(rf"{NAME}\([\d\s.,-]+\)", text)
        return " ".join((numbers or word)[0].split())

    def block(self, block: Block, name: str, weights: str, shape: Shape) -> Split:
        """The branches of a block, and where they meet."""
        chains = {
            part: self.chain(branch, f"{name}.{part}.", f"{weights}.{part}.", shape) for part, branch in branches(block)
        }
        short = name.rpartition(".")[2]
        if isinstance(block, Heads):
            ended = zip(block.names, chains.values(), strict=True)
            return Split(name=short, lanes=tuple(self.output(*one) for one in ended), stops=True, taken=(shape,))
        if FORMS[type(block)].meeting is None:
            (head,) = chains.values()
            aside = self.output(f"{short}, in training", head)
            return Split(name=short, lanes=((), aside), straight=True, taken=(shape,), given=(shape,))
        met = meeting(block, None, list[Chain | None](chains.values()))
        assert met is not None
        join, read = met
        lanes, passes = tuple(() if lane is None else lane for lane in read), None in read
        gated, open_ended = isinstance(join, Scaled), FORMS[type(block)].parts[-1].endswith("*")
        row = self.row[name]
        return Split(
            name=short,
            lanes=lanes if gated or not passes else lanes[::-1],  # the body straight on; beside a gate what it scales
            joins=(row,),
            sign=SIGNS[type(join)],
            straight=not open_ended,
            taken=(shape,),
            given=(row.output.value,),
        )

    def output(self, name: str, lane: Chain) -> Chain:
        """A branch that ends in an output of the network."""
        return lane if lane and not lane[-1].given else (*lane, End(text=name, taken=lane[-1].given if lane else ()))


def beside(flat: Graph, vertex: Vertex) -> tuple[str, ...]:
    """The values that a layer reads beside the one that comes in: for an unpool, those of its pool."""
    if isinstance(vertex.node, tree.Unpool):
        read = vertex.inputs[1]
        return next((v.name,) for v in flat.vertices if v.node == vertex.node.source and v.inputs[0] == read)
    return vertex.inputs[1:] if isinstance(vertex.node, tree.RoI | tree.Attention) else ()


def linked(flat: Graph) -> frozenset[str]:
    """The values at which links begin."""
    sides = {source for vertex in flat.vertices for source in beside(flat, vertex)}
    return frozenset({*sides, *flat.links.values()} & {vertex.name for vertex in flat.vertices})


def framed(split: Split, title: str) -> Frame:
    """Branches with a name around them."""
    return Frame(title=title, chain=(split,), taken=split.taken, given=split.given)
