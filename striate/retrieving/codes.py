"""Short binary codes: principal components, turned until their signs say most (ITQ, Gong and Lazebnik 2011).

A turn of the components changes no distance. Iterative quantisation looks for the one after which vectors are nearest
to corners of a cube: it takes the nearest corners, then the turn that fits them best (the orthogonal Procrustes
problem). Codes stand alone: images are compared by their equal bits, and those with equally many are not told apart.

>>> vectors = np.random.default_rng(0).standard_normal((100, 16)).astype(np.float32)
>>> code = learned(vectors, 8)
>>> code.of(vectors).shape, Codes(code, code.of(vectors)).nearest(vectors[7], 1)[1].tolist()
((100, 1), [1.0])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError
from striate.retrieving.ranking import Ranking, Vectors

ROUNDS = 50  # as in the paper
LEAST, MOST = 8, 1024
SET_BITS = np.array([byte.bit_count() for byte in range(256)], np.uint8)
Packed = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Code:
    """From vectors to bits: the signs of what is left on each axis after the centre is taken away.

    Attributes:
        centre: (D,).
        axes: (D, bits).
    """

    centre: Vectors
    axes: Vectors

    @property
    def bits(self) -> int:
        """How many bits."""
        return int(self.axes.shape[1])

    def of(self, vectors: Vectors) -> Packed:
        """(N, bits / 8) of vectors (N, D)."""
        return np.packbits((vectors - self.centre) @ self.axes > 0, axis=1)


def check_bits(bits: int, length: int) -> None:
    """Whether codes can have so many bits.

    Raises:
        InputError: They are no whole bytes, or more than the vectors have numbers.
    """
    if not isinstance(bits, int) or isinstance(bits, bool) or bits % 8 or not LEAST <= bits <= MOST:
        raise InputError(f"`bits` is a multiple of 8 from {LEAST} to {MOST:,}. Received: {bits!r}")
    if bits > length:
        raise InputError(f"{bits} bits take a layer with at least as many features; this one has {length}")


def learned(sample: Vectors, bits: int, seed: int = 0) -> Code:
    """The code that suits vectors (N, D) of a sample."""
    centre = sample.mean(0)
    rows = (sample - centre).astype(np.float64)
    axes = np.linalg.eigh(rows.T @ rows)[1][:, : -bits - 1 : -1]  # of most variance first
    flat, turn = rows @ axes, _turned(np.random.default_rng(seed).standard_normal((bits, bits)))
    for _ in range(ROUNDS):
        corners = np.where(flat @ turn > 0, 1.0, -1.0)
        turn = _turned(flat.T @ corners)
    return Code(centre, (axes @ turn).astype(np.float32))


def _turned(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The orthogonal matrix nearest to a square one."""
    left, _, right = np.linalg.svd(matrix)
    made: NDArray[np.float64] = left @ right
    return made


class Codes(Ranking):
    """All codes.

    Args:
        code: How they are made.
        packed: (N, bits / 8).
        dead: Rows that stand for no image.
    """

    def __init__(self, code: Code, packed: Packed, dead: Sequence[int] = ()) -> None:
        self.code, self.packed = code, np.ascontiguousarray(packed.T)  # a byte of all codes at a time
        self.dead = np.asarray(dead, np.int64)

    def likenesses(self, queries: Vectors) -> Vectors:
        """(Q, N): the share of equal bits, 0 to 1."""
        made = np.stack([self._equal(one) for one in self.code.of(queries)]) / np.float32(self.code.bits)
        made[:, self.dead] = -np.inf
        return made

    def _equal(self, code: Packed) -> Vectors:
        apart = np.zeros(self.packed.shape[1], np.uint16)
        for column, byte in zip(self.packed, code, strict=True):
            apart += SET_BITS[column ^ byte]
        return (self.code.bits - apart.astype(np.float32)).astype(np.float32)
