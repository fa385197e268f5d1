"""Graph → plan: each layer and each join becomes a step.

>>> from striate.native.target import named
>>> from striate.notation import read
>>> plan = lowered(read("input 1x28x28 -> conv 6@5x5 -> tanh -> avgpool 2 -> fc 10"), named("avx2"))
>>> [parameter.name for parameter in plan.parameters]
['conv1.weight', 'fc1.weight', 'conv1.bias', 'fc1.bias']
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from striate.native.builder import Refused as Refused  # what callers catch
from striate.native.builder import like
from striate.native.fusing import fused
from striate.native.grids import resampled
from striate.native.layers import LAYERS, Builder, sizes, value_of
from striate.native.peaks import peaked
from striate.native.plan import End, Plan
from striate.native.sharing import share
from striate.native.steps.convolution import Convolution
from striate.native.steps.join import Add, Concat, Scale
from striate.native.steps.maps import Maps
from striate.native.steps.view import Flatten
from striate.native.strips import fitted, whole
from striate.native.target import Target
from striate.native.values import Value
from striate.notation import Network, measure
from striate.notation.ending import left_to_loss
from striate.notation.graph import INPUT, Added, Concatenated, Join, Scaled, Vertex, graph
from striate.notation.render import node_text
from striate.notation.rules.shape import shown
from striate.notation.tree import Layer

PAYS = 0.9  # of all multiply-adds: so many in strips


def lowered(network: Network, target: Target, strips: int = 1, apart: bool = False, given: bool = False) -> Plan:
    """The network's plan for a machine.

    Args:
        network: Bound, of fixed input size.
        target: The machine's vector units.
        strips: In how many lanes each image should be; it is in fewer where most of the network can't work so.
        apart: Whether every value is computed by itself and kept, to be looked at; that is slower.
        given: Whether the gradients of the outputs are given.

    Raises:
        Refused: Names what the native engine lacks.
    """
    plan = _lowered(network, target, 1, apart, given)
    while strips > 1:
        if len(network.input) == 3 and plan.input.rows % strips == 0:
            cut = _lowered(network, target, strips, apart, given)
            if sum(s.macs * s.inputs[0].strips for s in cut.steps if s.inputs[0].strips > 1) >= PAYS * plan.macs:
                return cut
        strips //= 2
    return plan


def _lowered(network: Network, target: Target, strips: int, apart: bool, given: bool) -> Plan:
    if None in network.input:
        raise Refused(f"the native engine takes inputs of fixed size, not {shown(network.input)}")
    flat, builder = graph(network), Builder(target, len(network.input) - 1)
    left = frozenset(left_to_loss(flat))
    if len(flat.inputs) > 1:
        raise Refused("the native engine lacks a second input")
    if any(vertex.shares for vertex in flat.vertices):
        raise Refused("the native engine lacks 'shared'")
    x = value_of(network.input)
    x.rows, x.strips = x.rows // strips, strips
    values = {INPUT: x}
    for vertex in flat.vertices:
        names: Sequence[str] = vertex.inputs
        if isinstance(vertex.node, Added):
            names = sorted(names, key=lambda name: name == vertex.entry)  # what came in is added to what was made of it
        inputs = [values[name] for name in names if name in values]
        values[vertex.name] = inputs[0] if vertex.name in left else _step(builder, vertex, inputs)
    found = [*((name, of, False) for name, of in flat.outputs.items()), *(("", of, True) for of in flat.aside.values())]
    shapes, several = measure(network), len(found) > 1
    ends = tuple(_end(builder, End(n, values[of], sizes(shapes.shape(of)), aside), several) for n, of, aside in found)
    steps = builder.steps
    if not apart:
        steps = fused(peaked(steps), [end.value for end in ends])
        share(steps, x)
    x.compact = all(isinstance(step, Convolution | Flatten) for step in steps if x in step.inputs)
    named = {name: value for name, value in values.items() if name not in left} if apart else {}
    return Plan(x, ends, steps, target.lanes, apart, given, named).arranged()


def _end(b: Builder, end: End, several: bool) -> End:
    """An end, one of `several` or not, with its values as a loss reads them: flat, and read by no step."""
    x = whole(b, end.value)
    if several or x.rows * x.columns > 1:
        x = b.add(Flatten("flatten", (x,), Value(x.size)))
    return replace(end, value=x)


def _step(b: Builder, vertex: Vertex, inputs: list[Value]) -> Value:
    """What a vertex computes, by steps that are added."""
    node = vertex.node
    if isinstance(node, Layer):
        if type(node) not in LAYERS:
            raise Refused(f"the native engine lacks '{node_text(node)}'")
        return LAYERS[type(node)](b, node, fitted(b, node, inputs[0]), vertex.name)
    if type(node) not in JOINS:
        raise Refused(f"the native engine lacks '{node_text(node.block)}[ … ]'")
    if any(value.strips == 1 for value in inputs):
        inputs = [whole(b, value) for value in inputs]
    return JOINS[type(node)](b, _apart(b, inputs))


def _apart(b: Builder, values: list[Value]) -> list[Value]:
    """The values, with a copy of each that repeats: a step writes a separate gradient for each of its inputs."""
    return [_again(b, value) if value in values[:number] else value for number, value in enumerate(values)]


def _again(b: Builder, x: Value) -> Value:
    return b.add(Maps("copy", x, like(x), tuple(range(x.channels))))


def _sum(b: Builder, values: list[Value]) -> Value:
    total, *others = values
    for value in others:
        total = b.add(Add("sum", (total, value), like(total)))
    return total


def _concat(b: Builder, values: list[Value]) -> Value:
    return b.add(Concat("concat", tuple(values), like(values[0], sum(value.channels for value in values))))


def _scale(b: Builder, values: list[Value]) -> Value:
    x, gate = values
    if gate.rows not in (1, x.rows):  # one number for all rows of each frame, or for the same row of all frames
        gate = resampled(b, "gate", gate, Value(gate.channels, x.rows, gate.columns, x.depth))
    return b.add(Scale("scale", (x, gate), like(x)))


JOINS: dict[type[Join], Callable[[Builder, list[Value]], Value]] = {
    Added: _sum,
    Concatenated: _concat,
    Scaled: _scale,
}
