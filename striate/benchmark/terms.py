"""What a race is about: kinds of work, batch sizes, rounds, and which networks can be timed. Never torch.

>>> from striate.notation import read
>>> timable(read("input 16 -> fc 3")).input
(16,)
"""

from striate.errors import InputError
from striate.notation import Network
from striate.notation.graph import graph

WORKS = ("training", "inference")
BATCHES = (64, 256)
ALONE = 1  # the batch of one image by itself
ROUNDS = 9  # rounds, of which the median counts


def timable(network: Network) -> Network:
    """The network itself, if it can be timed.

    Raises:
        InputError: It has free axes, or takes boxes.
    """
    if None in network.input:
        raise InputError("a network with free axes can't be timed; write its input's size in place of '?'")
    if many := graph(network).several:
        raise InputError(f"a network with several {many} can't be timed; write the part of one")
    if network.takes_boxes:
        raise InputError("a network that takes boxes can't be timed; write its features alone, without the RoI layer")
    return network
