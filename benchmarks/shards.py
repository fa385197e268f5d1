"""Memory along one pass over many small images in tar archives, in MiB, at 10, 50 and 100 % of them.

python benchmarks/shards.py             # 1,000,000 images in 100 archives, two processes
python benchmarks/shards.py 20000 0     # so many images, so many processes
"""

import io
import os
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from striate.runs.feeding import feed_of
from striate.tasks.classify import Classify
from striate.tasks.task import Wish

SHARDS, DISTINCT, SIDE, BATCH = 100, 500, 16, 256
MARKS = (0.1, 0.5, 1.0)


def main() -> None:
    """Makes the archives, reads all images once in the order of an epoch, and prints a row for each mark."""
    count, workers = (int(sys.argv[place]) if len(sys.argv) > place else usual for place, usual in ((1, 10**6), (2, 2)))
    with tempfile.TemporaryDirectory() as folder:
        made(Path(folder), count)
        begin = time.perf_counter()
        opened = Classify.open(folder, Wish(shape=(3, SIDE, SIDE)))
        assert opened is not None
        data = opened[1]
        print(f"{count:,} images, {workers} processes; opened in {time.perf_counter() - begin:.0f} s", flush=True)
        feed = feed_of(data.train, data.schema, None, workers=workers)
        done, marks, begin = 0, list(MARKS), time.perf_counter()
        for batch in feed.epoch(0, 1, BATCH):
            done += len(batch)
            if marks and done >= marks[0] * len(data.train):
                rate = done / (time.perf_counter() - begin)
                here, others = memory(os.getpid()), [memory(one) for one in children()]
                print(f"{marks.pop(0):4.0%}: {done:,} images, {rate:,.0f}/s; {here} here, {others} others", flush=True)


def made(folder: Path, count: int) -> None:
    """Archives of so many images, of which few differ: what counts is their number."""
    chance = np.random.default_rng(0)
    pictures = []
    for _ in range(DISTINCT):
        file = io.BytesIO()
        Image.fromarray(chance.integers(0, 256, (SIDE, SIDE, 3), np.uint8)).save(file, "PNG")
        pictures.append(file.getvalue())
    for shard in range(SHARDS):
        with tarfile.open(folder / f"{shard:03}.tar", "w") as archive:
            for number in range(shard * count // SHARDS, (shard + 1) * count // SHARDS):
                add(archive, f"{number:07}.png", pictures[number % DISTINCT])
                add(archive, f"{number:07}.cls", str(number % 10).encode())
                archive.members.clear()  # type: ignore[attr-defined]


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    """One member."""
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def children() -> Iterator[int]:
    """The processes that this one has started."""
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        yield from map(int, (task / "children").read_text().split())


def memory(process: int) -> int:
    """The most memory that a process has held, in MiB, as Linux says it."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
