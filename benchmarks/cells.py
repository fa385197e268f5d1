"""Blood cells (BCCD), the official split: boxes in one stage and in two, and the place of the one white cell.

Networks learn from the 205 training images, from scratch; the epoch is chosen on the 87 validation images and the 72
test images are used once, at the end. mAP50 is COCO's. The floor is always saying the mean box of each class; for
places it is always saying the mean box. The images are taken from `$STRIATE_DATA/bccd.tar.xz`.

    python benchmarks/cells.py [--rows one-stage,two-stages,place] [--seeds 2] [--epochs N] [--json]
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from archives import SAFE, stored
from seeds import Row, table

ONE_STAGE = """
# One stage with a passthrough, as YOLOv2 in small
classes = 3
anchors = 5
c3(w) = conv w@3 pad 1 nobias -> bn -> leaky 0.1
c1(w) = conv w@1 nobias -> bn -> leaky 0.1

input 3x192x256
c3(16) -> maxpool 2
c3(32) -> maxpool 2
c3(64) -> c1(32) -> c3(64) -> maxpool 2
fine: [c3(96) -> c1(48) -> c3(96)] -> maxpool 2
c3(192) -> c1(96) -> c3(192) -> c1(64) -> upsample 2
concat[ from fine | id ] -> c3(96) -> conv anchors*(5+classes)@1
"""
TWO_STAGES = """
# Faster R-CNN on six convolutions
classes = 3
anchors = 6
c3(w) = conv w@3 pad 1 nobias -> bn -> relu

input 3x192x256
c3(16) -> maxpool 2
c3(32) -> maxpool 2
c3(64) -> c3(64) -> maxpool 2
maps: [c3(96) -> c3(96)]
heads[ rpn: from maps -> c3(96) -> heads[ object: conv anchors@1 | box: conv 4*anchors@1 ]
     | roi: roialign 5 from maps -> fc 128 -> relu -> heads[ class: fc classes+1 | box: fc 4*classes ] ]
"""
PLACE = """
# A class and a box, and a second look at what is around the box
c3(w) = conv w@3 pad 1 nobias -> bn -> relu

photo: input 3x192x256
maxpool 2 -> c3(16) -> maxpool 2
c3(32) -> maxpool 2
c3(48) -> maxpool 2
maps: [c3(64) -> conv 16@1 nobias -> bn -> relu]
heads[ class: from maps -> gap -> fc 1
     | box: from maps -> fc 64 -> relu -> fc 4
     | again: roialign 40 from photo -> c3(32) -> maxpool 2 -> c3(64) -> maxpool 2 -> c3(96) -> maxpool 2 -> c3(128)
              -> conv 32@1 nobias -> bn -> relu -> fc 128 -> relu -> fc 4 ]
"""
WHITE = "WBC"


def unpacked(root: Path) -> Path:
    """The folder as it is shared."""
    with tarfile.open(stored("bccd.tar.xz")) as packed:
        packed.extractall(root, **SAFE)
    return next(root.iterdir())


def only_white(root: Path) -> Path:
    """The images that show one white cell, and of their objects that one."""
    folder = unpacked(root)
    for path in folder.rglob("Annotations/*.xml"):
        tree = ElementTree.parse(path)
        top = tree.getroot()
        others = [one for one in top.findall("object") if one.findtext("name") != WHITE]
        for one in others:
            top.remove(one)
        if len(top.findall("object")) == 1:
            tree.write(path)
        else:
            path.unlink()
    return folder


BOXES: dict[str, Any] = {"task": "detect", "figure": "map50", "floor": "mean_box_map50", "more": ("map",)}
ROWS = {
    "one-stage": Row(
        ONE_STAGE, unpacked, wanted=85, options={"epochs": 120, "batch": 16, "lr": 0.004, "ema": 0.99}, **BOXES
    ),
    "two-stages": Row(
        TWO_STAGES, unpacked, wanted=86, options={"epochs": 60, "batch": 8, "lr": 0.002, "ema": 0.99}, **BOXES
    ),
    "place": Row(
        PLACE,
        only_white,
        "box_iou",
        85,
        "mean_box_iou",
        more=("localized",),
        task="localize",
        options={"epochs": 180, "batch": 16, "lr": 0.002, "ema": 0.995, "schedule": "cosine", "warm_up": 0.03},
    ),
}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=2)
