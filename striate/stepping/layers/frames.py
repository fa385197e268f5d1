"""Two frames and moves between them: how well they match, and their weighted means (Park et al. 2020)."""

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from striate.notation import tree
from striate.stepping.cells import Cell, products, worked
from striate.stepping.content import Part
from striate.stepping.dual import Dual, added, constant, variables
from striate.stepping.number import Number, number_text
from striate.stepping.reading import Array
from striate.stepping.work import Arrays, work

HALFWAY = [Fraction(share, 32) for share in (1, -5, 20, 20, -5, 1)]
Move = tuple[Fraction, Fraction]


@work.register
def _(layer: tree.Match, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, cells = variables("X", arrays["X"]), {}
    first, second = np.split(x, 2)
    for number, *place in np.ndindex(upstream.shape):
        move = moves(layer)[number]
        apart = [_read(a, place, move, -1) - _read(b, place, move, 1) for a, b in zip(first, second, strict=True)]
        mean = added(one * _sign(one.value) for one in apart) * Fraction(1, len(apart))
        written = " + ".join(f"|{number_text(one.value)}|" for one in apart)
        cells[number, *place] = Cell(f"({written})/{len(apart)}", mean)
    rule = "for each move the mean over the maps of |first - second|, the one moved, the other moved back"
    return worked(rule, cells, upstream.shape, arrays, {"X": "the sign of each difference, times dO"}, upstream)


@work.register
def _(layer: tree.Move, arrays: Arrays, upstream: Array) -> Iterator[Part]:
    x, cells = variables("X", arrays["X"]), {}
    frames, weights = x[: -layer.num_moves], x[-layer.num_moves :]
    for channel, *place in np.ndindex(upstream.shape):
        sign = -1 if channel < len(frames) // 2 else 1
        read = (_read(frames[channel], place, move, sign) for move in moves(layer))
        cells[channel, *place] = products([(one, weights[n, *place]) for n, one in enumerate(read)])
    rule = "the sum over moves of the moved frame, times the move's weight at that position"
    return worked(rule, cells, upstream.shape, arrays, {"X": "through the entries read and the weights"}, upstream)


def _sign(value: Number) -> int:
    """Which way an absolute value goes; at 0 none, as in PyTorch."""
    return (value > 0) - (value < 0)


def moves(layer: tree.Moving) -> list[Move]:
    """All of them, row by row."""
    finer = 1 if layer.whole else 2
    axis = [Fraction(step, finer) for step in range(-layer.reach * finer, layer.reach * finer + 1)]
    return list(itertools.product(axis, axis))


def _read(frame: Array, place: list[int], move: Move, sign: int) -> Dual:
    """A frame's value at a place moved so far; beyond its edges the nearest entry."""
    axes = [_taps(p + sign * m, n) for p, m, n in zip(place, move, frame.shape, strict=True)]
    terms = [constant(a[1] * b[1]) * frame[a[0], b[0]] for a, b in itertools.product(*axes)]
    return added(terms)


def _taps(at: Fraction, n: int) -> list[tuple[int, Fraction]]:
    """The entries that are read at a place along an axis, and the share of each."""
    whole = math.floor(at)
    shares = [Fraction(1)] if at == whole else HALFWAY
    first = whole if at == whole else whole - 2
    return [(min(max(first + tap, 0), n - 1), share) for tap, share in enumerate(shares)]
