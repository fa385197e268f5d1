"""What training takes of its images, and whether it waits for them: a folder that memory would not hold, and arrays.

The folder has 20,000 JPEG files of 224 x 224 pixels, 200 different ones by many names. Memory is the proportional set
size of all processes (Linux). Decoding alone is the same batches by the same processes, with nothing computed;
computing alone is the native engine on one batch in memory. Both use all cores, so at best a training takes the time of
both together; waiting is what it takes beyond that, by the clock, whose speed changes here from second to second. What
does not depend on it: idle is the share of all cores' time of a training in which none of its processes worked, and
extra is how much more processor time an image takes in training than in decoding and computing alone.

In memory it is LeNet-5 on 60,000 made images of 28 x 28, each epoch in another order; waiting is the share of the time
in which the engine has no batch.

    python benchmarks/streaming.py [--what folder,memory] [--images 20000] [--rounds 3] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import striate as st
from striate import building, zoo
from striate.data.workers import cores
from striate.notation import Network
from striate.runs.feeding import feed_of
from striate.runs.planning import Request, planned
from striate.training.feed import Batch, Feed
from striate.training.native_engine import NativeEngine
from striate.training.options import Options
from striate.training.stream import Ready

NET = "input 3x224x224 -> conv 8@7x7 stride 4 -> relu -> maxpool 2 -> conv 16@3x3 -> relu -> gap -> fc 2"
DIFFERENT = 200
STEPS = 150
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


@dataclass(frozen=True)
class Pass:
    """Images, the seconds that they took, and those of all cores in which this process and its own worked."""

    images: int
    seconds: float
    work: float


@dataclass(frozen=True)
class Speeds:
    """Images a second: of the files alone, of the engine alone, of both at once; and what the processors did."""

    decoding: float
    computing: float
    training: float
    idle: float
    extra: float

    @classmethod
    def of(cls, decoding: Pass, computing: Pass, training: Pass) -> Speeds:
        """From the three."""
        alone = decoding.work / decoding.images + computing.work / computing.images
        idle = 1 - training.work / training.seconds / cores()
        extra = training.work / training.images / alone - 1
        return cls(*(one.images / one.seconds for one in (decoding, computing, training)), idle, extra)

    @property
    def waiting(self) -> float:
        """The share of a training in which nothing is decoded or computed: decoding and computing take the rest."""
        return 1 - self.training / self.decoding - self.training / self.computing


def ready(net: Network, data: Path) -> tuple[Feed, NativeEngine, Ready]:
    """The examples, the engine, and a batch in memory from which it has learned once."""
    plan, parts, _ = planned(Request(net, data, Options(epochs=1, augment="none"), engine="native"))
    feed, size = feed_of(parts.training, parts.schema, plan.recipe), plan.options.images(plan.examples)
    engine = NativeEngine(plan.network, building.build(plan.network), plan.options, 10**6, "cross-entropy")
    assert plan.recipe is not None
    one = Ready({"image": torch.randn(size, *plan.recipe.shape)}, {"label": torch.zeros(size, dtype=torch.int64)})
    engine.learn(one)
    return feed, engine, one


def speeds(folder: Path, rounds: int) -> list[Speeds]:
    """One after the other in each round, since machines change their speed."""
    feed, engine, one = ready(zoo.find(NET), folder)
    size = len(one)
    return [
        Speeds.of(
            passed(feed.epoch(0, number, size), lambda batch: None),
            passed(iter([one] * STEPS), engine.learn),
            passed(feed.epoch(0, number, size), engine.learn),
        )
        for number in range(1, rounds + 1)
    ]


def from_memory(place: Path, rounds: int) -> dict[str, str]:
    """How many images a second a training takes from arrays, and the share of its time before batches are there."""
    chance = np.random.default_rng(0)
    arrays = {"x": chance.integers(0, 256, (60_000, 28, 28), np.uint8), "y": chance.integers(0, 10, 60_000)}
    np.savez(place / "made.npz", **arrays)
    feed, engine, one = ready(zoo.find("lenet5"), place / "made.npz")
    speeds, shares = list[float](), list[float]()
    for number in range(1, rounds + 1):
        spent = list[float]()

        def timed(batch: Batch, spent: list[float] = spent) -> None:
            began = time.perf_counter()
            engine.learn(batch)
            spent.append(time.perf_counter() - began)

        whole = passed(feed.epoch(0, number, len(one)), timed)
        speeds.append(whole.images / whole.seconds)
        shares.append(1 - sum(spent) / whole.seconds)
    return {"training_images_per_second": spread(speeds), "waiting": spread(shares, 3)}


def passed(batches: Iterator[Batch], work: Callable[[Batch], object]) -> Pass:
    """Work on batches."""
    count, began, spent = 0, time.perf_counter(), _worked()
    for batch in batches:
        work(batch)
        count += len(batch)
    return Pass(count, time.perf_counter() - began, _worked() - spent)


def _worked() -> float:
    """Processor seconds of this process and of those that it started and that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    """Both."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("--what", default="folder,memory")
    asked.add_argument("--images", type=int, default=20_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    result = dict[str, object]()
    with tempfile.TemporaryDirectory() as place:
        if "folder" in given.what:
            result |= from_files(Path(place), given.images, given.rounds)
        if "memory" in given.what:
            result["in memory"] = from_memory(Path(place), given.rounds)
    print(json.dumps(result) if given.json else "\n".join(f"{name:30} {value}" for name, value in result.items()))


def from_files(place: Path, images: int, rounds: int) -> dict[str, object]:
    """What a folder takes: memory, then the speeds."""
    torch.ones(1).sum()  # PyTorch's own memory is there before anything is measured
    folder = place / "images"
    write(folder, images)
    watch = Watch()
    watch.start()
    st.train(NET, folder, out=place / "run", epochs=1, augment="none", engine="native", quiet=True)
    watch.over.set()
    found = speeds(folder, rounds)
    return {
        "images": images,
        "gib_above_start": round((watch.most - watch.start_bytes) / GIB, 2),
        **{f"{name}_images_per_second": over(found, name) for name in ("decoding", "computing", "training")},
        **{name: over(found, name, 3) for name in ("waiting", "idle", "extra")},
    }


def over(found: list[Speeds], name: str, digits: int = 0) -> str:
    """Median, least and most over the rounds."""
    return spread([getattr(one, name) for one in found], digits)


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Median, least and most."""
    values = sorted(values)
    middle, least, most = (f"{value:.{digits}f}" for value in (statistics.median(values), values[0], values[-1]))
    return f"{middle} ({least} to {most})"


if __name__ == "__main__":
    main()
