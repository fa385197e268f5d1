"""Pages of several handwritten digits: how many are found and read, by LeNet-5 and `striate.finding`.

Pages of 480 x 640 pixels with 2 to 8 digits of MNIST's test part: `plain`, sizes 28 to 160 pixels, black on white;
`camera`, the same under uneven light, out of focus and with noise; `rows`, digits of about one size written beside each
other, so that some touch, seen by the camera. A digit is found if a find's box shares half of their area together with
the digit's (IoU 0.5), and read if the label is also right; all other finds are false. Beside it stand two floors: the
network on each connected component of ink, and the network slid over the page's ink at several sizes.

    python benchmarks/sliding.py [--pages 100] [--run RUN] [--part test] [--json]
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter

import striate as st
from striate import data
from striate.finding.finder import CERTAIN, SURE, Finder
from striate.finding.found import Box, Found, iou
from striate.finding.images import finder_of
from striate.finding.paper import strengths
from striate.finding.pyramid import swept
from striate.finding.regions import regions

HEIGHT, WIDTH = 480, 640
KINDS = ("plain", "camera", "rows")
PAPER, PEN = 235.0, 30.0  # brightness
GAP, TRIES = 4, 100
Grey = NDArray[np.uint8]
Truth = list[tuple[str, Box]]


@dataclass
class Counts:
    """Of all pages."""

    digits: int = 0
    found: int = 0
    read: int = 0
    false: int = 0

    def add(self, truth: Truth, finds: list[Found]) -> None:
        """Those of one page."""
        left = list(finds)
        for label, box in truth:
            best = max(left, key=lambda find: iou(find.box, box), default=None)
            if best and iou(best.box, box) >= 0.5:
                left.remove(best)
                self.found += 1
                self.read += best.label == label
        self.digits += len(truth)
        self.false += len(left)


def digit(split: data.Split, rng: np.random.Generator, side: float) -> tuple[str, NDArray[np.float32]]:
    """A digit's label and its ink, 0 to 1, whose longer side is `side`."""
    number = int(rng.integers(len(split.labels)))
    ink = split.images[number, 0].numpy()
    rows, columns = np.nonzero(ink > 25)
    ink = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    height, width = (max(1, round(one * side / max(ink.shape))) for one in ink.shape)
    large = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BICUBIC), np.float32)
    return str(int(split.labels[number])), large / 255


def places(kind: str, rng: np.random.Generator) -> Callable[[tuple[int, ...], Truth], tuple[int, int] | None]:
    """Where the next digit goes (left, top), given its size and what is there; None where there is no room."""
    start, line = int(rng.integers(10, 60)), int(rng.integers(20, HEIGHT - 120))

    def beside(size: tuple[int, ...], truth: Truth) -> tuple[int, int] | None:
        left = (truth[-1][1][2] if truth else start) + int(rng.integers(-3, 7))
        return (left, line + int(rng.integers(0, 12))) if left + size[1] < WIDTH - GAP else None

    def anywhere(size: tuple[int, ...], truth: Truth) -> tuple[int, int] | None:
        for _ in range(TRIES):
            left, top = (
                int(rng.integers(GAP, all_ - one - GAP)) for all_, one in ((WIDTH, size[1]), (HEIGHT, size[0]))
            )
            near = (left - GAP, top - GAP, left + size[1] + GAP, top + size[0] + GAP)
            if all(iou(near, box) == 0 for _, box in truth):
                return left, top
        return None

    return beside if kind == "rows" else anywhere


def page(split: data.Split, kind: str, rng: np.random.Generator) -> tuple[Grey, Truth]:
    """A page and what is on it."""
    ink, truth = np.zeros((HEIGHT, WIDTH), np.float32), Truth()
    place, size = places(kind, rng), float(np.exp(rng.uniform(np.log(36), np.log(72))))
    for _ in range(int(rng.integers(2, 9))):
        side = size * rng.uniform(0.85, 1.15) if kind == "rows" else np.exp(rng.uniform(np.log(28), np.log(160)))
        label, drawn = digit(split, rng, float(side))
        if (corner := place(drawn.shape, truth)) is None:
            continue
        left, top = corner
        box = (left, top, left + drawn.shape[1], top + drawn.shape[0])
        there = np.s_[box[1] : box[3], box[0] : box[2]]
        ink[there] = np.maximum(ink[there], drawn)
        truth.append((label, box))
    grey = PAPER * (1 - ink) + PEN * ink
    return (grey if kind == "plain" else seen(grey, rng)).round().clip(0, 255).astype(np.uint8), truth


def seen(grey: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """As a camera gives it: light from one side, out of focus, with noise."""
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    light = np.cos(angle) * columns + np.sin(angle) * rows
    light = 0.45 + 0.55 * (light - light.min()) / np.ptp(light)
    blurred = Image.fromarray((grey * light).astype(np.uint8)).filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.5)))
    return np.asarray(blurred, np.float32) + rng.normal(0, rng.uniform(2, 8), grey.shape).astype(np.float32)


def components(finder: Finder, grey: Grey) -> list[Found]:
    """The network on each connected component."""
    single = [part for region in regions(strengths(grey)) for part in region.parts or [region]]
    return [find for find in finder.named(single) if find.probability >= SURE] if single else []


def everywhere(finder: Finder, grey: Grey) -> list[Found]:
    """The network slid over the ink at several sizes."""
    ink = torch.from_numpy(strengths(grey))[None]
    return swept(finder.slider, finder.recipe, ink, finder.classes, CERTAIN)


def ours(finder: Finder, grey: Grey) -> list[Found]:
    """As `striate slide` does it."""
    return finder.found(torch.from_numpy(grey)[None])


def rows(finder: Finder, split: data.Split, pages: int) -> Iterator[dict[str, object]]:
    """One for each kind of page and way."""
    for kind in KINDS:
        rng = np.random.default_rng(0)
        made = [page(split, kind, rng) for _ in range(pages)]
        for way in (components, everywhere, ours):
            counts, began = Counts(), time.perf_counter()
            for grey, truth in made:
                counts.add(truth, way(finder, grey))
            yield {
                "pages": kind,
                "way": way.__name__,
                "digits": counts.digits,
                "found": round(100 * counts.found / counts.digits, 1),
                "read": round(100 * counts.read / counts.digits, 1),
                "false a page": round(counts.false / pages, 2),
                "ms a page": round(1000 * (time.perf_counter() - began) / pages),
            }


def main() -> None:
    """A table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--pages", type=int, default=100)
    asked.add_argument("--run", help="a run on MNIST; by default LeNet-5 is trained for 3 epochs")
    asked.add_argument("--part", choices=("train", "test"), default="test", help="whose digits are on the pages")
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    digits = data.load("mnist")
    split = digits.test if given.part == "test" else digits.train
    assert split is not None
    with tempfile.TemporaryDirectory() as place:
        folder = given.run or st.train("lenet5", "mnist", epochs=3, out=Path(place) / "run", quiet=True).path
        finder = finder_of(st.Run(folder))
        assert finder is not None
        made = list(rows(finder, split, given.pages))
    if given.json:
        print(json.dumps(made))
        return
    print("| " + " | ".join(made[0]) + " |\n" + "|---" * len(made[0]) + "|")
    for row in made:
        print("| " + " | ".join(map(str, row.values())) + " |")


if __name__ == "__main__":
    main()
