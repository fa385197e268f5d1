"""What only the whole network shows: where its maps lie on the input, and that each value is read."""

from collections.abc import Mapping, Sequence

from striate.notation.arguments import ArgumentError
from striate.notation.errors import RuleError, Span
from striate.notation.graph import Graph, graph
from striate.notation.measure import rows
from striate.notation.tree import Layer, Network


def check(network: Network, inputs: Sequence[Span]) -> None:
    """Check a bound network as a whole.

    Args:
        network: Bound, its layers with their places in the text.
        inputs: Where the text has its inputs.

    Raises:
        ArgumentError: Values that meet do not lie alike on the input, or nothing reads a value.
    """
    flat = graph(network)
    if flat.takes_boxes and "boxes" in network.inputs:
        span = inputs[[*network.inputs].index("boxes")]
        raise ArgumentError("an input named 'boxes'", span, "the boxes have that name here; choose another")
    _check_read(flat, dict(zip(network.inputs, inputs, strict=True)))
    figures = rows(flat)
    for vertex in flat.vertices:
        try:
            next(figures)
        except RuleError as error:
            raise ArgumentError(error.headline, vertex.node.span, error.detail, error.axes) from None


def _check_read(flat: Graph, inputs: Mapping[str, Span]) -> None:
    read = {name for vertex in flat.vertices for name in vertex.inputs}
    read |= {*flat.outputs.values(), *flat.aside.values()}
    places = [(name, label, span) for name, (label, span) in zip(flat.inputs, inputs.items(), strict=True)]
    nodes = {v.name: v.node if isinstance(v.node, Layer) else v.node.block for v in flat.vertices}
    places += [(name, node.label, node.span) for name, node in nodes.items()]
    for name, label, span in places:
        if name not in read:
            way_out = "label it and use it in a branch, a: … -> concat[ from a | … ]"
            way_out = f"begin a branch at it, concat[ from {label} | … ]" if label else way_out
            raise ArgumentError("nothing reads what this gives", span, f"{way_out}, or delete it")
