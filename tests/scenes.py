"""Small clips, for tests to write."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MOVES = {"up": (-2, 0), "right": (0, 2)}


def clip(number: int, move: str, frames: int = 4, side: int = 12) -> NDArray[np.uint8]:
    """(frames, side, side): a bright square anywhere in noise, that moves so over a field that joins at its edges."""
    chance = np.random.default_rng(number)
    field = np.zeros((side, side), np.int64)
    field[:5, :5] = 180
    down, right = chance.integers(0, side, 2)
    moves = [(int(down) + MOVES[move][0] * time, int(right) + MOVES[move][1] * time) for time in range(frames)]
    noise = chance.integers(0, 30, (frames, side, side))
    return (np.stack([np.roll(field, one, (0, 1)) for one in moves]) + noise).astype(np.uint8)


def arrays(root: Path, train: int, test: int) -> Path:
    """One .npy file for each clip, in the folders of parts and classes."""
    for part, first, count in (("train", 0, train), ("test", train, test)):
        for number in range(count):
            move = ("up", "right")[number % 2]
            folder = root / part / move
            folder.mkdir(parents=True, exist_ok=True)
            np.save(folder / f"{number // 2}.npy", clip(first + number, move))
    return root


def folders(root: Path, count: int) -> Path:
    """A folder of frames for each clip."""
    for number in range(count):
        move = ("up", "right")[number % 2]
        folder = root / move / f"{number}"
        folder.mkdir(parents=True, exist_ok=True)
        for time, frame in enumerate(clip(number, move)):
            Image.fromarray(frame).save(folder / f"{time}.png")
    return root
