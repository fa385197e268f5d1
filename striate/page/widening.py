"""A classifier with room for classes that it learns later: the last layer has more units, which never answer at first.

>>> from striate.notation import read
>>> found = last(read("input 1x4x4 -> relu -> fc 3 -> softmax"), 3)
>>> found.name, [one.layers[-2].units for one in found.networks]
('fc1', [3, 4, 5, 6, 7, 8, 9])
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from striate.notation import Network
from striate.notation.graph import graph
from striate.notation.tree import FullyConnected, Softmax

ROOM = 6  # classes that can be added
NEVER = -1e4  # bias of a unit that does not answer: its probability is 0


@dataclass(frozen=True)
class Last:
    """The layer that gives a classifier's answers.

    Attributes:
        name: Its path in the module.
        networks: The network with as many classes as it has, with one more, and so on.
    """

    name: str
    networks: tuple[Network, ...]


def last(network: Network, classes: int) -> Last | None:
    """The last layer, where more units can be given to it: a fully connected one with a bias and a unit for each class.

    Args:
        network: Whose answers are classes.
        classes: How many.
    """
    position = len(network.layers) - 1 - isinstance(network.layers[-1], Softmax)
    found = network.layers[position]
    if not isinstance(found, FullyConnected) or found.units != classes or not found.bias or found.each:
        return None
    name = [vertex.name for vertex in graph(network).vertices if vertex.node is found][-1]
    wider = (dataclasses.replace(found, units=classes + more) for more in range(ROOM + 1))
    return Last(name, tuple(_with(network, position, one) for one in wider))


def _with(network: Network, position: int, layer: FullyConnected) -> Network:
    layers = (*network.layers[:position], layer, *network.layers[position + 1 :])
    return dataclasses.replace(network, layers=layers, program=None)
