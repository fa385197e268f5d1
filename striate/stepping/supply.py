"""Where a layer's arrays come from: given by name, drawn from a seed, or what they are when left out.

>>> supply = Supply({"weight": "1 2; 3 4"})
>>> from striate.notation.tree import FullyConnected
>>> {symbol: array.shape for symbol, array in supply.arrays("", "fc 2", FullyConnected(2), (2,)).items()}
{'W': (2, 2), 'b': (2,)}
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from striate.errors import InputError, nearest
from striate.notation.graph import Join
from striate.notation.tree import Dropout, DropPath, Layer
from striate.stepping.cells import check_products
from striate.stepping.content import filled
from striate.stepping.needs import Need, needs
from striate.stepping.reading import Array, Given, cross, in_file, read_as

WHOLE = (0, 1, 2, 3, 4)  # what an input is drawn from


class Supply:
    """The arrays of the layers of a step.

    Attributes:
        given: Numbers by full name: `conv1.weight` in a chain, `weight` of one layer; a symbol (`conv1.W`) does too.
        file: The input's, where that has the other arrays too.
        seed: What draws all that is not given; None: it must be given.
        training: Whether dropout draws its mask.
    """

    def __init__(
        self, given: Mapping[str, Given], file: Any = None, seed: int | None = None, training: bool = False
    ) -> None:
        self.given, self.file, self.seed, self.training = dict(given), file, seed, training
        self.known: list[str] = []  # the names that were asked for

    def arrays(self, prefix: str, text: str, node: Layer | Join, shape: tuple[int, ...]) -> dict[str, Array]:
        """What a layer takes, by symbol. `prefix` is what its names begin with: `conv1.`.

        Raises:
            InputError: An array is missing, too large, or not numbers of its shape.
        """
        found: dict[str, Array] = {}
        for need in needs(node, shape):
            check_products(int(np.prod(need.shape)), f"entries of {need.key}")
            array = self._array(need, prefix, text, node)
            if array is not None:
                found[need.symbol] = array
        if len({"mean", "var"} & found.keys()) == 1:
            raise InputError(f"{text} takes running_mean and running_var together, or neither")
        return found

    def _array(self, need: Need, prefix: str, text: str, node: Layer | Join) -> Array | None:
        names = [prefix + name for name in (need.key, need.symbol)]
        self.known += names
        for name in names:
            source = self.given.get(name, self.file if in_file(self.file, name) else None)
            if source is not None:
                role = need.role if not prefix and need.role else name
                return read_as(source, role, need.shape, text)
        if isinstance(node, Dropout | DropPath):
            return self._mask(need, prefix, node, text) if self.training else None
        if need.optional:
            return None
        if self.seed is not None:
            return drawn(self.seed, names[0], need.shape, need.drawn, need.ordered)
        if need.start is None:
            what, way = (need.role or need.key, "give") if not prefix else (names[0], f"give {names[0]},")
            raise InputError(f"{text} needs {what}; {way} {cross(need.shape)}, or a `seed` that draws them")
        return filled(need.shape, [need.start] * int(np.prod(need.shape)))

    def _mask(self, need: Need, prefix: str, node: Dropout | DropPath, text: str) -> Array:
        """1 where an entry stays."""
        if self.seed is None:
            raise InputError(f"{text} draws a mask while training; give a `seed`, or the mask by `given`")
        stays = _random(self.seed, prefix + need.key).random(need.shape) >= node.p
        return filled(need.shape, [Fraction(int(one)) for one in stays.flat])

    def check(self) -> None:
        """Refuse names that no layer asked for.

        Raises:
            InputError: There is one.
        """
        for name in self.given.keys() - set(self.known):
            names = ", ".join(self.known[::2]) or "none"
            raise InputError(f"given: no layer takes '{name}'; they take: {names}{nearest(name, self.known)}")


def drawn(seed: int, name: str, shape: tuple[int, ...], among: Iterable[int], ordered: bool = False) -> Array:
    """An array drawn from whole numbers; its name and the seed alone decide what it is.

    >>> drawn(1, "input", (4,), (0, 1)).tolist() == drawn(1, "input", (4,), (0, 1)).tolist()
    True
    """
    found = _random(seed, name).choice(list(among), int(np.prod(shape)))
    return filled(shape, [Fraction(int(number)) for number in (sorted(found) if ordered else found)])


def _random(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, *name.encode()])
