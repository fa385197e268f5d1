"""Layers used once more with the same weights: what they give there, or why they can't.

>>> from striate.notation.tree import FullyConnected
>>> again(Known((4,), FullyConnected(4, label="t"), (6, 2)), (6, 2))
((4,), 1)
"""

from striate.notation.errors import RuleError
from striate.notation.graph import Graph, graph
from striate.notation.labels import ENDED, Known
from striate.notation.measure import rows
from striate.notation.rules.shape import shown
from striate.notation.tree import Local, Network, Node, RoI, Shape, deep


def again(known: Known, shape: Shape) -> tuple[Shape, int]:
    """The shape that layers give when they are used once more with the same weights, and how many they come to.

    Raises:
        RuleError: Their weights are of another size for what comes in, or they read values from outside.
    """
    assert known.node
    label = known.node.label
    if any(isinstance(node, RoI) for node in deep((known.node,))):
        detail = "its scale is that of its maps; share the layers after it"
        raise RuleError(f"'{label}' cuts boxes out of maps", detail)
    there, here = (_alone(known.node, entry) for entry in (known.entry, shape))
    after = list(rows(here))
    for first, second in zip(rows(there), after, strict=True):
        places = isinstance(first.node, Local) and first.output.value != second.output.value
        if places or first.parameters.value != second.parameters.value or first.input[:1] != second.input[:1]:
            detail = f"'{first.text}' gets {shown(second.input)} here and {shown(first.input)} there"
            raise RuleError(f"'{label}' has weights for {shown(known.entry)}", f"{detail}; bring both to one size")
    return after[-1].output.value if "" in here.outputs else ENDED, len(after)


def _alone(node: Node, shape: Shape) -> Graph:
    """The graph of a part by itself."""
    try:
        return graph(Network(shape, (node,)))
    except RuleError as error:
        detail = "only a part that stands by itself can be used once more; give it what it reads by its input"
        raise RuleError(f"'{node.label}' reads values from outside of it", detail) from error
