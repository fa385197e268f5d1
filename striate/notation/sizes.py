"""A network's text at another input size: the same layers, bound again.

>>> from striate.notation import measure, read
>>> net = read("input 3x224x224 -> conv 8@7 stride 2 -> gap -> fc 10")
>>> measure(resized(net, 64)).rows[0].output.value
(8, 29, 29)
>>> resized(net, 5)
Traceback (most recent call last):
striate.errors.InputError: net does not fit an input of 3x5x5: conv 8@7x7 stride 2 does not fit its 5x5 input; the \
next size that does is 7
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from striate.errors import InputError
from striate.notation import given
from striate.notation.bind import bind
from striate.notation.errors import NotationError
from striate.notation.rules.shape import shown
from striate.notation.syntax import Labelled, Word
from striate.notation.tree import Network, Shape
from striate.notation.uneven import with_input

Size: TypeAlias = int | Sequence[int]
FURTHEST = 1024  # entries of an axis: the largest size tried in search of one that fits


def sides(size: Size, axes: int) -> tuple[int, ...]:
    """One size per axis: 64 stands for all of them.

    Raises:
        InputError: There are more or fewer sizes than axes, or one is no whole number from 1.

    >>> sides(64, 2), sides((64, 48), 2)
    ((64, 64), (64, 48))
    """
    found = tuple(size) if isinstance(size, Sequence) else (size,) * axes
    whole = all(isinstance(side, int) and not isinstance(side, bool) and side >= 1 for side in found)
    if not whole or len(found) != axes or not axes:
        raise InputError(f"a size is one whole number from 1, or one for each of the input's {axes} axes: {size!r}")
    return found


def resized(network: Network, size: Size) -> Network:
    """The network's text bound at another size; its channels stay.

    Args:
        network: A network bound from a text.
        size: For all axes, or one per axis: 64, (64, 48).

    Raises:
        InputError: A layer does not fit at that size; it names the next size at which all do.
    """
    wanted = sides(size, len(network.input) - 1)
    if network.program is None:
        raise InputError(f"{network.name} was not made from a text, and only a text can be read at another size")
    try:
        return _bound(network, wanted)
    except NotationError as error:
        after = next_fitting(network, wanted)
        way_out = f"; the next size that does is {size_text(after)}" if after else ""
        at = shown((network.input[0], *wanted))
        raise InputError(f"{network.name} does not fit an input of {at}: {error.headline}{way_out}") from None


def size_text(size: int | Sequence[int | None]) -> str:
    """A size as it is given: one number where all axes are equal.

    >>> size_text(64), size_text((64, 64)), size_text((64, 48))
    ('64', '64', '64x48')
    """
    found = tuple(size) if isinstance(size, Sequence) else (size,)
    return shown(found[:1] if len(set(found)) == 1 else found)


def next_fitting(network: Network, wanted: Sequence[int], largest: int = FURTHEST) -> tuple[int, ...] | None:
    """The next larger size at which all layers fit, every axis enlarged by the same number."""
    for more in range(1, largest - max(wanted) + 1):
        larger = tuple(side + more for side in wanted)
        try:
            _bound(network, larger)
        except NotationError:
            continue
        return larger
    return None


def _bound(network: Network, wanted: Sequence[int]) -> Network:
    return bound_at(network, (network.input[0], *wanted))


def bound_at(network: Network, shape: Sequence[int | None]) -> Network:
    """The network's text bound with another input.

    Raises:
        NotationError: A layer does not fit it.
        InputError: It has several inputs, or was not made from a text.
    """
    if network.program is None:
        raise InputError(f"{network.name} was not made from a text, and only a text can be read at another size")
    if network.others:
        raise InputError(f"{network.name} has several inputs; write their sizes in its text")
    program = with_input(network.program, given.shape(shape))
    return bind(program, dict(network.letters), name=network.name)


def error_at(network: Network, shape: Shape) -> NotationError | None:
    """The error of a network's text with an input of this shape, with its place in the text; None where there is none.

    >>> from striate.notation import read
    >>> error_at(read("input 1x?x? -> conv 8@7 -> relu"), (1, 5, 5)).headline
    'conv 8@7x7 does not fit its 5x5 input'
    """
    if network.program is None or network.others:
        return None
    try:
        _bound(network, [size or 0 for size in shape[1:]])
    except NotationError as error:
        return error
    return None


def input_word(network: Network) -> Word | None:
    """The first `input` of a network's text, without its label; None where it was made from no text."""
    first = network.program.layers[0] if network.program else None
    word = first.body if isinstance(first, Labelled) else first
    return word if isinstance(word, Word) else None
