"""Search by features: how good the answers are on CIFAR-10, and how long a query takes among a million images.

Quality: the 50,000 training images are indexed by a network that learned from them, and each of the 10,000 test images
asks for its class: mean average precision over all ranks and the precision of the first ten, beside a random order.
The network is a run (`--run`), or is trained first as in `benchmarks/cifar.py`. The images are JPEG files from
`$STRIATE_DATA/cifar10-jpeg.tar.xz`: figures can't be compared with those of others. `--each` takes fewer of each class.

Speed: an index of made features on disk, points around a thousand centres; its files are in the page cache, and the
first query, which maps them, is given by itself. Recall is the share of the ten nearest that FAISS finds.

    python benchmarks/retrieval.py [--what quality,speed] [--run RUN] [--each N] [--tta] [--all] [--epochs 14]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cifar
import numpy as np
from archives import pictures
from numpy.typing import NDArray

import striate as st
from striate.benchmark import machine
from striate.errors import WorkError
from striate.retrieving import Index
from striate.retrieving.about import About, Image
from striate.retrieving.features import ANSWER
from striate.retrieving.writer import ROWS, Writer

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
BITS, COUNT, QUERIES, CENTRES, SPREAD = 48, 10, 50, 1000, 0.7


def images(place: Path, each: int | None) -> Path:
    """The folder of the training and the test images; some of each class where `each` is given, a fifth as queries."""
    if each is None:
        return cifar.unpacked(place / "files")
    pictures("train", CLASSES, slice(each), place / "some" / "train")
    pictures("test", CLASSES, slice(-(-each // 5)), place / "some" / "test")
    return place / "some"


def quality(place: Path, run: str | None, each: int | None, epochs: int, tta: bool, every: bool) -> Iterator[str]:
    """The rows of the table of quality."""
    folder = images(place, each)
    if run is None:
        cifar.ours(folder, epochs, 0, place / "run")
    yield "| features | numbers | mAP, % | P@10, % | mAP of 48-bit codes, % | P@10 of them, % | seconds to index |"
    yield "|---|---|---|---|---|---|---|"
    layer = ""  # the usual ones, and then each of them by itself
    for name in ("both, the default", "what the last layer reads", "the answer")[: 3 if every else 1]:
        began = time.perf_counter()
        how = {"out": place / f"index-{name}", "layer": layer, "tta": tta, "quiet": True}
        index = st.index(run or place / "run", folder / "train", **how)
        layer = ANSWER if layer else index.book.about.layer.partition(",")[0]
        took, judged = time.perf_counter() - began, index.test(folder / "test", quiet=True)
        cells = [judged.mean_average_precision, judged.precision_at_10]
        if index.book.about.length >= BITS:
            coded = index.test(folder / "test", bits=BITS, quiet=True)
            cells += [coded.mean_average_precision, coded.precision_at_10]
        shown = [f"{100 * cell:.1f}" for cell in cells] + ["-"] * (4 - len(cells))
        yield f"| {name} | {index.book.about.length} | {' | '.join(shown)} | {took:.0f} |"
    yield f"| a random order | | {100 * judged.floor:.1f} | {100 * judged.floor:.1f} | | | |"


def made(root: Path, count: int, length: int) -> Index:
    """An index of made features."""
    chance = np.random.default_rng(0)
    centres = chance.standard_normal((CENTRES, length), np.float32)
    writer = Writer.begin(root, About({}, "made", "made", length))
    with writer.held():
        for start in range(0, count, ROWS):
            rows = range(start, min(start + ROWS, count))
            writer.put([Image(f"/made/{row}.jpg", 0, 0) for row in rows], around(centres, len(rows), chance))
    return Index(root)


def around(centres: NDArray[np.float32], count: int, chance: np.random.Generator) -> NDArray[np.float32]:
    """Points of length 1 around centres."""
    rows = centres[chance.integers(len(centres), size=count)]
    rows = rows + np.float32(SPREAD) * chance.standard_normal(rows.shape, np.float32)
    points: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return points


def speed(place: Path, count: int, length: int) -> Iterator[str]:
    """The rows of the table of speed."""
    index = made(place / f"made-{length}", count, length)
    chance = np.random.default_rng(1)
    queries = index.exact.rows(chance.integers(count, size=QUERIES))
    queries += np.float32(0.01) * chance.standard_normal(queries.shape, np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    nearest: list[set[int]] = []
    for name, how in (("exact", {}), (f"{BITS}-bit codes", {"bits": BITS}), ("FAISS", {"approximate": True})):
        began = time.perf_counter()
        try:
            ranking = index.ranking(**how)
        except WorkError as error:
            yield f"| {name} | {count:,} x {length} | {error} | | | |"
            continue
        ready, times, found = time.perf_counter() - began, list[float](), list[set[int]]()
        for query in queries:
            began = time.perf_counter()
            found.append({*ranking.nearest(query, COUNT)[0].tolist()})
            times.append(1000 * (time.perf_counter() - began))
        nearest = nearest or found
        recall = statistics.mean(len(one & two) / COUNT for one, two in zip(nearest, found, strict=True))
        least, middle = min(times), statistics.median(times)
        cells = (
            f"{middle:.1f} ({least:.1f} to {max(times[1:]):.1f}) | {times[0]:.0f} | {100 * recall:.0f} | {ready:.1f}"
        )
        yield f"| {name} | {count:,} x {length} | {cells} |"


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", help="a run on these images; by default one is trained")
    parser.add_argument("--each", type=int, help="training images of each class; by default all")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--tta", action="store_true", help="features of several views of each image")
    parser.add_argument("--all", action="store_true", help="other features too")
    parser.add_argument("--what", default="quality,speed")
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--lengths", default="64,128")
    asked = parser.parse_args()
    print(", ".join(f"{name} {value}" for name, value in machine().items()), end="\n\n")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if "quality" in asked.what:
            for line in quality(place, asked.run, asked.each, asked.epochs, asked.tta, asked.all):
                print(line, flush=True)
            print()
        if "speed" in asked.what:
            print(
                "| search | images x numbers | ms a query, median (range) | ms of the first | recall, % | s to begin |"
            )
            print("|---|---|---|---|---|---|")
            for length in map(int, asked.lengths.split(",")):
                for line in speed(place, asked.images, length):
                    print(line, flush=True)


if __name__ == "__main__":
    main()
