"""Blood cells (BCCD), the official split: boxes in one stage and in two, and the place of the one white cell.

Networks learn from the 205 training images, from scratch; the epoch is chosen on the 87 validation images and the 72
test images are used once, at the end. mAP50 is COCO's. The floor is always saying the mean box of each class; for
places it is always saying the mean box. The images are taken from `$STRIATE_DATA/bccd.tar.xz`.

    python benchmarks/cells.py [--rows one-stage,two-stages,place] [--seeds 2] [--epochs N] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from archives import stored

import striate as st
from striate.benchmark import machine

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
# A class and a box
c3(w) = conv w@3 pad 1 nobias -> bn -> relu

input 3x96x128
c3(16) -> maxpool 2
c3(32) -> maxpool 2
c3(48) -> maxpool 2
c3(64) -> maxpool 2
c3(64) -> conv 8@1 -> bn -> relu
heads[ class: gap -> fc 1 | box: fc 64 -> relu -> fc 4 ]
"""
WHITE = "WBC"


@dataclass(frozen=True)
class Row:
    """What is trained.

    Attributes:
        task: Its word.
        net: The network's text.
        figure: What is measured, as `test --json` calls it.
        floor: What that calls the figure of always saying the same.
        wanted: What was aimed at, %.
        options: As of `train`.
    """

    task: str
    net: str
    figure: str
    floor: str
    wanted: float
    options: dict[str, Any] = field(default_factory=dict)


ROWS = {
    "one-stage": Row(
        "detect", ONE_STAGE, "map50", "mean_box_map50", 85, {"epochs": 120, "batch": 16, "lr": 0.004, "ema": 0.99}
    ),
    "two-stages": Row(
        "detect", TWO_STAGES, "map50", "mean_box_map50", 86, {"epochs": 60, "batch": 8, "lr": 0.002, "ema": 0.99}
    ),
    "place": Row(
        "localize", PLACE, "box_iou", "mean_box_iou", 85, {"epochs": 150, "batch": 16, "lr": 0.003, "ema": 0.99}
    ),
}


def unpacked(root: Path) -> Path:
    """The folder as it is shared."""
    with tarfile.open(stored("bccd.tar.xz")) as packed:
        packed.extractall(root, filter="data")
    return next(root.iterdir())


def only_white(folder: Path) -> None:
    """Leaves the images that show one white cell, and of their objects that one."""
    for path in folder.rglob("Annotations/*.xml"):
        tree = ElementTree.parse(path)
        root = tree.getroot()
        others = [one for one in root.findall("object") if one.findtext("name") != WHITE]
        for one in others:
            root.remove(one)
        if len(root.findall("object")) == 1:
            tree.write(path)
        else:
            path.unlink()


def found(row: Row, seed: int, data: Path, place: Path, epochs: int | None) -> dict[str, float]:
    """The figures of one training in %, and its seconds."""
    place.mkdir()
    net = place / "this.net"
    net.write_text(row.net)
    began, options = time.perf_counter(), row.options | ({"epochs": epochs} if epochs else {})
    run = st.train(net, data, task=row.task, seed=seed, out=place / "run", quiet=True, **options)
    seconds, history = time.perf_counter() - began, run.history
    result = run.test()
    judged = result if isinstance(result, dict) else result.to_json()
    figures = {"validation": history.value(history.best), "test": judged[row.figure], "floor": judged[row.floor]}
    classes = {one["class"]: one["ap50"] for one in judged.get("per_class", ())}
    return {"seed": seed, "seconds": seconds, **{name: 100 * value for name, value in (figures | classes).items()}}


def main() -> None:
    """Prints the table as Markdown, or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    rows = dict[str, list[dict[str, float]]]()
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.rows.split(","):
            data = unpacked(Path(folder) / f"{name}-data")
            if ROWS[name].task == "localize":
                only_white(data)
            rows[name] = []
            for seed in range(asked.seeds):
                rows[name].append(found(ROWS[name], seed, data, Path(folder) / f"{name}{seed}", asked.epochs))
                print(f"{name}, seed {seed}: {rows[name][-1]}", file=sys.stderr, flush=True)
    if asked.json:
        print(json.dumps({"machine": machine(), "rows": rows}, indent=2))
        return
    print(f"{machine()}\n")
    print("| row | wanted, % | test, mean ± spread % | each seed | validation | floor | seconds |")
    print("|---|---|---|---|---|---|---|")
    for name, runs in rows.items():
        tests = [run["test"] for run in runs]
        spread = statistics.stdev(tests) if len(tests) > 1 else 0.0
        shown = {what: ", ".join(f"{run[what]:.1f}" for run in runs) for what in ("test", "validation")}
        seconds, floor = (statistics.median(run[what] for run in runs) for what in ("seconds", "floor"))
        mean = f"{statistics.mean(tests):.1f} ± {spread:.1f}"
        each = f"{mean} | {shown['test']} | {shown['validation']} | {floor:.1f} | {seconds:.0f}"
        print(f"| {name} | {ROWS[name].wanted:g} | {each} |")


if __name__ == "__main__":
    main()
