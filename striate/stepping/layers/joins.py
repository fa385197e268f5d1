"""Where branches meet: added, put together, or one times the other."""

from collections.abc import Iterator

import numpy as np

from striate.notation.graph import Added, Concatenated, Scaled
from striate.stepping.cells import Index, products, worked
from striate.stepping.content import Part
from striate.stepping.dual import variable
from striate.stepping.layers.moving import taken
from striate.stepping.reading import Array
from striate.stepping.work import Arrays, work


@work.register
def _(join: Added, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    cells = {
        index: products([(variable(name, index, array[index]),) for name, array in arrays.items()])
        for index in np.ndindex(upstream.shape)
    }
    rule = " + ".join(arrays)
    return worked(rule, cells, upstream.shape, arrays, dict.fromkeys(arrays, "dO, the same to each"), upstream)


@work.register
def _(join: Concatenated, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    cells, first = {}, 0
    for name, array in arrays.items():
        for index in np.ndindex(array.shape):
            cells[first + index[0], *index[1:]] = taken(name, array, index)
        first += len(array)
    back = dict.fromkeys(arrays, "the part of dO that the entries went to")
    return worked(f"the maps of {', '.join(arrays)}", cells, upstream.shape, arrays, back, upstream)


@work.register
def _(join: Scaled, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, gate = arrays.values()
    cells = {}
    for index in np.ndindex(x.shape):
        place = _gate_at(index, gate.shape)
        cells[index] = products([(variable("X1", index, x[index]), variable("X2", place, gate[place]))])
    back = {"X1": "the gate X2 times dO", "X2": "the sum of X1*dO over what the entry scales"}
    return worked("X1 times its gate X2", cells, upstream.shape, arrays, back, upstream)


def _gate_at(index: Index, shape: Index) -> Index:
    """The entry of a gate (one per channel, position or entry) that scales an entry."""
    return tuple(0 if n == 1 else i for i, n in zip(index, shape, strict=False))
