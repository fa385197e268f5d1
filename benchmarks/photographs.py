"""A small folder of photographs: ResNet-20 with all defaults beside hand-made features, on the same split.

The folder holds the first 200 pictures of each of the first five classes of CIFAR-10's training part, as JPEG files,
taken from `$STRIATE_DATA/cifar10-jpeg.tar.xz`. Both are judged on the 150 of them that are held out as the test, and on
the next 500 pictures of each class, which tell smaller differences apart.

    python benchmarks/photographs.py [--seeds 3] [--json]
"""

import argparse
import dataclasses
import json
import statistics
import tempfile
from pathlib import Path

from archives import pictures

import striate as st
from striate import data

CLASSES, EACH, OTHERS = ("airplane", "automobile", "bird", "cat", "deer"), 200, 500


def main() -> None:
    """Prints the test accuracy of each seed, and the mean with its spread."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder, others = Path(place) / "five", Path(place) / "others"
        pictures("train", CLASSES, slice(EACH), folder)
        pictures("train", CLASSES, slice(EACH, EACH + OTHERS), others)
        small = data.load(folder, shape=(3, 32, 32))
        large = dataclasses.replace(small, test=data.load(others, shape=(3, 32, 32), hold_out=False).test)
        found: dict[str, list[float]] = {}
        for seed in range(options.seeds):
            run = st.train("resnet20", folder, seed=seed, out=Path(place) / f"run{seed}", quiet=True)
            for where, judged in (("held out", small), ("others", large)):
                found.setdefault(f"resnet20, {where}", []).append(run.test(judged).accuracy)
                for classifier in ("linear", "rbf"):
                    rival = st.baseline("hog", judged, classifier=classifier, seed=seed)
                    found.setdefault(f"hog, {classifier}, {where}", []).append(rival.accuracy)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for name, values in found.items():
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        print(f"{name:22} {statistics.mean(values):.1%} ± {spread:.1%}  {[f'{value:.1%}' for value in values]}")


if __name__ == "__main__":
    main()
