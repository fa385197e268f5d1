"""Pictures of a coloured square by day or by night, with captions, and a network that sees them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

import striate as st

COLOURS = {"đỏ": (220, 30, 30), "xanh": (30, 60, 220), "vàng": (230, 220, 40)}  # red, blue, yellow
TIMES = {"ngày": 230, "đêm": 20}  # day, night: how bright the ground is
EYES = "input 3x12x12 -> conv 8@3 -> relu -> maxpool 2 -> fc 6"


def pictures(root: Path, counts: Mapping[str, int], seed: int = 0) -> list[tuple[str, str, str]]:
    """Picture files in `images/`, as many for each part; their names, parts and two captions each."""
    (root / "images").mkdir(parents=True)
    chance, rows = np.random.default_rng(seed), list[tuple[str, str, str]]()
    kinds = itertools.cycle(itertools.product(COLOURS, TIMES))
    for number, part in enumerate(part for part, count in counts.items() for _ in range(count)):
        colour, time = next(kinds)
        pixels = (TIMES[time] + chance.integers(0, 20, (12, 12, 3))).astype(np.uint8)
        top, left = chance.integers(1, 8, 2)
        pixels[top : top + 4, left : left + 4] = COLOURS[colour]
        name = f"{number:03}.png"
        Image.fromarray(pixels).save(root / "images" / name)
        rows += [(name, part, f"Một ô màu {colour} vào ban {time} ."), (name, part, f"Ban {time} có ô màu {colour} .")]
    return rows


def table(root: Path, counts: Mapping[str, int], seed: int = 0) -> Path:
    """The same with a table of the captions."""
    rows = pictures(root, counts, seed)
    text = "".join(f"{name}\t{part}\t{caption}\n" for name, part, caption in rows)
    (root / "captions.tsv").write_text(f"image\tsplit\tcaption\n{text}", encoding="utf-8")
    return root


@cache
def eyes(root: Path) -> Path:
    """A run that tells such squares apart, made once in a folder."""
    for number, (name, _, caption) in enumerate(pictures(root / "seen", {"train": 48})[::2]):
        folder = root / "classes" / caption.translate({ord(" "): "_", ord("."): None})
        folder.mkdir(parents=True, exist_ok=True)
        (root / "seen" / "images" / name).rename(folder / f"{number}.png")
    how = {"epochs": 20, "lr": 0.02, "batch": 8, "augment": "none", "out": root / "eyes", "quiet": True}
    st.train(EYES, root / "classes", **how)  # type: ignore[arg-type]
    return root / "eyes"


TELLER = """
words = 9
length = 9
channels = 8
rows = 5
columns = 5
features: input (channels)x(rows)x(columns)
tokens: input length
look: [from features -> conv 16@1 -> ln]
from tokens -> embed (words)x16
[residual[ conv 32@3 pad (2,0) -> glu ] -> ln -> residual[ attention 2 from look ] -> ln]*2
conv words@1
"""
