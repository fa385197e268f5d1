"""Moving digits: what moves says nothing of the class, how it moves does.

Digits drift over a field that joins at its edges, as in Moving MNIST (Srivastava et al. 2015) but without walls: at
every moment every place is as likely, whatever the motion, so that no single frame tells the class.

>>> clip = moving(np.full((8, 8), 255, np.uint8), "left", np.random.default_rng(0))
>>> clip.shape, bool((clip[1] == np.roll(clip[0], -STEP, 1)).all())
((8, 32, 32), True)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FRAMES, SIDE, DIGIT, STEP = 8, 32, 14, 2  # frames; pixels of the field, of a digit, and from one frame to the next
MOTIONS = {  # rows and columns of a step
    "up": (-1, 0),
    "up-right": (-1, 1),
    "right": (0, 1),
    "down-right": (1, 1),
    "down": (1, 0),
    "down-left": (1, -1),
    "left": (0, -1),
    "up-left": (-1, -1),
}


def moving(digit: NDArray[np.uint8], motion: str, chance: np.random.Generator) -> NDArray[np.uint8]:
    """(frames, side, side): a digit (h, w), at first anywhere, that moves so."""
    small = np.asarray(Image.fromarray(digit).resize((DIGIT, DIGIT), Image.Resampling.BILINEAR))
    first = np.zeros((SIDE, SIDE), np.uint8)
    first[:DIGIT, :DIGIT] = small
    place = chance.integers(0, SIDE, 2)
    down, right = MOTIONS[motion]
    moves = [(int(place[0]) + STEP * down * time, int(place[1]) + STEP * right * time) for time in range(FRAMES)]
    return np.stack([np.roll(first, move, (0, 1)) for move in moves])


def clips_of(digits: NDArray[np.uint8], count: int, chance: np.random.Generator) -> dict[str, NDArray[np.uint8]]:
    """So many clips (count, frames, side, side) of each motion, each of a digit drawn from (N, h, w)."""
    rows = chance.integers(0, len(digits), (len(MOTIONS), count))
    return {
        motion: np.stack([moving(digits[row], motion, chance) for row in some])
        for motion, some in zip(MOTIONS, rows, strict=True)
    }
