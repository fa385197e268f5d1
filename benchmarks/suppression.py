"""Non-maximum suppression of 10,000 boxes: how long it takes, beside the loop that people write with NumPy.

Boxes have sides of 10 to 50 pixels and lie anywhere in a square: in a large one few overlap, in a small one most do.
Both must leave the same boxes.

    python benchmarks/suppression.py [--boxes 10000] [--rounds 9]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from striate.benchmark import machine
from striate.boxes import suppressed

THRESHOLD = 0.5
SQUARES = {"few overlap": 1000, "many overlap": 300, "a crowd": 60}  # pixels of its side


def looped(boxes: NDArray[np.float64], scores: NDArray[np.float64]) -> list[int]:
    """The surest box, then the surest of those that do not overlap it, and so on."""
    areas, order, left = (boxes[:, 2:] - boxes[:, :2]).prod(1), np.argsort(-scores, kind="stable"), []
    while len(order):
        one, rest = order[0], order[1:]
        left.append(int(one))
        first, last = np.maximum(boxes[one, :2], boxes[rest, :2]), np.minimum(boxes[one, 2:], boxes[rest, 2:])
        shared = (last - first).clip(0).prod(1)
        order = rest[shared / (areas[one] + areas[rest] - shared) <= THRESHOLD]
    return left


def timed(work: Callable[[], Any], rounds: int) -> str:
    """Milliseconds: the median, and from the least to the most."""
    each = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        each.append(1000 * (time.perf_counter() - began))
    return f"{statistics.median(each):.1f} ({min(each):.1f} to {max(each):.1f})"


def main() -> None:
    """Prints a table as Markdown."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--boxes", type=int, default=10_000)
    asked.add_argument("--rounds", type=int, default=9)
    given = asked.parse_args()
    print(
        f"{machine()}\n\n| {given.boxes:,} boxes | are left | ms, median (range) | a loop in NumPy |\n|---|---|---|---|"
    )
    for name, side in SQUARES.items():
        chance = torch.Generator().manual_seed(0)
        corners = side * torch.rand(given.boxes, 2, generator=chance, dtype=torch.float64)
        sizes = 10 + 40 * torch.rand(given.boxes, 2, generator=chance, dtype=torch.float64)
        boxes, scores = torch.cat([corners, corners + sizes], 1), torch.rand(given.boxes, generator=chance).double()
        ours, theirs = suppressed(boxes, scores, THRESHOLD).tolist(), looped(boxes.numpy(), scores.numpy())
        if ours != theirs:
            raise SystemExit(f"{name}: other boxes are left")
        mine = timed(lambda boxes=boxes, scores=scores: suppressed(boxes, scores, THRESHOLD), given.rounds)  # type: ignore[misc]
        loop = timed(lambda boxes=boxes, scores=scores: looped(boxes.numpy(), scores.numpy()), 1)  # type: ignore[misc]
        print(f"| {name} | {len(ours):,} | {mine} | {loop.partition(' ')[0]} |", flush=True)


if __name__ == "__main__":
    main()
