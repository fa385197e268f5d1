"""From a text and its numbers to the step: which layers it is, what they need, and what they must not be given."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from striate.errors import InputError
from striate.notation import Network, measure, read, tree
from striate.notation.errors import NotationError
from striate.stepping.aim import aim
from striate.stepping.content import Step
from striate.stepping.job import Job
from striate.stepping.number import number
from striate.stepping.propagation import sizes
from striate.stepping.reading import Array, Given, read_as, read_input
from striate.stepping.supply import Supply, drawn

MOST_ENTRIES = 4096  # of the input
WHOLE = (0, 1, 2, 3)  # what an input is drawn from
HAS_INPUT = re.compile(r"\A(\s*\w+\s*=[^\n]*\n)*\s*(\w+\s*:\s*)?input\b", re.IGNORECASE)


def step(
    layer: str,
    input: Given | None = None,
    *,
    weights: Given | None = None,
    bias: Given | None = None,
    upstream: Given | None = None,
    target: Any = None,
    im2col: bool = False,
    given: Mapping[str, Given] | None = None,
    seed: int | None = None,
    loss: str | None = None,
    lr: float | str | None = None,
    training: bool = False,
) -> Step:
    """A layer or a chain of them forward and backward, every entry as its sum of products.

    Args:
        layer: A layer of the notation, or several with arrows: `conv 1@2x2 -> relu -> fc 2 -> softmax`; it may begin
            with the size of its input (`input 1x4x4 -> …`).
        input: (C, H, W), (H, W) or (N,), as text, lists, an array or `@file`; see `striate.stepping.reading`.
        weights: Of the one layer that takes some: (F, C, *kernel) for conv, (units, entries) for fc. Read from the
            input's file where that has them.
        bias: One number per filter or unit; 0 if left out.
        upstream: dE/dO in the output's shape; without it, names such as `dO[0,0]` stand for it in a single layer.
        target: The right class, from 0, for cross-entropy after a softmax; or numbers in the output's shape.
        im2col: Also make the matrices of a convolution as one product.
        given: Other arrays by the names that the module has for them: `{"conv1.weight": "1 2; 3 4"}` in a chain,
            `{"running_mean": "1", "running_var": "4"}` for bn alone, which then takes no statistics of its own.
        seed: Draws what is not given, as small whole numbers.
        loss: `cross-entropy` or `squared`, half the sum of squares; by default the target decides.
        lr: Also a step of gradient descent at this rate.
        training: Dropout draws a mask from the seed; otherwise it drops nothing.

    Returns:
        A `Step` for one layer; its subclass `Chain` for several, or where a loss follows.

    Raises:
        InputError: A layer, a number or a size that does not fit; the error says what does.
    """
    if not isinstance(layer, str):
        raise InputError(f"a layer is a text, as in 'conv 1@2x2'. Received: {type(layer).__name__}")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        raise InputError(f"seed is a whole number from 0. Received: {seed!r}")
    aimed = aim(target, loss)
    if aimed and upstream is not None:
        raise InputError("a target makes the loss, which has no upstream; give only one of the two")
    network, x = _network(layer, input, seed)
    job = Job(measure(network), x, input, Supply(given or {}, input, seed, training))
    job.take(weights=weights, bias=bias)
    return job.step(aimed, upstream, None if lr is None else number(lr, "lr"), im2col)


def _network(text: str, source: Given | None, seed: int | None) -> tuple[Network, Array]:
    """The network of a text, and what comes in."""
    if not HAS_INPUT.match(text):
        if source is None:
            raise InputError(
                "what comes in is missing: give an `input`, or begin the text with input 1x4x4 and a `seed`"
            )
        x = _small(read_input(source))
        return _bound(text, x)
    network = read(text)
    if None in network.input or network.others:
        raise InputError("a step has one input, and every size of it is a number: input 1x4x4")
    shape = sizes(network.input)
    _check_entries(math.prod(shape))
    if source is not None:
        return network, read_as(source, "input", shape, "the input")
    if seed is None:
        raise InputError("what comes in is missing: give an `input`, or a `seed` that draws it")
    first = network.layers[0] if network.layers else None
    among = range(first.table[0]) if isinstance(first, tree.Embed) else WHOLE
    return network, drawn(seed, "input", shape, among)


def _small(x: Array) -> Array:
    _check_entries(x.size)
    return x


def _check_entries(count: int) -> None:
    if count > MOST_ENTRIES:
        raise InputError(f"input: a step shows at most {MOST_ENTRIES:,} entries. Received: {count:,}; cut a part out")


def _bound(text: str, x: Array) -> tuple[Network, Array]:
    """The network for these numbers: a row of values has no maps, unless a layer needs them."""
    if x.ndim == 2 and len(x) == 1:
        try:
            network = read(f"input {x.size} -> {text}")
        except NotationError:
            pass
        else:
            if not isinstance(network.layers[0], tree.BatchNorm):  # a row of one map is its batch
                return network, x[0]
    return read(f"input {'x'.join(map(str, x.shape))} -> {text}"), x
