"""Input sizes at which branches meet in maps of one size: those that all strides divide.

>>> def halved_twice(sizes):
...     return all(n // 4 * 4 == n for n in sizes)
>>> multiple(halved_twice, (70, 64))
4
>>> raised((70, 64), 4)
(72, 64)
"""

import dataclasses
from collections.abc import Callable
from math import prod

from striate.notation.syntax import Labelled, Number, Program, Value, Word
from striate.notation.tree import Axes, Shape

PRIMES = (2, 2, 2, 2, 2, 2, 3, 3, 5, 7)  # of strides, as they multiply in a network
ROUND = prod(PRIMES)  # what they divide


def multiple(fits: Callable[[Axes], bool], sizes: Axes) -> int | None:
    """The number of which an input's sizes must be multiples; None where no size helps.

    It divides `ROUND` if that fits, and then it divides a step if that much more fits too.

    Args:
        fits: Whether the network takes an input of these sizes.
        sizes: Those that it does not take.
    """
    base = raised(sizes, ROUND)
    if not fits(base):
        return None
    step = ROUND
    for prime in PRIMES:
        if step % prime == 0 and fits(tuple(n + step // prime for n in base)):
            step //= prime
    return step if step > 1 and fits(raised(sizes, step)) else None


def raised(sizes: Axes, step: int) -> Axes:
    """The next multiples of `step` from these sizes on."""
    return tuple(-(-n // step) * step for n in sizes)


def with_input(program: Program, shape: Shape) -> Program:
    """A text with another shape for the input that it begins with."""
    first = program.layers[0]
    word = first.body if isinstance(first, Labelled) else first
    assert isinstance(word, Word)
    value = Value(tuple(Number(size or 0, word.span) for size in shape), word.span)
    sized = dataclasses.replace(word, arguments=(value,))
    begun = dataclasses.replace(first, body=sized) if isinstance(first, Labelled) else sized
    return dataclasses.replace(program, layers=(begun, *program.layers[1:]))
