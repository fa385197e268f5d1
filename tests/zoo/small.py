"""A net of the zoo cut down as a tree: few channels, and few of the equal blocks in a row."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from striate.notation import Network, tree
from striate.notation.tree import Block, Chain, Node

MOST_EQUAL = 2
OF_PICTURES = (
    "aod-net",
    "between",
    "dncnn",
    "edsr-small",
    "espcn",
    "flow-unet",
    "fsrcnn",
    "johnson",
    "prenet",
    "srcnn",
    "tdan",
    "vdsr",
)
OF_SENTENCES = ("attend-and-tell", "conv-caption")  # they read features and words, and score the next word
SHARING = ("tdan",)  # they use layers several times, by number, and give several outputs


def cut_down(network: Network, channels: int) -> Network:
    """The network with at most this many channels; of blocks in a row that differ only in name, the first two.

    One of moves is small as it is: it has a map for each.
    """
    if any(isinstance(node, tree.Moving) for node in tree.deep(network.layers)):
        return network
    return replace(network, layers=_chain(network.layers, channels))


def sees_words(network: Network) -> bool:
    """Whether whole numbers come in, one for each word."""
    return isinstance(network.layers[0], tree.Embed)


def drawn(network: Network, count: int) -> Tensor:
    """Images, or sentences of word numbers, at random."""
    sizes = [size or 1 for size in network.input]
    if sees_words(network):
        return torch.randint(network.layers[0].table[0], (count, *sizes))  # type: ignore[attr-defined]
    return torch.randn(count, *sizes)


def given(network: Network, count: int) -> tuple[Tensor, ...]:
    """All that it reads, at random: before a row of words there may be features."""
    others = [torch.randn(count, *(size or 1 for size in shape)) for _, shape in network.others]
    if not others:
        return (drawn(network, count),)
    table = next(node.table for node in tree.deep(network.layers) if isinstance(node, tree.Embed))
    return *others, torch.randint(table[0], (count, *(size or 1 for size in network.input)))


def _chain(chain: Chain, channels: int) -> Chain:
    kept: list[Node] = []
    before: list[Node] = []
    for node, after in zip(chain, (*chain[1:], None), strict=True):
        small = _narrowed(node, channels)
        if isinstance(after, tree.Shuffle) and isinstance(small, tree.Conv):  # a channel for each entry of a block
            each = after.factor**2
            small = replace(small, filters=max(each, small.filters // each * each))
        nameless = replace(small, label="")
        before = [*before, nameless] if nameless in before else [nameless]
        if not isinstance(node, Block) or len(before) <= MOST_EQUAL:
            kept.append(small)
    return tuple(kept)


def _pointwise(node: Node) -> Node:
    if isinstance(node, tree.Group):
        return replace(node, branches=tuple(tuple(map(_pointwise, branch)) for branch in node.branches))
    return replace(node, kernel=(1,) * len(node.kernel)) if isinstance(node, tree.Conv) else node


def _narrowed(node: Node, channels: int) -> Node:
    """With equal channels for equal ones, so that whatever was added or concatenated still can be.

    A head on the side takes a map of any size: its kernels, which are as large as the map, become 1.
    """
    if isinstance(node, tree.Aux):
        node = replace(node, branches=tuple(tuple(map(_pointwise, branch)) for branch in node.branches))
    if isinstance(node, Block):
        return replace(node, branches=tuple(_chain(branch, channels) for branch in node.branches))
    if isinstance(node, tree.Embed):
        words, width = node.table
        return replace(node, table=(words, min(width, channels)))
    if isinstance(node, tree.Conv | tree.UpConv):
        filters = min(node.filters, channels)
        return replace(node, filters=filters, groups=math.gcd(node.groups, filters))
    if isinstance(node, tree.FullyConnected):
        return replace(node, units=min(node.units, channels))
    if isinstance(node, tree.Maps) and len(node.numbers) > channels:  # a share of the maps, counted in such shares
        first = node.numbers[0] * channels // len(node.numbers)
        return replace(node, numbers=tuple(range(first, first + channels)))
    if isinstance(node, tree.ZeroPad):
        return replace(node, channels=min(node.channels, channels))
    return node
