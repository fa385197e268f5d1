"""A small folder of photographs: ResNet-20 with all defaults beside hand-made features, on the same split.

The folder holds the first 200 pictures of each of the first five classes of CIFAR-10's training part, as JPEG files,
taken from `$STRIATE_DATA/cifar10-jpeg.tar.xz`.

    python benchmarks/photographs.py [--seeds 3] [--json]
"""

import argparse
import json
import statistics
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

import striate as st
from striate.data.fetch import data_folder

CLASSES, EACH = ("airplane", "automobile", "bird", "cat", "deer"), 200


def unpack(folder: Path) -> None:
    """Writes the pictures into one sub-folder per class."""
    root = data_folder()
    archive = root / "cifar10-jpeg.tar.xz" if root else None
    if archive is None or not archive.is_file():
        sys.exit("$STRIATE_DATA holds no cifar10-jpeg.tar.xz")
    with tarfile.open(archive) as packed:
        names = [name for name in sorted(packed.getnames()) if PurePosixPath(name).parts[-3:-2] == ("train",)]
        for label in CLASSES:
            for name in [name for name in names if PurePosixPath(name).parts[-2] == label][:EACH]:
                place = folder / label / PurePosixPath(name).name
                place.parent.mkdir(parents=True, exist_ok=True)
                content = packed.extractfile(name)
                assert content is not None
                place.write_bytes(content.read())


def main() -> None:
    """Prints the test accuracy of each seed, and the mean with its spread."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "five"
        unpack(folder)
        found: dict[str, list[float]] = {}
        for seed in range(options.seeds):
            run = st.train("resnet20", folder, seed=seed, out=Path(place) / f"run{seed}", quiet=True)
            found.setdefault("resnet20", []).append(run.test().accuracy)
            for classifier in ("linear", "rbf"):
                rival = st.baseline("hog", folder, classifier=classifier, seed=seed)
                found.setdefault(f"hog, {classifier}", []).append(rival.accuracy)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for name, values in found.items():
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        print(f"{name:12} {statistics.mean(values):.1%} ± {spread:.1%}  {[f'{value:.1%}' for value in values]}")


if __name__ == "__main__":
    main()
