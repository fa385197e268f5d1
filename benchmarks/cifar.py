"""CIFAR-10 from JPEG files against the clock: Striate beside a plain PyTorch loop and Keras, the same network and time.

All train on the same 49,000 images, changed in the same ways, with Nesterov's momentum, label smoothing and a one-cycle
rate over as many steps as fit into the time; all are judged on the same 1,000 images after each epoch and on the 10,000
test images once, at the end, as they are and mirrored. The other two take the time that ours took. The images are
lossy: figures can't be compared with those of others. They are taken from `$STRIATE_DATA/cifar10-jpeg.tar.xz`; saying
one class always is wrong in 90 %.

    python benchmarks/cifar.py [--epochs 14] [--seed 0] [--who striate,torch,keras] [--seconds 600] [--json]
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from archives import SAFE, stored
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

import striate as st
from striate.benchmark import machine
from striate.training.schedules import one_cycle

NET = """
# Six convolutions that pool early, as Jordan (2024) has them in "94% on CIFAR-10 in 3.29 Seconds", two thirds as wide
block(w) = conv w@3 pad 1 nobias -> maxpool 2 -> bn -> relu -> conv w@3 pad 1 nobias -> bn -> relu
input 3x32x32
conv 24@2 nobias -> bn -> relu
block(48) -> block(160) -> block(160)
maxpool 3 -> fc 10
"""
BATCH, RATE, DECAY, SOFT, MOMENTUM = 64, 0.05, 5e-4, 0.1, 0.9
CROP, HOLE = 4, 8
VALIDATION = 0.02  # of the training images
WARM, TIMED = 3, 20  # steps before those whose time says how many fit
Array = NDArray[np.float32]
Point = tuple[float, float]  # seconds and the share of validation images that are right


def unpacked(root: Path) -> Path:
    """The folder of class folders."""
    archive = stored("cifar10-jpeg.tar.xz")
    with tarfile.open(archive) as packed:
        packed.extractall(root, **SAFE)
    return next(root.iterdir())


def ours(folder: Path, epochs: int, seed: int, out: Path) -> dict[str, Any]:
    """Trained by one call, from opening the files to the report."""
    began = time.perf_counter()
    net = out.parent / "nine.net"
    net.write_text(NET)
    how: dict[str, Any] = {"batch": BATCH, "optimizer": "nesterov", "lr": RATE, "l2": DECAY, "smoothing": SOFT}
    how |= {
        "epochs": epochs,
        "augment": f"mirror,crop:{CROP},cutout:{HOLE}",
        "ema": 0.999,
        "validation": VALIDATION,
        "seed": seed,
    }
    run = st.train(net, folder, out=out, **how)
    whole = time.perf_counter() - began
    curve, at = list[Point](), whole - sum(epoch.seconds for epoch in run.history.epochs)
    for epoch in run.history.epochs:
        at += epoch.seconds
        curve.append((at, epoch.validation_accuracy))
    return {"seconds": whole, "epochs": epochs, "curve": curve, "test": run.test(tta=True).accuracy}


class Clock:
    """A rate that rises and falls within the time, and the curve."""

    def __init__(self, seconds: float, count: int) -> None:
        self.seconds, self.count = seconds, count
        self.began, self.done, self.total = time.perf_counter(), 0, math.inf
        self.curve: list[Point] = []

    @property
    def past(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self.began

    def rate(self) -> float:
        """Of the next step; the first ones, which tell how many fit into the time, are at the beginning of its rise."""
        self.done += 1
        if self.done == WARM:
            self._first = self.past
        if self.done == WARM + TIMED:
            self.total = (self.seconds - self.past) * TIMED / (self.past - self._first)
        return RATE * one_cycle(min(1.0, self.done / self.total))

    def result(self, test: float) -> dict[str, Any]:
        """As of ours."""
        return {
            "seconds": self.curve[-1][0],
            "epochs": self.done * BATCH / self.count,
            "curve": self.curve,
            "test": test,
        }


def batches(images: Tensor, labels: Tensor, mean: Tensor, std: Tensor, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """An epoch of changed images, as a user writes it: one crop and mirror for each image of a batch."""
    drawing = torch.Generator().manual_seed(seed)
    for rows in torch.randperm(len(images), generator=drawing).split(BATCH):
        x = (images[rows].float() / 255 - mean) / std
        padded, side, count = F.pad(x, (CROP,) * 4, mode="reflect"), x.shape[-1], len(rows)
        down, right = torch.randint(2 * CROP + 1, (2, count, 1), generator=drawing)
        line = torch.arange(side)
        columns = torch.where(torch.rand(count, 1, generator=drawing) < 0.5, line, line.flip(0)) + right
        each = torch.arange(count)[:, None, None]
        x = padded[each, :, (line + down)[:, :, None], columns[:, None]].permute(0, 3, 1, 2)
        top, left = torch.randint(1 - HOLE, side, (2, count, 1), generator=drawing)
        out, over = ((line >= begin) & (line < begin + HOLE) for begin in (top, left))
        yield x * ~(out[:, None, :, None] & over[:, None, None, :]), labels[rows]


def plain(parts: dict[str, Any], seconds: float, seed: int) -> dict[str, Any]:
    """The loop that PyTorch's tutorials write, eager, float32."""
    torch.manual_seed(seed)
    model = st.build(NET, seed=seed)
    how: dict[str, Any] = {"momentum": MOMENTUM, "nesterov": True, "weight_decay": DECAY}
    optimizer = torch.optim.SGD(model.parameters(), RATE, **how)
    clock = Clock(seconds, len(parts["train"][0]))

    def step(x: Tensor, y: Tensor, rate: float) -> None:
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        F.cross_entropy(model(x), y, label_smoothing=SOFT).backward()
        optimizer.step()

    def outputs(x: Tensor) -> Tensor:
        model.eval()
        with torch.no_grad():
            found: Tensor = model(x)
        model.train()
        return found

    return against(clock, parts, step, outputs, seed)


def keras(parts: dict[str, Any], seconds: float, seed: int) -> dict[str, Any]:
    """Keras, by `train_on_batch`, on the backend that is there."""
    from striate.benchmark.contestants.base import Job
    from striate.benchmark.contestants.keras import model_of, package

    library = package()
    library.utils.set_random_seed(seed)
    model = model_of(Job.of(st.net(NET), BATCH, torch.device("cpu")))
    loss = library.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=SOFT)
    optimizer = library.optimizers.SGD(RATE, momentum=MOMENTUM, nesterov=True, weight_decay=DECAY)
    model.compile(optimizer, loss)
    clock = Clock(seconds, len(parts["train"][0]))

    def last(x: Tensor) -> Any:
        return np.ascontiguousarray(x.permute(0, 2, 3, 1).numpy())

    def step(x: Tensor, y: Tensor, rate: float) -> None:
        optimizer.learning_rate.assign(rate)
        model.train_on_batch(last(x), np.eye(10, dtype=np.float32)[y.numpy()])

    def outputs(x: Tensor) -> Tensor:
        return torch.from_numpy(np.array(model.predict_on_batch(last(x))))

    return against(clock, parts, step, outputs, seed)


def against(
    clock: Clock,
    parts: dict[str, Any],
    step: Callable[[Tensor, Tensor, float], None],
    outputs: Callable[[Tensor], Tensor],
    seed: int,
) -> dict[str, Any]:
    """Train until the time is over."""
    epoch = 0
    while clock.done < clock.total and clock.past < clock.seconds:
        epoch += 1
        for x, y in batches(*parts["train"], parts["mean"], parts["std"], seed + 1000 * epoch):
            if len(y) < BATCH:
                continue
            step(x, y, clock.rate())
            if clock.done >= clock.total or clock.past >= clock.seconds:
                break
        clock.curve.append((clock.past, right(outputs, parts["validation"], parts)))
    return clock.result(right(outputs, parts["test"], parts, mirrored=True))


def right(
    outputs: Callable[[Tensor], Tensor], part: tuple[Tensor, Tensor], parts: dict[str, Any], mirrored: bool = False
) -> float:
    """The share of images that are right; maybe by the mean of what is said of them and of their mirror images."""
    found = 0
    for x, y in zip(part[0].split(500), part[1].split(500), strict=True):
        x = (x.float() / 255 - parts["mean"]) / parts["std"]
        chances = outputs(x).softmax(1)
        if mirrored:
            chances = chances + outputs(x.flip(3)).softmax(1)
        found += int((chances.argmax(1) == y).sum())
    return found / len(part[1])


def parts_of(folder: Path, seed: int) -> dict[str, Any]:
    """Images and labels of all parts, and what scales them."""
    data = st.data.load(folder)
    training, validation = data.split(VALIDATION, seed)
    assert data.test
    images = training.images.float() / 255
    mean, std = (value.view(3, 1, 1) for value in (images.mean((0, 2, 3)), images.std((0, 2, 3))))
    split = {"train": training, "validation": validation, "test": data.test}
    return {"mean": mean, "std": std, **{name: (part.images, part.labels) for name, part in split.items()}}


def main() -> None:
    """Prints the curves and the test errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--who", default="striate,torch,keras")
    parser.add_argument("--seconds", type=float, help="for the other two; by default as long as ours took")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if "striate" not in asked.who and not asked.seconds:
        parser.error("how long do the others take? --seconds")
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = unpacked(Path(place) / "files")
        if "striate" in asked.who:
            found["striate"] = ours(folder, asked.epochs, asked.seed, Path(place) / "run")
        seconds = asked.seconds or found["striate"]["seconds"]
        parts = parts_of(folder, asked.seed)
        for name, train in (("torch", plain), ("keras", keras)):
            if name in asked.who:
                found[name] = train(parts, seconds, asked.seed)
                print(f"{name}: {found[name]['test']:.2%} right", file=sys.stderr)
    if asked.json:
        print(json.dumps({"machine": machine(), **found}, indent=2))
        return
    print(f"{machine()}, seed {asked.seed}; validation accuracy in % after so many seconds\n")
    for name, one in found.items():
        curve = ", ".join(f"{seconds:.0f} s {100 * share:.1f}" for seconds, share in one["curve"])
        error = f"{name}: test error {100 * (1 - one['test']):.2f} %"
        print(f"{error}, {one['epochs']:.1f} epochs, {one['seconds']:.0f} s; {curve}")


if __name__ == "__main__":
    main()
