"""Which entries of the inputs reach one entry of a value: the graph is walked backwards with what each layer reads.

Exact along an axis at every place, near edges too: entries in padding are left out, and so are those between the taps
of a dilated kernel. Entries that reflect, replicate and circular padding repeat from inside are not included.

>>> from striate.notation import read
>>> from striate.notation.graph import graph
>>> net = graph(read("input 1x8 -> conv 1@3 pad 1 dilate 2"))
>>> seen(net, {"the input": (1, 8), "conv1": (1, 6)}, "conv1", 0, 0)
{'the input': {1, 3}}
"""

from collections.abc import Mapping

from striate.notation.graph import BOXES, Graph
from striate.notation.rules.reads import SAME, Reads, entries, reads_along
from striate.notation.tree import Shape


def seen(flat: Graph, shapes: Mapping[str, Shape], value: str, position: int, axis: int) -> dict[str, set[int]]:
    """The entries of each input along an axis that reach the value's entry at a position; no input that none reaches.

    Args:
        flat: The graph.
        shapes: Of all values, without free axes.
        value: The value's name.
        position: Along the axis, from 0.
        axis: 0 for the first after the channels.
    """
    places = {value: {position}}
    for vertex in reversed(flat.vertices):
        if not (wanted := places.pop(vertex.name, None)):
            continue
        names = [name for name in vertex.inputs if name != BOXES]
        read = reads_along(vertex.node, axis, shapes[vertex.name], *(shapes[name] for name in names))
        for name, reads in zip(names, read, strict=True):
            if reads:
                places.setdefault(name, set()).update(_read(reads, wanted, entries(shapes[name], axis)))
    return {name: found for name, found in places.items() if found}


def _read(reads: Reads, wanted: set[int], n: int | None) -> set[int]:
    """What entries read of a map of n."""
    assert n is not None
    if reads is SAME:
        return wanted
    if reads.of is None:  # a layer that nobody knows may read all
        return {*range(n)}
    if reads.advance == 0:
        wanted = {0}
    return {entry for position in wanted for entry in reads.of(position) if 0 <= entry < n}
