"""A tiny network that compares pictures, and pictures to compare."""

from pathlib import Path

import numpy as np
import safetensors.torch
from PIL import Image

import striate as st

TEXT = "input 3x64x64 -> conv 6@3 pad 1 -> relu -> maxpool 2 -> conv 8@3 pad 1 -> relu -> maxpool 2 -> conv 4@3 -> gap"


def weights(folder: Path) -> Path:
    """A file of its weights."""
    safetensors.torch.save_file(st.build(TEXT, seed=0).state_dict(), folder / "weights.safetensors")
    return folder / "weights.safetensors"


def smooth(size: tuple[int, int], seed: int = 0, spots: int = 5) -> Image.Image:
    """A picture with so many soft spots across and down, of (height, width)."""
    chance = np.random.default_rng(seed)
    small = Image.fromarray(chance.integers(0, 256, (spots, spots, 3), np.uint8))
    return small.resize(size[::-1], Image.Resampling.BICUBIC)


def striped(
    size: tuple[int, int], colours: tuple[tuple[int, int, int], tuple[int, int, int]], across: bool
) -> Image.Image:
    """Stripes of two colours, four pixels wide."""
    rows, columns = np.indices(size)
    which = ((columns if across else rows) // 4) % 2
    return Image.fromarray(np.array(colours, np.uint8)[which])


RED, BLUE = ((220, 30, 30), (250, 220, 60)), ((20, 30, 160), (210, 230, 250))
