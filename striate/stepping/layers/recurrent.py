"""Rows that are read position by position: each gate of an LSTM, and the memory that it keeps (Gers et al. 2000)."""

import math
from collections.abc import Iterator

import numpy as np

from striate.notation import tree
from striate.stepping.cells import Cell, Index, between, worked
from striate.stepping.content import Part
from striate.stepping.dual import Dual, added, constant, variables
from striate.stepping.layers.functions import sigmoid_of
from striate.stepping.number import factor_text, number_text
from striate.stepping.reading import Array
from striate.stepping.work import Arrays, work

GATES = "ifgo"  # in PyTorch's order


@work.register
def _(layer: tree.LSTM, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    lifted = {name: variables(name, array) for name, array in arrays.items()}
    units, positions = upstream.shape
    gates: dict[Index, Cell] = {}
    memories: dict[Index, Cell] = {}
    cells: dict[Index, Cell] = {}
    for p in range(positions):
        before = [cells[unit, p - 1].number if p else constant(0) for unit in range(units)]
        for row in range(4 * units):
            gates[row, p] = _gate(lifted, row, p, before, GATES[row // units])
        for unit in range(units):
            i, f, g, o = (gates[number * units + unit, p].number for number in range(4))
            last = memories[unit, p - 1].number if p else constant(0)
            written = " + ".join(f"{_text(one)}*{_text(other)}" for one, other in ((f, last), (i, g)))
            memories[unit, p] = Cell(written, f * last + i * g)
            memory = memories[unit, p].number
            cells[unit, p] = Cell(f"{_text(o)}*tanh({number_text(memory.value)})", o * tanh_of(memory))
    rule = "sigmoid of Wx·X + Wh·O of the position before, of i, f and o; its tanh of g: one row for each unit of each"
    yield between("G", rule, gates, (4 * units, positions))
    yield between("C", "f*C of the position before + i*g", memories, upstream.shape)
    back = dict.fromkeys(lifted, "through the gates of every position from its own on")
    yield from worked("o*tanh(C)", cells, upstream.shape, arrays, back, upstream)


def _gate(lifted: Arrays, row: int, p: int, before: list[Dual], which: str) -> Cell:
    """One gate of one unit."""
    x, terms = lifted["X"], list[Dual]()
    terms += [lifted["Wx"][row, c] * x[c, p] for c in range(len(x))]
    terms += [lifted["Wh"][row, unit] * one for unit, one in enumerate(before)]
    terms += [lifted[name][row] for name in ("bx", "bh") if name in lifted]
    total = added(terms)
    if which == "g":
        return Cell(f"tanh({number_text(total.value)})", tanh_of(total))
    value = sigmoid_of(total.value)
    return Cell(f"sigmoid({number_text(total.value)})", total.through(value, value * (1 - value)))


def tanh_of(number: Dual) -> Dual:
    """The hyperbolic tangent."""
    value = math.tanh(float(number.value))
    return number.through(value, 1 - value * value)


def _text(number: Dual) -> str:
    return factor_text(number.value)


@work.register
def _(layer: tree.Glu, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x = variables("X", arrays["X"])
    cells = {}
    for index in np.ndindex(upstream.shape):
        value, gate = x[index], x[index[0] + len(upstream), *index[1:]]
        share = sigmoid_of(gate.value)
        written = f"{factor_text(value.value)}*sigmoid({number_text(gate.value)})"
        cells[index] = Cell(written, value * gate.through(share, share * (1 - share)))
    rule = "the first half of the channels times the sigmoid of the second"
    back = {"X": "the gate times dO; of a gate its slope, times its value and dO"}
    return worked(rule, cells, upstream.shape, arrays, back, upstream)
