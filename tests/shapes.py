"""Shapes after parts of a network, by the rules alone."""

from collections.abc import Sequence

from striate.notation import rules, tree
from striate.notation.graph import meeting, parts
from striate.notation.tree import Shape


def joined(block: tree.Block, shape: Shape, outputs: Sequence[Shape]) -> Shape:
    """The shape after a block that `shape` comes into and whose branches end in `outputs`."""
    if isinstance(block, tree.Group):
        return outputs[0]
    met = meeting(block, shape, outputs)
    return rules.output(met[0], *met[1]).value if met else shape


def after(node: tree.Node, shape: Shape) -> Shape:
    """The shape after a layer or a block."""
    if isinstance(node, tree.Layer):
        return rules.output(node, shape).value
    assert isinstance(node, tree.Block)
    ends = []
    for _, branch in parts(node):
        end = shape
        for child in branch:
            end = after(child, end)
        ends.append(end)
    return joined(node, shape, ends)
