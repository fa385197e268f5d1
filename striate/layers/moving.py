"""Layers for two frames of a video: how they match, and the frames moved to the middle between them.

>>> ramp = torch.arange(6.0)
>>> frames = torch.stack([ramp, ramp - 2])[None, :, None]  # the second is the first, two pixels further right
>>> Match(1)(frames)[0, 3:6, 0, 3].tolist()  # for moves by -1, 0 and 1 from a frame to the middle
[4.0, 2.0, 0.0]
>>> weights = torch.zeros(1, 9, 1, 6).index_fill(1, torch.tensor([5]), 1.0)  # all of the move by 1
>>> Move(1)(torch.cat([frames, weights], 1))[0, :, 0, 3].tolist()
[2.0, 2.0]
"""

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HALFWAY = (1 / 32, -5 / 32, 20 / 32, 20 / 32, -5 / 32, 1 / 32)  # what is between pixels, as H.264 has it


class Place(NamedTuple):
    """Where a window begins: in which of the maps of `between_pixels`, at which row and column."""

    finer: int
    row: int
    column: int


class _Moving(nn.Module):
    """A layer that looks at moves.

    Args:
        reach: Pixels from one frame to the middle, along each axis, at most.
        halves: Whether moves differ by half a pixel, not by a whole one.
    """

    def __init__(self, reach: int, halves: bool = False) -> None:
        super().__init__()
        self.reach, self.halves = reach, halves
        self.moves = tuple(moves(reach, 2 if halves else 1))

    def seen(self, frames: Tensor) -> Tensor:
        """The frames (N, 2 C, H, W) with what is beyond their edges, at whole and at half pixels; float32 at least."""
        frames = frames.to(_exact(frames))  # sums over many moves lose much in half numbers
        by = self.reach + 3 * self.halves
        framed = F.pad(frames.contiguous(), (by,) * 4, mode="replicate")  # in one memory layout: images' is slow here
        return between_pixels(framed) if self.halves else framed[None]


class Match(_Moving):
    """How unlike two frames are where something that moves evenly would be in them (Park et al. 2020, equation 1)."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, 2 C, H, W), the maps of one frame and then of the other; (N, moves, H, W) out.

        Map (dy, dx), row by row from (-reach, -reach), is the mean over C of |first(p - d) - second(p + d)|.
        """
        first, second = self.seen(x).chunk(2, 2)
        size = x.shape[2:]
        costs = [(_at(first, a, size) - _at(second, b, size)).abs().mean(1) for a, b in self.moves]
        return torch.stack(costs, 1).to(x.dtype)


class Move(_Moving):
    """Two frames brought to the middle, each by the same move and its opposite: a weighted mean over moves.

    The weights of a position come in with the maps, as those of an adaptive convolution (Niklaus et al. 2017).
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, 2 C + moves, H, W), two frames and the weights in the order of `Match`; (N, 2 C, H, W) out."""
        frames, weights = x[:, : -len(self.moves)], x[:, -len(self.moves) :].contiguous()
        y: Tensor = _Moved.apply(self.seen(frames), weights.to(_exact(x)), self.moves)  # type: ignore[no-untyped-call]
        return y.to(x.dtype)


def _exact(x: Tensor) -> torch.dtype:
    """The kind of numbers in which sums are found."""
    return torch.promote_types(x.dtype, torch.float32)


def moves(reach: int, finer: int) -> Iterator[tuple[Place, Place]]:
    """Where windows of the first and of the second frame begin, for each move, row by row, in steps of 1/finer."""
    more = 3 * (finer - 1)
    for step in product(range(-reach * finer, reach * finer + 1), repeat=2):
        first, second = ([divmod(sign * move, finer) for move in step] for sign in (-1, 1))
        yield tuple(Place(finer * y[1] + x[1], reach + more + y[0], reach + more + x[0]) for y, x in (first, second))  # type: ignore[misc]


def between_pixels(x: Tensor) -> Tensor:
    """Maps (…, H, W) at whole pixels, halfway to the right, halfway down, and both: (4, …, H, W); not 3 at edges."""
    right = _halfway(x, -1)
    return torch.stack([x, right, _halfway(x, -2), _halfway(right, -2)])


def _halfway(x: Tensor, axis: int) -> Tensor:
    """Values between each entry and the next; the outermost are not used."""
    size = x.shape[axis]
    padded = F.pad(x, (2, 3, 0, 0) if axis == -1 else (0, 0, 2, 3))
    return sum(share * padded.narrow(axis, tap, size) for tap, share in enumerate(HALFWAY))  # type: ignore[return-value]


class _Moved(torch.autograd.Function):
    """The weighted mean itself, a move at a time: no window is copied."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weights: Tensor, moves: tuple[tuple[Place, Place], ...]) -> Tensor:
        """x as `_Moving.seen` has it, weights (N, moves, H, W); (N, 2 C, H, W) out."""
        ctx.save_for_backward(x, weights)
        ctx.moves, size = moves, weights.shape[2:]
        y = x.new_zeros(*x.shape[1:3], *size)
        pairs = list(zip(x.chunk(2, 2), y.chunk(2, 1), strict=True))
        for number, places in enumerate(moves):
            for (frame, made), place in zip(pairs, places, strict=True):
                made.addcmul_(_at(frame, place, size), weights[:, number, None])
        return y

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, Tensor, None]:
        """The gradients by x, where it is asked for, and by the weights."""
        x, weights = ctx.saved_tensors
        dx = torch.zeros_like(x) if ctx.needs_input_grad[0] else None
        dw, size = torch.zeros_like(weights), weights.shape[2:]
        for number, places in enumerate(ctx.moves):
            for half, place in enumerate(places):
                frame, given = x.chunk(2, 2)[half], upstream.chunk(2, 1)[half]
                dw[:, number] += (given * _at(frame, place, size)).sum(1)
                if dx is not None:
                    _at(dx.chunk(2, 2)[half], place, size).addcmul_(given, weights[:, number, None])
        return dx, dw, None


def _at(x: Tensor, place: Place, size: torch.Size) -> Tensor:
    """The maps (N, C, H, W) whose windows begin there."""
    return x[place.finer, :, :, place.row : place.row + size[0], place.column : place.column + size[1]]
