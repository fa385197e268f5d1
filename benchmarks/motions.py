"""Moving digits (MNIST, eight motions, made by `striate data make motions`): the motion is the class.

A network of three axes sees eight frames; `late` sees each frame by itself and joins what it saw at the end; `single`
sees the frame in the middle alone, and can't do better than chance, which is 12.5 %. The epoch is chosen on validation
clips; the 480 test clips, of digits of MNIST's test part, are used once, at the end. The floor is always saying one
class. The digits are taken from `$STRIATE_DATA/mnist`.

    python benchmarks/motions.py [--rows three-axes,late,single] [--seeds 2] [--epochs N] [--json]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seeds import Row, table

from striate.data.making import make

THREE_AXES = """
# 3-D kernels over time and place
classes = 8

input 1x8x32x32
maxpool 1x2x2
conv 16@3x3x3 pad same nobias -> bn -> relu -> maxpool 1x2x2
conv 32@3x3x3 pad same nobias -> bn -> relu -> maxpool 2
conv 48@3x3x3 pad same nobias -> bn -> relu
gap -> fc classes
"""
LATE = """
# 2-D kernels on each frame, whose maps meet in the last layer alone
classes = 8

input 1x8x32x32
maxpool 1x2x2
conv 16@1x3x3 pad same nobias -> bn -> relu -> maxpool 1x2x2
conv 32@1x3x3 pad same nobias -> bn -> relu -> maxpool 1x2x2
conv 16@1x1x1 nobias -> bn -> relu
fc 64 -> relu -> dropout 0.3 -> fc classes
"""
SINGLE = """
# One frame
classes = 8

input 1x32x32
maxpool 2
conv 16@3 pad same nobias -> bn -> relu -> maxpool 2
conv 32@3 pad same nobias -> bn -> relu -> maxpool 2
conv 48@3 pad same nobias -> bn -> relu
gap -> fc classes
"""


def made(root: Path) -> Path:
    """Clips of MNIST's digits."""
    make("motions", "mnist", root / "motions")
    return root / "motions"


ALIKE: dict[str, Any] = {"data": made, "figure": "accuracy", "floor": "majority_share", "task": "clip"}
HOW: dict[str, Any] = {"batch": 32}
ROWS = {
    "three-axes": Row(THREE_AXES, wanted=98, options={"epochs": 20, **HOW}, **ALIKE),
    "late": Row(LATE, wanted=98, options={"epochs": 20, **HOW}, **ALIKE),
    "single": Row(SINGLE, wanted=12.5, options={"epochs": 8, **HOW}, **ALIKE),
}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=2)
