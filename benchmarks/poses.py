"""People (Leeds Sports Pose Extended, crops of 128 pixels, 1,600 to learn from): joints as numbers, in stages, as maps.

The epoch is chosen on the validation images (a tenth of those to learn from); the 400 test images are used once, at the
end. PCK: the share of joints within a fifth of the torso. The floor is always saying the mean pose. The images are
taken from `$STRIATE_DATA/lspet-128.tar.xz`; their annotators sometimes exchange left and right.

    python benchmarks/poses.py [--rows numbers,stages,maps] [--seeds 2] [--epochs N] [--json]
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

from archives import SAFE, stored
from seeds import Row, table

NUMBERS = """
# Coordinates of all joints, as DeepPose's first stage
joints = 14
c3(w) = conv w@3 pad 1 nobias -> bn -> relu

input 3x128x128
c3(16) -> maxpool 2
c3(32) -> maxpool 2
c3(48) -> c3(48) -> maxpool 2
c3(96) -> c3(96) -> maxpool 2
c3(128) -> c3(128) -> dropout 0.3 -> fc 256 nobias -> bn -> relu -> fc 2*joints
"""
STAGES = """
# DeepPose: three stages, of which two look at the picture again around each joint
joints = 14
c3(w) = conv w@3 pad 1 nobias -> bn -> relu
again() = c3(16) -> maxpool 2 -> c3(32) -> maxpool 2 -> c3(48) -> fc 96 nobias -> bn -> relu

photo: input 3x128x128
heads[
    first: c3(16) -> maxpool 2 -> c3(32) -> maxpool 2 -> c3(48) -> c3(48) -> maxpool 2 -> c3(96) -> c3(96) -> maxpool 2
           -> c3(128) -> c3(128) -> dropout 0.3 -> fc 256 nobias -> bn -> relu -> fc 2*joints
  | second: roialign 24 from photo -> again() -> fc 2*joints
  | third: roialign 24 from photo -> again() -> fc 2*joints
]
"""
MAPS = """
# A map of heat for each joint
joints = 14
c3(w) = conv w@3 pad 1 nobias -> bn -> relu

input 3x128x128
c3(16) -> maxpool 2
c3(32) -> maxpool 2
fine: c3(48) -> maxpool 2
mid: [c3(64) -> c3(64)] -> maxpool 2
c3(128) -> c3(128) -> c3(128) -> conv 64@1 -> upsample 2
concat[ from mid | id ] -> c3(64) -> conv 48@1 -> upsample 2
concat[ from fine | id ] -> c3(48) -> conv joints@1
"""
CASCADE = """
# A map of heat for each joint, and two looks at the picture around what it says
joints = 14
c3(w) = conv w@3 pad 1 nobias -> bn -> relu
again() = c3(16) -> maxpool 2 -> c3(32) -> maxpool 2 -> c3(48) -> fc 96 nobias -> bn -> relu

photo: input 3x128x128
heads[
    first: c3(16) -> maxpool 2 -> c3(32) -> maxpool 2 -> fine: c3(48) -> maxpool 2 -> mid: [c3(64) -> c3(64)]
           -> maxpool 2 -> c3(128) -> c3(128) -> c3(128) -> conv 64@1 -> upsample 2
           -> concat[ from mid | id ] -> c3(64) -> conv 48@1 -> upsample 2
           -> concat[ from fine | id ] -> c3(48) -> conv joints@1
  | second: roialign 24 from photo -> again() -> fc 2*joints
  | third: roialign 24 from photo -> again() -> fc 2*joints
]
"""


def unpacked(root: Path) -> Path:
    """The folder as it is shared."""
    with tarfile.open(stored("lspet-128.tar.xz")) as packed:
        packed.extractall(root, **SAFE)
    return next(root.iterdir())


def of_stages(run: Any) -> dict[str, float]:
    """PCK after each stage."""
    return {f"stage {one['stage']}": one["pck"] for one in run.test()["stages"]}


ALIKE: dict[str, Any] = {"figure": "pck", "floor": "mean_pose_pck", "more": ("pcp",)}
HOW = {"batch": 16, "ema": 0.99, "lr": 0.002, "validation": 0.1}
ROWS = {
    "numbers": Row(NUMBERS, unpacked, wanted=35, options={"epochs": 60, **HOW}, **ALIKE),
    "stages": Row(STAGES, unpacked, wanted=35, options={"epochs": 40, **HOW}, also=of_stages, **ALIKE),
    "cascade": Row(CASCADE, unpacked, wanted=35, options={"epochs": 40, **HOW}, also=of_stages, **ALIKE),
    "maps": Row(MAPS, unpacked, wanted=35, options={"epochs": 40, **HOW}, **ALIKE),
}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=2)
