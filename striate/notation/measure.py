"""What a network costs: the rules folded over its tree.

>>> from striate.notation import read
>>> measure(read("input 1x32x32 -> conv 6@5x5 -> tanh -> avgpool 2")).rows[-1].field.axes[0].formula
'5 + (2 - 1)*1 = 6'
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from striate.errors import InputError, nearest
from striate.notation import rules
from striate.notation.render import node_text
from striate.notation.rules import Axis, Field, Figure
from striate.notation.rules.shape import shown
from striate.notation.tree import (
    Aux,
    Block,
    Chain,
    Dense,
    Group,
    Layer,
    Network,
    Node,
    Residual,
    Scale,
    Shape,
    Unpool,
    named,
)

_T = TypeVar("_T")
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
        memory: Bytes of the output in float32.
        field: The receptive field on the network's input.
        unused: Entries along each axis that come in and that no window of the layer reads.
    """

    name: str
    text: str
    node: Node
    input: Shape
    output: Figure[Shape]
    parameters: Figure[int]
    macs: Figure[int | None]
    memory: Figure[int | None]
    field: Field
    unused: Figure[Shape] = Figure(())

    @property
    def receptive_field(self) -> int | list[int | None] | None:
        """Entries of the input that one entry of the output sees: one number, or one per axis where they differ."""
        return _same([None if axis.size is None else int(axis.size) for axis in self.field.axes])

    @property
    def per_box(self) -> bool:
        """Whether the figures are for one box, not for a whole example: true after a RoI layer."""
        return any(axis.spacing == 0 for axis in self.field.axes)

    @property
    def jump(self) -> int | float | list[int | float] | None:
        """How far the field moves from one entry of the output to the next: one number, or one per axis."""
        jumps = [axis.jump for axis in self.field.axes]
        return _same([int(jump) if jump.denominator == 1 else float(jump) for jump in jumps])


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
    rows: tuple[Row, ...]

    @property
    def output(self) -> Shape:
        """The shape of the network's output."""
        main = [row for row in self.rows if not row.name.startswith(tuple(self._aux))] if self._aux else self.rows
        return main[-1].output.value if main else self.network.input

    @property
    def _aux(self) -> list[str]:
        return [f"{name}." for name, node in named(self.network.layers) if isinstance(node, Aux)]

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
        every layer's output for each example of the batch.

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
        moved = (*shape[-1:], *shape[:-1])
        hint = f"; channels come first: {shown(moved)}" if _allows(network.input, moved) else ""
        rule = f"{shown(shape)} does not fit 'input {shown(network.input)}'; only a free axis ('?') takes another size"
        raise InputError(f"{rule}{hint}")
    return dataclasses.replace(network, input=shape)


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
    network = at(network, shape) if shape else network
    rows: list[Row] = []
    _fold(network.layers, "", network.input, _whole(network.input), rows)
    return Measure(network, tuple(rows))


def field_behind(chain: Chain, shape: Shape) -> Field:
    """The receptive field after the layers of a chain whose first layer sees an input of this shape."""
    return _fold(chain, "", shape, _whole(shape), [])[1]


def _whole(shape: Shape) -> Field:
    return Field(tuple(Axis() for _ in shape[1:]))


def _fold(chain: Chain, prefix: str, shape: Shape, field: Field, rows: list[Row]) -> tuple[Shape, Field]:
    """Append a row for each node of the chain; return the shape and the field after it."""
    seen: dict[str, Shape] = {}
    for name, node in named(chain):
        seen[name] = shape
        if isinstance(node, Unpool):  # bound with open axes, and measured at a size
            node = dataclasses.replace(node, size=seen[node.pool])
        if isinstance(node, Layer):
            output, after = rules.output(node, shape), rules.receptive_field(node, shape, field)
            figures = (
                rules.parameters(node, shape),
                rules.macs(node, shape),
                rules.activation_bytes(output.value),
            )
            idle = rules.unused(node, shape)
            rows.append(Row(prefix + name, node_text(node), node, shape, output, *figures, after, idle))
            shape, field = output.value, after
        elif isinstance(node, Block):
            shape, field = _fold_block(node, prefix + name, shape, field, rows)
    return shape, field


def _fold_block(block: Block, name: str, shape: Shape, field: Field, rows: list[Row]) -> tuple[Shape, Field]:
    ends = [
        _fold(branch, f"{name}.{part}" if part else f"{name}.", shape, field, rows)
        for part, branch in zip(parts(block), block.branches, strict=True)
    ]
    if isinstance(block, Group):
        return ends[0]
    if isinstance(block, Aux):
        return shape, field
    output = rules.join(block, shape, tuple(end for end, _ in ends))
    passes = isinstance(block, Dense | Scale) or (isinstance(block, Residual) and len(ends) == 1)
    fields = [rules.gating(after, end, shape) if isinstance(block, Scale) else after for end, after in ends]
    merged = rules.merge(((field,) if passes else ()) + tuple(fields), output.value)
    memory = rules.activation_bytes(output.value)
    rows.append(Row(name, node_text(block), block, shape, output, Figure(0), Figure(0), memory, merged))
    return output.value, merged


def parts(block: Block) -> Iterator[str]:
    """The names of a block's branches inside its own name, each with its dot; a group has one without a name.

    >>> from striate.notation.tree import Residual
    >>> list(parts(Residual(((), ()))))
    ['body.', 'shortcut.']
    """
    names = {"residual": ("body", "shortcut"), "dense": ("body",), "scale": ("gate",), "aux": ("head",)}
    for i, _ in enumerate(block.branches):
        if isinstance(block, Group):
            yield ""
        else:
            yield f"{names[block.kind][i] if block.kind in names else f'branch{i + 1}'}."
