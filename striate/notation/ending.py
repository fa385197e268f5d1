"""The softmax that a network ends in. It belongs to the loss: losses are defined on what goes into it.

That is the last layer of the network, or of a part (a labelled bracket, a use of a definition) that the network ends
in; a side head has an end too. Any other softmax is computed as written, including one that ends a joined branch.

>>> from striate.notation import read
>>> list(left_to_loss(read("input 8 -> part: [ fc 4 -> softmax ] -> fc 3 -> probabilities: softmax")))
['probabilities']
>>> list(left_to_loss(read("input 8 -> fc 4 -> part: [ softmax -> fc 3 -> softmax ]")))
['part.softmax2']
"""

from collections.abc import Iterator

from striate.notation.measure import parts
from striate.notation.tree import Aux, Block, Chain, Group, Network, Softmax, named


def left_to_loss(network: Network) -> Iterator[str]:
    """The full names, as in the weights, of the softmax layers that engines leave to the loss."""
    yield from _of_chain(network.layers, "")


def _of_chain(chain: Chain, path: str) -> Iterator[str]:
    for place, (name, node) in enumerate(named(chain), 1):
        last = place == len(chain)
        if isinstance(node, Softmax) and last:
            yield path + name
        elif isinstance(node, Aux) or (isinstance(node, Group) and last):
            yield from _of_branch(node, path + name)


def _of_branch(block: Block, name: str) -> Iterator[str]:
    for part, branch in zip(parts(block), block.branches, strict=True):
        yield from _of_chain(branch, f"{name}.{part}")
