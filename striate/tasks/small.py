"""Small images in a network made for larger ones: their own size instead of the text's, and a small stem.

Enlarging 32x32 images to the 224x224 that an ImageNet network's text asks for costs 49 times the work and adds nothing.
At their own size its stem, a large convolution and a pool, both with strides, would discard most of them; as is
customary since He et al. 2015 (section 4.2, CIFAR-10) a 3x3 convolution without stride takes its place.

>>> from striate.zoo import net
>>> from striate.tasks.classify import Classify
>>> fitting, said = suited(net("resnet18", classes=10), (3, 32, 32), Classify(tuple("0123456789")))
>>> said
"network: input 3x32x32, the images' own size, instead of 3x224x224; stem: conv 64@3x3 pad 1 nobias instead of \
conv 64@7x7 stride 2 pad 3 nobias -> maxpool 3 stride 2 pad 1; `size=224` keeps the network as its text has it"
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from striate.data.small import much_smaller
from striate.errors import InputError
from striate.notation import Network, measure, parse, render
from striate.notation.render import node_text
from striate.notation.rules.shape import shown
from striate.notation.sizes import next_fitting, resized, size_text
from striate.notation.tree import Chain, Conv, Group, Identity, Layer, Node, Pad, Pool, Sliding
from striate.tasks.ends import named_outputs

if TYPE_CHECKING:
    from striate.tasks.task import Task

SMALL = 64  # length of the longer side below which images need a small stem
STEM_KERNEL = 7  # smallest kernel of a first convolution made for large images
STEM_STRIDE = 4  # smallest stride of convolution and pool together
MOST_PADDED = 1.5  # factor by which images are enlarged at most when the network does not fit their size


def suited(network: Network, images: Sequence[int], task: Task) -> tuple[Network, str]:
    """The network for images of this shape, and a note of the changes; unchanged where nothing is needed.

    Args:
        network: With the data's number of classes.
        images: (C, H, W) of the data's images.
        task: What it must fit at any size.
    """
    if network.program is None or not len(network.input) == len(images) == 3:
        return network, ""
    if not much_smaller(images[1:], network.input[1:]):
        return network, ""
    stem = small_stem(network) if max(images[1:]) < SMALL else None
    for candidate, said in (*([stem] if stem else []), (network, "")):
        fitting = _at_own_size(candidate, images[1:])
        if fitting is not None and not task.fits_all(named_outputs(measure(fitting)), ""):
            return fitting, _said(network, fitting, images, said)
    return network, ""


def _at_own_size(network: Network, sides: Sequence[int]) -> Network | None:
    """The network at this size or a little above, where it fits."""
    try:
        return resized(network, sides)
    except InputError:
        larger = next_fitting(network, sides, int(MOST_PADDED * max(sides)))
        return resized(network, larger) if larger else None


def _said(before: Network, after: Network, images: Sequence[int], stem: str) -> str:
    own = after.input[1:] == tuple(images[1:])
    why = "the images' own size" if own else f"the next to the images' {shown(tuple(images[1:]))} at which it fits"
    way_back = f"`size={size_text(before.input[1:])}` keeps the network as its text has it"
    return f"network: input {shown(after.input)}, {why}, instead of {shown(before.input)}{stem}; {way_back}"


def small_stem(network: Network) -> tuple[Network, str] | None:
    """The network's text with a 3x3 convolution for its stem, and a note of it; None where it has no large stem.

    A stem is a first convolution of at least 7x7 and the pool that follows before any other weights, in a bracket or a
    definition or not, which together stride by at least 4. The pool becomes `id`, so that layers keep their positions.
    The text has yet to be bound at a size.
    """
    leading = [layer for layer in _leading(network.layers) if not isinstance(layer, Identity)]
    first, rest = (leading[0], leading[1:]) if leading else (None, [])
    if not isinstance(first, Conv) or len(first.kernel) != 2 or min(first.kernel) < STEM_KERNEL:
        return None
    following = next((layer for layer in rest if isinstance(layer, Sliding)), None)
    pool = following if isinstance(following, Pool) else None
    if min(first.stride) * (min(pool.stride) if pool else 1) < STEM_STRIDE:
        return None
    plain = Pad("zeros", (1, 1))
    small = dataclasses.replace(first, kernel=(3, 3), stride=(1, 1), pad=plain, dilation=(1, 1), floor=True)
    exchanged: dict[int, Node] = {id(first): small}
    if pool:
        exchanged[id(pool)] = Identity(label=pool.label)
    changed = dataclasses.replace(network, layers=_exchanged(network.layers, exchanged))
    unbound = dataclasses.replace(changed, program=parse(render(changed)), letters=())
    before = " -> ".join(node_text(layer) for layer in (first, pool) if layer)
    return unbound, f"; stem: {node_text(small)} instead of {before}"


def _leading(chain: Chain) -> Iterator[Layer]:
    """The layers that all data pass one after another, brackets and definitions opened, up to the first branches."""
    for node in chain:
        if isinstance(node, Layer):
            yield node
        elif isinstance(node, Group):
            yield from _leading(node.branches[0])
            if not _is_plain(node.branches[0]):
                return
        else:
            return


def _is_plain(chain: Chain) -> bool:
    return all(isinstance(node, Layer) or (isinstance(node, Group) and _is_plain(node.branches[0])) for node in chain)


def _exchanged(chain: Chain, by: dict[int, Node]) -> Chain:
    """The chain with some nodes, found by their `id`, exchanged for others."""
    return tuple(
        dataclasses.replace(node, branches=tuple(_exchanged(branch, by) for branch in node.branches))
        if isinstance(node, Group)
        else by.get(id(node), node)
        for node in chain
    )
