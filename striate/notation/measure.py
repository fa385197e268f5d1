"""What a network costs: the rules folded over its graph.

>>> from striate.notation import read
>>> measure(read("input 1x32x32 -> conv 6@5x5 -> tanh -> avgpool 2")).rows[-1].field.axes[0].formula
'5 + (2 - 1)*1 = 6'
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from striate.checks import check_kind
from striate.errors import InputError, nearest
from striate.notation import rules
from striate.notation.errors import RuleError
from striate.notation.graph import BOXES, Graph, Join, Vertex, graph
from striate.notation.render import node_text
from striate.notation.rules import Axis, Field, Figure
from striate.notation.rules.shape import shown
from striate.notation.seen import seen
from striate.notation.tree import Attention, Layer, Network, Node, Shape

_T = TypeVar("_T")
NO_MACS: Figure[int | None] = Figure(0)
OPTIMIZER_STATES = {"sgd": 0, "momentum": 1, "nesterov": 1, "adagrad": 1, "rmsprop": 1, "adam": 2, "adamw": 2}
OPTIMIZER_ALSO = {  # what others call them
    "sgd": ("gd", "gradientdescent", "stochasticgradientdescent", "vanilla"),
    "momentum": ("sgdm", "msgd", "sgdmomentum", "heavyball"),
    "nesterov": ("nag", "nesterovmomentum", "acceleratedgradient"),
    "rmsprop": ("rms",),
    "adamw": ("decoupledadam",),
}


@dataclass(frozen=True)
class Row:
    """One layer's figures for one example.

    Attributes:
        name: Its full name, as in the weights: `residual1.body.conv1`.
        text: How the notation writes it.
        input: The shape that comes in, (C, H, W).
        output: The shape that comes out.
        parameters: Trainable ones.
        macs: Products of convolutions and fully connected layers; None while an axis is free.
        memory: Bytes of the output in float32; 0 where it is the input itself.
        fields: The receptive field on each of the network's inputs that it depends on.
        unused: Entries along each axis that come in and that no window of the layer reads.
        per_box: Whether the figures are for one box, not for a whole example: true after a RoI layer.
    """

    name: str
    text: str
    node: Node
    input: Shape
    output: Figure[Shape]
    parameters: Figure[int]
    macs: Figure[int | None]
    memory: Figure[int | None]
    fields: Mapping[str, Field]
    unused: Figure[Shape] = Figure(())
    per_box: bool = False

    @property
    def field(self) -> Field:
        """The receptive field on the last of the inputs that it depends on."""
        return list(self.fields.values())[-1]

    @property
    def receptive_field(self) -> int | list[int | None] | None:
        """Entries of the input that one entry of the output sees at most: one number, or one per axis if unequal."""
        return extent(self.field)

    @property
    def jump(self) -> int | float | list[int | float] | None:
        """How far the field moves from one entry of the output to the next: one number, or one per axis."""
        jumps = [axis.jump for axis in self.field.axes]
        return _same([int(jump) if jump.denominator == 1 else float(jump) for jump in jumps])


def extent(field: Field) -> int | list[int | None] | None:
    """The size of a field in entries: one number, or one per axis where they differ; None where a free axis decides."""
    return _same([axis.size for axis in field.axes])


def _same(values: list[_T]) -> _T | list[_T] | None:
    return values[0] if values and len(set(values)) == 1 else values or None


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes that training needs at a batch size, in float32; temporary buffers of the engine not counted."""

    weights: int
    gradients: int
    optimizer: int
    activations: int | None

    @property
    def total(self) -> int | None:
        """All four together; None while an axis is free."""
        return None if self.activations is None else self.weights + self.gradients + self.optimizer + self.activations


@dataclass(frozen=True)
class Measure:
    """A network's rows and totals."""

    network: Network
    graph: Graph
    rows: tuple[Row, ...]

    def row(self, name: str) -> Row:
        """The row of a layer or a join.

        Raises:
            KeyError: There is none of that name.
        """
        return self._by_name[name]

    def fields(self, value: str) -> Mapping[str, Field]:
        """The receptive fields of a value, one of the inputs or what a layer or a join gives, by the input's value."""
        inputs = self.graph.inputs
        return {value: whole(inputs[value])} if value in inputs else self.row(value).fields

    def field(self, value: str) -> Field:
        """The receptive field of a value on the last of the inputs that it depends on."""
        return list(self.fields(value).values())[-1]

    def entries(self, value: str, position: int, axis: int = 0, source: str = "") -> tuple[int, int] | None:
        """The first and the last entry of an input that reach one entry of a value; None where none does.

        Exact near edges, over padding and between taps too, as `striate.notation.seen` says.

        Args:
            value: A layer's or a join's name.
            position: The entry, from 0; along the axis alone, whatever its place along the others.
            axis: 0 for the first after the channels: the rows of an image.
            source: The input, by its value; by default the last that this value depends on.

        Raises:
            InputError: An axis is free, or there is no such value, axis, entry or input.

        >>> from striate.notation import read
        >>> measured = measure(read("input 1x8 -> maxpool 4 -> upconv 1@4 stride 4"))
        >>> measured.entries("upconv1", 3), measured.entries("upconv1", 4)
        ((0, 3), (4, 7))
        """
        if value not in self._by_name:
            raise InputError(f"no layer or join '{value}'{nearest(value, self._by_name)}")
        source = source or [*self.row(value).fields][-1]
        self._check_entry(value, position, axis, source)
        places = seen(self.graph, self._shapes, value, position, axis).get(source)
        return (min(places), max(places)) if places else None

    def _check_entry(self, value: str, position: int, axis: int, source: str) -> None:
        if source not in self.graph.inputs:
            raise InputError(f"no input '{source}'; there is {', '.join(map(repr, self.graph.inputs))}")
        if any(None in shape for shape in self.graph.inputs.values()):
            raise InputError("which entries are seen depends on every size; measure(network, shape) sets the free axes")
        axes = len(self.graph.inputs[source]) - 1
        if not 0 <= axis < axes:
            raise InputError(f"'{source}' has {axes} axes after its channels, counted from 0. Received: {axis}")
        n = rules.entries(self.shape(value), axis) or 0
        if not 0 <= position < n:
            raise InputError(f"'{value}' has entries 0 to {n - 1} along axis {axis}. Received: {position}")

    @cached_property
    def _shapes(self) -> dict[str, Shape]:
        return {**self.graph.inputs, **{row.name: row.output.value for row in self.rows}}

    @cached_property
    def _by_name(self) -> dict[str, Row]:
        return {row.name: row for row in self.rows}

    @property
    def output(self) -> Shape:
        """The shape of the output of a network without `heads`."""
        if "" not in self.graph.outputs:
            raise InputError(f"the outputs of {self.network.name} have names: {', '.join(self.graph.outputs)}")
        return self.shape(self.graph.output)

    @property
    def outputs(self) -> dict[str, Shape]:
        """The shape of each output, by name; "" for that of a network without `heads`."""
        return {name: self.shape(value) for name, value in self.graph.outputs.items()}

    def shape(self, value: str) -> Shape:
        """The shape of a value: one of the network's inputs, or what a layer or a join gives."""
        return self.graph.inputs[value] if value in self.graph.inputs else self.row(value).output.value

    @property
    def total_parameters(self) -> int:
        """All trainable parameters."""
        return sum(row.parameters.value for row in self.rows)

    @property
    def total_macs(self) -> int | None:
        """Multiply-accumulates of one example; None while an axis is free."""
        return open_sum([row.macs.value for row in self.rows])

    def training_memory(self, batch: int, optimizer: str = "adamw") -> TrainingMemory:
        """What training at this batch size takes.

        4 bytes per parameter for the weights, the same for the gradients and for each state of the optimiser, and
        every layer's output for each example of the batch; `id` has none of its own.

        Raises:
            InputError: An unknown optimiser, or a batch of less than one example.
        """
        if optimizer not in OPTIMIZER_STATES:
            known = f"; it knows {', '.join(OPTIMIZER_STATES)}"
            raise InputError(
                f"no optimiser '{optimizer}'{nearest(optimizer, OPTIMIZER_STATES, OPTIMIZER_ALSO) or known}"
            )
        if batch < 1:
            raise InputError(f"a batch has at least 1 example, not {batch}")
        weights = 4 * self.total_parameters
        outputs = open_sum([row.memory.value for row in self.rows])
        activations = None if outputs is None else batch * outputs
        return TrainingMemory(weights, weights, OPTIMIZER_STATES[optimizer] * weights, activations)


def open_sum(values: list[int | None]) -> int | None:
    """The sum, or None when a value is open."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def at(network: Network, shape: Shape) -> Network:
    """The network with its free axes set.

    Raises:
        InputError: A shape that the network's input does not allow.
    """
    if not _allows(network.input, shape):
        raise InputError(_not_allowed(network.input, shape))
    return dataclasses.replace(network, input=shape)


def _not_allowed(given: Shape, shape: Shape) -> str:
    """Why a network's input has no such shape, and what may be meant."""
    moved, rest, whole = (*shape[-1:], *shape[:-1]), shape[1:], (given[0], *shape)
    alike = (given[0], *shape[:1] * (len(given) - 1))
    if _allows(given, rest):
        return f"{shown(shape)} for 'input {shown(given)}': leave out the number of examples, {shown(rest)}"
    if len(shape) == 1 and _allows(given, alike):
        way_out = f"write every axis, {shown(alike)}, or `size={shape[0]}`"
        return f"{shown(shape)} is not all of 'input {shown(given)}'; {way_out}"
    if len(shape) != len(given):
        too = f": the channels too, {shown(whole)}" if _allows(given, whole) and shape[0] != given[0] else ""
        return f"{shown(shape)} does not fit 'input {shown(given)}'; write a size for each of its {len(given)}{too}"
    hint = f"; channels come first: {shown(moved)}" if _allows(given, moved) else ""
    return f"{shown(shape)} does not fit 'input {shown(given)}'; only a free axis ('?') takes another size{hint}"


def _allows(given: Shape, shape: Shape) -> bool:
    return len(given) == len(shape) and all(a is None or a == b for a, b in zip(given, shape, strict=True))


def measure(network: Network, shape: Shape | None = None) -> Measure:
    """The figures of every layer.

    Args:
        network: A bound network.
        shape: Sizes for its free axes, (C, H, W).

    Raises:
        RuleError: At these sizes a layer does not fit its input.
    """
    check_kind(network, Network, "measure takes a network, as st.net gives")
    network = at(network, shape) if shape else network
    flat = graph(network)
    return Measure(network, flat, tuple(rows(flat)))


def whole(shape: Shape) -> Field:
    """The field of the network's own input."""
    return Field(tuple(Axis() for _ in shape[1:]))


def rows(flat: Graph) -> Iterator[Row]:
    """The rows of a graph, one after another: an error is the next vertex's."""
    values = {name: (shape, {name: whole(shape)}) for name, shape in flat.inputs.items()}
    boxed: set[str] = set()
    for vertex in flat.vertices:
        node, entry = vertex.node, values[vertex.entry][0]
        inputs = [values[name] for name in vertex.inputs if name != BOXES]
        output = rules.output(node, *(shape for shape, _ in inputs))
        if BOXES in vertex.inputs or _of_boxes(vertex, boxed):
            boxed.add(vertex.name)
        fields = {source: field for source in flat.inputs if (field := _field(node, output.value, inputs, source))}
        beside = [shape for shape, _ in inputs[1:]] if isinstance(node, Attention) else []
        yield _row(vertex, entry, output, fields, vertex.name in boxed, beside)
        values[vertex.name] = output.value, fields


def _of_boxes(vertex: Vertex, boxed: set[str]) -> bool:
    """Whether a vertex reads values of boxes.

    Raises:
        RuleError: It reads values of whole images too.
    """
    if boxed.isdisjoint(vertex.inputs):
        return False
    if not boxed.issuperset(vertex.inputs):
        detail = "there may be any number of boxes in an image; let both come from one RoI layer, or none"
        raise RuleError("values of boxes meet those of whole images", detail)
    return True


def _field(
    node: Layer | Join, output: Shape, inputs: list[tuple[Shape, dict[str, Field]]], source: str
) -> Field | None:
    """The field on one input; None where nothing depends on it."""
    if all(source not in fields for _, fields in inputs):
        return None
    return rules.receptive_field(node, output, *((shape, fields.get(source)) for shape, fields in inputs))


def _row(
    vertex: Vertex,
    entry: Shape,
    output: Figure[Shape],
    fields: dict[str, Field],
    per_box: bool,
    beside: Sequence[Shape] = (),
) -> Row:
    node, own = vertex.node, rules.activation_bytes(output.value)
    memory = Figure[int | None](0, f"that of {vertex.inputs[0]}") if vertex.passes else own
    if isinstance(node, Join):
        block, costs = node.block, (Figure(0), NO_MACS, memory)
        return Row(vertex.name, node_text(block), block, entry, output, *costs, fields, per_box=per_box)
    parameters = rules.parameters(node, entry)
    if vertex.shares and parameters.value:
        parameters = Figure(0, f"those of {vertex.weights}")
    costs, unused = (parameters, rules.macs(node, entry, *beside), memory), rules.unused(node, entry)
    text = f"{node.label}: {node_text(node)}" if node.label else node_text(node)
    return Row(vertex.name, text, node, entry, output, *costs, fields, unused, per_box)
