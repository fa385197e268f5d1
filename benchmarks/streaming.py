"""A folder of images that memory would not hold: what training takes of it, and whether it waits for the files.

The folder has 20,000 JPEG files of 224 x 224 pixels, 200 different ones by many names. Memory is the proportional set
size of all processes (Linux). Decoding alone is the same batches by the same processes, with nothing computed; the rest
is what the engine adds, which on few cores is its own work and not waiting.

    python benchmarks/streaming.py [--images 20000] [--engine native] [--json]
"""

import argparse
import json
import os
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import striate as st
from striate import zoo
from striate.runs.feeding import feed_of
from striate.runs.planning import Request, planned
from striate.training.options import Options

NET = "input 3x224x224 -> conv 8@7x7 stride 4 -> relu -> maxpool 2 -> conv 16@3x3 -> relu -> gap -> fc 2"
DIFFERENT = 200
GIB = 2**30


def write(root: Path, images: int) -> None:
    """Smooth coloured noise in two classes."""
    chance = np.random.default_rng(0)
    for number in range(images):
        place = root / ("bright", "dark")[number % 2] / f"{number}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        if number >= DIFFERENT:
            os.link(root / ("bright", "dark")[number % 2] / f"{number % DIFFERENT}.jpg", place)
            continue
        pixels = chance.integers(0, 150, (28, 28, 3)).astype(np.uint8) + 100 * (number % 2 == 0)
        Image.fromarray(pixels.astype(np.uint8)).resize((224, 224), Image.Resampling.BICUBIC).save(place, quality=90)


def memory() -> int:
    """Bytes of this process and those it has started; what they share is counted once."""
    mine = [os.getpid(), *_started_by(os.getpid())]
    return sum(map(_share_of, mine))


def _started_by(process: int) -> list[int]:
    try:
        found = [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []
    return [*found, *(deeper for one in found for deeper in _started_by(one))]


def _share_of(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


class Watch(threading.Thread):
    """Remembers the most memory that was taken."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.start_bytes = self.most = memory()
        self.over = threading.Event()

    def run(self) -> None:
        """Looks five times a second."""
        while not self.over.wait(0.2):
            self.most = max(self.most, memory())


def decoded(folder: Path) -> float:
    """Images a second where nothing is computed."""
    plan, parts, _ = planned(Request(zoo.find(NET), folder, Options(epochs=1, augment="none"), engine="torch"))
    feed, count = feed_of(parts.training, parts.schema, plan.recipe), 0
    began = time.perf_counter()
    for batch in feed.epoch(0, 1, plan.options.images(plan.examples)):
        count += len(batch)
    return count / (time.perf_counter() - began)


def main() -> None:
    """Memory, then both speeds."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("--images", type=int, default=20_000)
    asked.add_argument("--engine", default="native")
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    torch.ones(1).sum()  # PyTorch's own memory is there before anything is measured
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "images"
        write(folder, given.images)
        watch = Watch()
        watch.start()
        run = st.train(NET, folder, out=Path(place) / "run", epochs=1, augment="none", engine=given.engine, quiet=True)
        watch.over.set()
        speed, alone = run.history.epochs[0].per_second, decoded(folder)
    result = {
        "images": given.images,
        "gib_above_start": round((watch.most - watch.start_bytes) / GIB, 2),
        "training_images_per_second": round(speed),
        "decoding_images_per_second": round(alone),
        "ratio": round(speed / alone, 3),
    }
    print(json.dumps(result) if given.json else "\n".join(f"{name:30} {value}" for name, value in result.items()))


if __name__ == "__main__":
    main()
