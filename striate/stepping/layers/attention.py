"""Self-attention of the positions of a map: softmax(q·k/sqrt(d))·v of each head (Vaswani et al. 2017, equation 1)."""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from striate.notation import tree
from striate.stepping.cells import Cell, Index, between, products, worked
from striate.stepping.content import Part
from striate.stepping.dual import Dual, added, exp, variables
from striate.stepping.number import factor_text, number_text
from striate.stepping.reading import Array
from striate.stepping.work import Arrays, work


@work.register
def _(layer: tree.Attention, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    lifted = {name: variables(name, array) for name, array in arrays.items()}
    x = lifted["X"].reshape(len(upstream), -1)
    seen = lifted["seen"].reshape(len(upstream), -1) if layer.seen else x
    channels, positions = x.shape
    found = list[Array]()
    for number, (name, read) in enumerate(zip("QKV", (x, seen, seen), strict=True)):
        own = slice(number * channels, (number + 1) * channels)
        rows = _linear(lifted["Wqkv"][own], lifted["bqkv"][own] if layer.bias else None, read)
        what = "X" if read is x else "seen"
        rule = f"the {name} part of Wqkv·{what}{' + bqkv' * layer.bias}, a column for each position"
        yield between(name, rule, rows, read.shape)
        found.append(_numbers(rows, 0, read.shape))
    q, k, v = found
    size = channels // layer.heads
    weights: dict[Index, Cell] = {}
    mixed = np.empty(x.shape, dtype=object)
    for head in range(layer.heads):
        own = slice(head * size, (head + 1) * size)
        for p in range(positions):
            row = _softmax([added(q[own, p] * k[own, other]) for other in range(seen.shape[1])], size)
            weights |= {(head, p, other): cell for other, cell in enumerate(row)}
            for c in range(own.start, own.stop):
                mixed[c, p] = added(cell.number * v[c, other] for other, cell in enumerate(row))
    rule = f"softmax of q·k/sqrt({size}) over the positions: a matrix for each head, a row for each position"
    yield between("A", rule, weights, (layer.heads, positions, seen.shape[1]))
    last = _linear(lifted["Wout"], lifted["bout"], mixed)
    cells = {index: last[index[0], flat] for index, flat in _flat(upstream.shape)}
    back = {
        "X": "through Q of its position" if layer.seen else "through Q, K and V of every position",
        **({"seen": "through K and V"} if layer.seen else {}),
        "Wqkv": "through Q, K and V",
        **({"bqkv": "through Q, K and V"} if layer.bias else {}),
        "Wout": "A·V times dO",
        "bout": "the sum of dO over the positions",
    }
    yield from worked("Wout·(A·V) + bout", cells, upstream.shape, arrays, back, upstream)


def _flat(shape: Index) -> Iterator[tuple[Index, int]]:
    """Every index of maps with the number of its position."""
    for index in np.ndindex(shape):
        yield index, int(np.ravel_multi_index(index[1:], shape[1:])) if len(shape) > 1 else 0


def _linear(weights: Array, bias: Array | None, x: Array) -> dict[Any, Cell]:
    """W·x + b of the channels at each position."""
    cells = {}
    for unit, p in np.ndindex(len(weights), x.shape[1]):
        terms: list[tuple[Dual, ...]] = [(weights[unit, c], x[c, p]) for c in range(len(x))]
        cells[unit, p] = products(terms if bias is None else [*terms, (bias[unit],)])
    return cells


def _numbers(rows: dict[Any, Cell], first: int, shape: Index) -> Array:
    part = np.empty(shape, dtype=object)
    for c, p in np.ndindex(shape):
        part[c, p] = rows[first + c, p].number
    return part


def _softmax(scores: list[Dual], size: int) -> list[Cell]:
    """The softmax of scores over the root of their size; less the largest, so that nothing overflows."""
    root, largest = math.sqrt(size), max(score.value for score in scores)
    parts = [exp((score - largest) * (Fraction(1) if size == 1 else 1 / root)) for score in scores]
    whole = added(parts)
    below = number_text(whole.value)
    return [
        Cell(f"exp(({number_text(score.value)} - {factor_text(largest)})/sqrt({size}))/{below}", part / whole)
        for score, part in zip(scores, parts, strict=True)
    ]
