"""The fully connected layer: a matrix product, and its gradients as an outer product and the transpose."""

import itertools
from collections.abc import Iterator

from striate.stepping.content import Part, empty_terms, entries, filled
from striate.stepping.reading import Array


def fully_connected(x: Array, weights: Array, bias: Array, upstream: Array) -> Iterator[Part]:
    """The parts of a fully connected layer: X of any shape with N entries, W (U, N), b (U,) or (0,), dO (U,)."""
    flat, d_x = list(x.flat), empty_terms((x.size,))
    output, d_weights = empty_terms(upstream.shape), empty_terms(weights.shape)
    for u, i in itertools.product(*map(range, weights.shape)):
        output[u].append((flat[i], weights[u, i]))
        d_weights[u, i].append((flat[i], upstream[u]))
        d_x[i].append((weights[u, i], upstream[u]))
    for u, value in enumerate(bias):
        if value:
            output[u].append((value,))
    plus = " + b" if bias.size and any(bias) else ""
    yield Part("O", f"W·X{plus}, each unit the sum over all entries", output.shape, entries("O", output))
    yield Part("dE/dW", "dO·Xᵀ, each unit's gradient times each entry", weights.shape, entries("dE/dW", d_weights))
    named_as_x = entries("dE/dX", d_x.reshape(x.shape), x.ndim > 1)
    yield Part("dE/dX", "Wᵀ·dO, the gradients of all units through their weights", x.shape, named_as_x)
    if bias.size:
        terms = filled(bias.shape, [[(gradient,)] for gradient in upstream])
        yield Part("dE/db", "dO", bias.shape, entries("dE/db", terms))
