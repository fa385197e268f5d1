"""Hippocampus in MRI (Medical Segmentation Decathlon, 208 volumes to learn from): a 3-D U-Net, and one of 2-D kernels.

The second sees volumes slice by slice: the same network with `depth=1`, which is a 2-D network over all slices. The
epoch is chosen on the validation volumes (a tenth of those to learn from); the 52 test volumes are used once, at the
end. Dice: of each volume, then the mean of both parts of the hippocampus. The floor is always saying the class that is
usual at a place. The volumes are taken from `$STRIATE_DATA/hippocampus.tar.xz`.

    python benchmarks/volumes.py [--rows 3-d,slices] [--seeds 2] [--epochs N] [--json]
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

from archives import SAFE, stored
from seeds import Row, table


def unpacked(root: Path) -> Path:
    """The folder as it is shared."""
    with tarfile.open(stored("hippocampus.tar.xz")) as packed:
        packed.extractall(root, **SAFE)
    return next(root.iterdir())


def of_classes(run: Any) -> dict[str, float]:
    """The Dice of each part."""
    return {f"part {one['class']}": one["dice"] for one in run.test()["per_class"][1:]}


HOW: dict[str, Any] = {
    "epochs": 20,
    "batch": 2,
    "lr": 0.004,
    "ema": 0.99,
    "augment": "mirror,colour:0.1",
    "size": (36, 52, 36),
    "engine": "torch",
}
ALIKE: dict[str, Any] = {
    "data": unpacked,
    "figure": "dice",
    "wanted": 86,
    "floor": "usual_dice",
    "task": "volume",
    "also": of_classes,
}
ROWS = {
    "3-d": Row("unet3d", options={**HOW, "letters": {"base": 8}}, **ALIKE),
    "slices": Row("unet3d", options={**HOW, "letters": {"base": 8, "depth": 1}}, **ALIKE),
}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=2)
