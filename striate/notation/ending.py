"""The softmax that a network ends in. It belongs to the loss: losses are defined on what goes into it.

That is the last layer of the network, or of a part (a labelled bracket, a use of a definition) that the network ends
in; a side head has an end too. Any other softmax is computed as written, including one that ends a joined branch.

>>> from striate.notation import read
>>> from striate.notation.graph import graph
>>> list(left_to_loss(graph(read("input 8 -> part: [ fc 4 -> softmax ] -> fc 3 -> probabilities: softmax"))))
['softmax1']
>>> list(left_to_loss(graph(read("input 8 -> fc 4 -> part: [ softmax -> fc 3 -> softmax ]"))))
['part.softmax2']
"""

from collections.abc import Iterator

from striate.notation.graph import Graph
from striate.notation.tree import Softmax


def left_to_loss(flat: Graph) -> Iterator[str]:
    """The full names, as in the weights, of the softmax layers that engines leave to the loss."""
    ends, read = (
        {*flat.outputs.values(), *flat.aside.values()},
        {name for vertex in flat.vertices for name in vertex.inputs},
    )
    shared = {vertex.weights for vertex in flat.vertices if vertex.shares}
    for vertex in flat.vertices:
        if vertex.shares or vertex.name in shared:
            continue  # it stands elsewhere too
        if isinstance(vertex.node, Softmax) and vertex.name in ends - read:
            yield vertex.name
