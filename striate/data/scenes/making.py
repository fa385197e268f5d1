"""Clips of moving digits, written for the task `clip`: an array of clips for each motion, in train/, val/ and test/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from ..parts import Part
from .motions import FRAMES, MOTIONS, SIDE, clips_of

COUNTS: dict[Part, int] = {"train": 250, "validation": 40, "test": 60}  # clips of a motion, times `count`
FOLDERS: dict[Part, str] = {"train": "train", "validation": "val", "test": "test"}


def write_motions(source: str, place: Path, count: int, seed: int) -> list[str]:
    """Write them, and say what was decided. The test's digits are those of the set's test part.

    Args:
        source: A named set of grey images: digits, mnist, fashion-mnist.
        place: A new folder.
        count: How many times as many clips as usual.
        seed: Another one makes other clips.

    Raises:
        InputError: There is no such set, or its images are not grey.
    """
    from ..loading import load

    found = load(source)
    parts = {"train": found.train, "validation": found.train, "test": found.test or found.train}
    for part, number in COUNTS.items():
        images: Any = parts[part].images
        if not hasattr(images, "numpy") or images.ndim != 4 or images.shape[1] != 1:
            raise InputError(f"moving digits are made of grey images in memory, such as mnist; '{source}' has others")
        chance = np.random.default_rng([seed, list(COUNTS).index(part)])
        rows = slice(0, None) if part == "test" else slice(part == "validation", None, 2)  # no digit is in two parts
        digits: NDArray[np.uint8] = images[rows, 0].numpy().astype(np.uint8)
        folder = place / FOLDERS[part]
        folder.mkdir(parents=True, exist_ok=True)
        for motion, clips in clips_of(digits, count * number, chance).items():
            np.savez_compressed(folder / f"{motion}.npz", x=clips)
    many = ", ".join(f"{count * number:,} in {FOLDERS[part]}/" for part, number in COUNTS.items())
    return [f"{place}: clips of {FRAMES} frames, {SIDE}x{SIDE}, of {len(MOTIONS)} motions; of each {many}"]
