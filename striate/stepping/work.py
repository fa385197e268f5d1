"""How a layer is worked out: one rule per kind of layer, in `striate/stepping/layers/`.

>>> from striate.notation.tree import Relu
>>> from striate.stepping.content import named, numbers
>>> output, gradient = work(Relu(), {"X": numbers([-1, 2])}, named("dO", (2,)))
>>> print(output.entries[1], gradient.entries[1], sep="; ")
O[1] = max(0, 2) = 2; dE/dX[1] = 1*dO[1]
"""

from collections.abc import Iterator, Mapping
from functools import singledispatch
from typing import TypeAlias

from striate.errors import InputError
from striate.notation.graph import Join
from striate.notation.tree import Attention, Layer, Own, Unpool
from striate.stepping.content import Part
from striate.stepping.reading import Array

Arrays: TypeAlias = Mapping[str, Array]


@singledispatch
def work(node: Layer | Join, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    """The parts of a layer or a join: on the way what it computes first, its output O, then the gradients.

    Args:
        node: The layer.
        arrays: Its inputs (X, or X1, X2, … of a join) and what `needs` lists, by symbol; numbers.
        upstream: dE/dO in the output's shape; numbers, or the names that stand for them.

    Raises:
        InputError: The layer is a module of the program's own.
    """
    if isinstance(node, Own):
        rule = f"a step can't look into {node.word}, a module of your own"
        raise InputError(f"{rule}; step through the layers before it or after it")
    raise NotImplementedError(f"no rule works {type(node).__name__} out")


def inputs(node: Layer | Join, count: int) -> tuple[str, ...]:
    """What the values that a layer or a join reads are called in its formulas."""
    if isinstance(node, Unpool):
        return ("X", "seen")  # what its pool saw
    if isinstance(node, Attention) and count == 2:
        return ("X", "seen")
    return tuple(f"X{number + 1}" for number in range(count)) if isinstance(node, Join) else ("X",)
