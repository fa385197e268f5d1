"""Tree → plan: each layer becomes a step, each branch a sequence of steps.

>>> from striate.native.target import named
>>> from striate.notation import read
>>> plan = lowered(read("input 1x28x28 -> conv 6@5x5 -> tanh -> avgpool 2 -> fc 10"), named("avx2"))
>>> [parameter.name for parameter in plan.parameters]
['conv1.weight', 'fc1.weight', 'conv1.bias', 'fc1.bias']
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from striate.errors import InputError
from striate.native.layers import LAYERS, Builder, batch_norm, value_of
from striate.native.plan import Plan
from striate.native.sharing import share
from striate.native.steps.convolution import Convolution
from striate.native.steps.dense import Flatten
from striate.native.steps.join import Add, Concat, Scale
from striate.native.steps.maps import Maps
from striate.native.steps.norm import BatchNorm
from striate.native.target import Target
from striate.native.values import Value
from striate.notation import Network, tree
from striate.notation.ending import left_to_loss
from striate.notation.render import node_text
from striate.notation.rules.shape import shown
from striate.notation.tree import Block, Chain, Layer, Node, named


class Refused(InputError):  # noqa: N818 - named for the outcome
    """The native engine lacks a layer; its message names it."""


def lowered(network: Network, target: Target) -> Plan:
    """The network's plan for a machine.

    Raises:
        Refused: Names the layer that the native engine lacks.
    """
    if None in network.input or len(network.input) > 3:
        raise Refused(f"the native engine takes 1-D and 2-D inputs of fixed size, not {shown(network.input)}")
    builder = _Builder(target, frozenset(left_to_loss(network)))
    x = value_of(network.input)
    y = builder.chain(network.layers, x, "")
    if y.rows * y.columns > 1:
        y = builder.add(Flatten("flatten", (y,), Value(y.size)))
    share(builder.steps, x)
    x.compact = all(isinstance(step, Convolution | Flatten) for step in builder.steps if x in step.inputs)
    return Plan(x, y, builder.steps, target.lanes).arranged()


class _Builder(Builder):
    """Walks through chains and blocks; layers named in `left` are left to the loss."""

    def __init__(self, target: Target, left: frozenset[str]) -> None:
        super().__init__(target)
        self.left = left

    def chain(self, chain: Chain, x: Value, path: str) -> Value:
        afters = (*chain[1:], None)
        done = False  # together with the layer before it
        for (name, node), after in zip(named(chain), afters, strict=True):
            if done:
                done = False
                continue
            done = isinstance(after, tree.Relu) and _takes_relu(node)
            x = (self.layer if isinstance(node, Layer) else self.block)(node, x, path + name, done)
        return x

    def layer(self, layer: Any, x: Value, name: str, relu: bool) -> Value:
        if name in self.left:
            return x
        if isinstance(layer, tree.BatchNorm):
            return batch_norm(self, layer, x, name, relu)
        if type(layer) not in LAYERS:
            raise Refused(f"the native engine lacks '{node_text(layer)}'")
        return LAYERS[type(layer)](self, layer, x, name)

    def block(self, block: Any, x: Value, name: str, relu: bool) -> Value:
        assert isinstance(block, Block)
        if isinstance(block, tree.Group):
            return self.chain(block.branches[0], x, f"{name}.")
        if type(block) not in BLOCKS:
            raise Refused(f"the native engine lacks '{block.kind}[ … ]'")
        names, join = BLOCKS[type(block)]
        names = names or tuple(f"branch{number}" for number in range(1, len(block.branches) + 1))
        branches = zip(names, block.branches, strict=False)
        ends = [self.chain(branch, x, f"{name}.{end}.") for end, branch in branches]
        if isinstance(block, tree.Residual):
            ends += [x] * (len(ends) == 1)
        return join(self, x, ends, relu)


def _takes_relu(node: Node) -> bool:
    """Whether the step that computes it can apply the ReLU after it at once."""
    return isinstance(node, tree.BatchNorm | tree.Residual) or (isinstance(node, tree.Sum) and len(node.branches) > 1)


def _apart(b: _Builder, values: list[Value]) -> list[Value]:
    """The values, with a copy of each that repeats: a step writes a separate gradient for each of its inputs."""
    return [_again(b, value) if value in values[:number] else value for number, value in enumerate(values)]


def _again(b: _Builder, x: Value) -> Value:
    view = Value(x.channels, x.rows, x.columns)
    return b.add(Maps("copy", x, view, tuple(range(x.channels))))


def _sum(b: _Builder, x: Value, values: list[Value], relu: bool) -> Value:
    total, *others = values = _apart(b, values)
    for number, value in enumerate(others, 2):
        last = relu and number == len(values)
        norm = next((step for step in b.steps if step.output is total), None)
        if isinstance(norm, BatchNorm) and norm.takes(value):
            norm.join(value, last)
            b.steps.remove(norm)  # it waits for the shortcut too
            b.steps.append(norm)
        else:
            y = Value(total.channels, total.rows, total.columns)
            total = b.add(Add("sum" + " -> relu" * last, (total, value), y, last))
    return total


def _concat(b: _Builder, x: Value, values: list[Value], relu: bool) -> Value:
    first, *_ = values = _apart(b, values)
    y = Value(sum(v.channels for v in values), first.rows, first.columns)
    return b.add(Concat("concat", tuple(values), y))


def _scale(b: _Builder, x: Value, ends: list[Value], relu: bool) -> Value:
    x, gate = _apart(b, [x, *ends])
    return b.add(Scale("scale", (x, gate), Value(x.channels, x.rows, x.columns)))


BLOCKS: dict[type[Block], tuple[tuple[str, ...], Callable[[_Builder, Value, list[Value], bool], Value]]] = {
    tree.Residual: (("body", "shortcut"), _sum),
    tree.Sum: ((), _sum),
    tree.Concat: ((), _concat),
    tree.Dense: (("body",), lambda b, x, ends, relu: _concat(b, x, [x, *ends], relu)),
    tree.Scale: (("gate",), _scale),
}
