"""Weights from ImageNet for two classes of 50 photographs: SqueezeNet begun with them beside SqueezeNet from scratch.

Both train on the first 50 pictures of each class of CIFAR-10's training part, taken as JPEG files from
`$STRIATE_DATA/cifar10-jpeg.tar.xz`, of which a share is kept for validation; the epoch is chosen on that share alone.
They are judged on the first 200 pictures of each class of its test part. The weights are
`$STRIATE_DATA/squeezenet/squeezenet-v1.0.npz`.

    python benchmarks/transfer.py [--seeds 3] [--classes dog,horse] [--size 128] [--epochs 20] [--ways fine;scratch]
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from archives import pictures, stored

import striate as st

EACH, TESTED = 50, 200  # pictures of a class
WAYS: dict[str, tuple[bool, dict[str, Any]]] = {  # whether from the weights, and the options that differ
    "fine": (True, {}),
    "one rate": (True, {"rates": 1.0}),
    "head": (True, {"freeze": "all-but-head"}),
    "gradual": (True, {"freeze": "all-but-head", "unfreeze_after": 5}),
    "scratch": (False, {}),
    "scratch, slow": (False, {"lr": 0.0003, "epochs": 20}),
}


def main() -> None:
    """Prints the test accuracy of each way and seed, and the mean with its spread."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--classes", default="dog,horse")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--rates", type=float)
    parser.add_argument("--ways", default="fine;scratch", help=f"of {', '.join(WAYS)}")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    weights, classes = stored("squeezenet/squeezenet-v1.0.npz"), asked.classes.split(",")
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as place:
        photos = Path(place) / "photos"
        pictures("train", classes, slice(EACH), photos / "train")
        pictures("test", classes, slice(TESTED), photos / "test")
        shared = {"size": asked.size, "epochs": asked.epochs, "batch": 16, "validation": 0.2, "quiet": True}
        shared |= {name: value for name in ("lr", "rates") if (value := getattr(asked, name)) is not None}
        for seed in range(asked.seeds):
            for way in asked.ways.split(";"):
                begins, options = WAYS[way]
                how = shared | options | ({"weights": weights} if begins else {})
                run = st.train("squeezenet", photos, seed=seed, out=Path(place) / f"{way}-{seed}", **how)
                found.setdefault(way, []).append(run.test(photos).accuracy)
                print(way, seed, f"{found[way][-1]:.1%}", file=sys.stderr, flush=True)
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    print(f"always saying one class: {1 / len(classes):.1%}")
    for way, values in found.items():
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        print(f"{way:14} {statistics.mean(values):.1%} ± {spread:.1%}  {', '.join(f'{value:.1%}' for value in values)}")


if __name__ == "__main__":
    main()
