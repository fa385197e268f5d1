"""The changes of images that the native engine makes itself, as it reads them: shifts, warps, emptied squares.

Turning an image takes it a few microseconds, less than a hundredth of which PyTorch would need to be called.

>>> from striate.augmentation.shift import Shift
>>> drawn = Shift(1, (0.0,)).drawn(4, torch.Generator().manual_seed(0))
>>> taken = moves_of(drawn, torch.tensor([2, 0]), (1, 28, 28))
>>> taken.given.most
1
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.augmentation.chain import Chained
from striate.augmentation.cutout import Holes
from striate.augmentation.mixing import Smoothed
from striate.augmentation.shift import Shifted
from striate.augmentation.warp import Warped
from striate.augmentation.weighing import Weighed
from striate.data.kinds import Moved
from striate.native.network import Moves

MOST_PIXELS = 2**17  # of a channel: an image is warped on a thread's stack


class TakenMoves:
    """The moves of a batch; keeps the numbers that C reads.

    Attributes:
        given: What the engine is given.
    """

    def __init__(self, placed: Shifted | Warped | None, holes: Holes | None, rows: Tensor, size: torch.Size) -> None:
        self.given, self._kept = Moves(), list[NDArray[Any]]()
        if isinstance(placed, Shifted):
            self.given.most = placed.shift.most
            self._give(down=placed.down[rows], right=placed.right[rows], background=placed.shift.background)
        elif placed:
            self._give(matrix=placed.matrix[rows], background=placed.warp.background)
        if holes:
            self.given.side = holes.cutout.side
            self._give(holes=holes.corners(rows, size), empty=holes.cutout.background)

    def _give(self, **arrays: Any) -> None:
        for name, values in arrays.items():
            array = values.numpy() if isinstance(values, Tensor) else np.array(values, np.float32)
            self._kept.append(array)
            setattr(self.given, name, array.ctypes.data)


def moves_of(drawn: Moved, rows: Tensor, shape: Sequence[int]) -> TakenMoves | None:
    """What the engine makes of an epoch's choices for some examples; None where it lacks one of the changes.

    Args:
        drawn: The choices.
        rows: (N,), which of them each example takes.
        shape: (C, H, W) of an image.
    """
    found = native_steps(drawn, shape)
    return TakenMoves(*found, rows, torch.Size(shape[1:])) if found else None


def native_steps(drawn: Moved, shape: Sequence[int]) -> tuple[Shifted | Warped | None, Holes | None] | None:
    """The change of places and the emptied square, where there is nothing else but changes of classes."""
    steps = [step for step in _steps(drawn) if not isinstance(step, Smoothed | Weighed)]
    placed, holes = None, None
    if steps and _is_placing(steps[0], shape):
        placed = steps.pop(0)
    if steps and isinstance(steps[0], Holes):
        holes = steps.pop(0)
    return None if steps or len(shape) != 3 else (placed, holes)  # type: ignore[return-value]


def _steps(drawn: Moved) -> Sequence[Moved]:
    return drawn.steps if isinstance(drawn, Chained) else [drawn]


def _is_placing(step: Moved, shape: Sequence[int]) -> bool:
    if isinstance(step, Warped):
        return step.warp.background is not None and shape[-1] * shape[-2] <= MOST_PIXELS
    return isinstance(step, Shifted)
