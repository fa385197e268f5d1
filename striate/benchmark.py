"""Images per second, ours beside what a user would write by hand, interleaved in one run.

The hand-written side is the usual short PyTorch loop over the same module, data in memory: zero the gradients, forward,
loss, backward, step. Both sides take turns in short rounds, because a machine's speed drifts; what counts is the median
of the rounds and of the ratios within each round.

>>> [sides.batch for sides in bench("input 1x8x8 -> fc 10", batches=(4,), rounds=3, seconds=0.01)]
[4, 4]
"""

from __future__ import annotations

import copy
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from striate import zoo
from striate.building import build
from striate.errors import InputError
from striate.notation import Network, measure, rules
from striate.training.batches import Batches
from striate.training.engine import AUX_WEIGHT, TorchEngine
from striate.training.loop import one_epoch
from striate.training.options import Options
from striate.training.progress import Quiet

BATCHES = (64, 256)
ROUNDS = 9  # of which the median counts
SECONDS = 0.4  # a side's turn in a round
POOL = 4096  # images in memory at most


@dataclass(frozen=True)
class Sides:
    """Both sides at one kind of work and one batch size.

    Attributes:
        work: "training" or "inference".
        batch: Images in a batch.
        ours: Images per second, a number a round.
        plain: The hand-written loop's.
    """

    work: str
    batch: int
    ours: tuple[float, ...]
    plain: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        """Ours over plain, round by round."""
        return [a / b for a, b in zip(self.ours, self.plain, strict=True)]

    def to_json(self) -> dict[str, Any]:
        """Medians with the spread from the first to the third quartile."""
        named = {"ours": self.ours, "plain": self.plain, "ratio": self.ratios}
        figures = {
            name: dict(zip(("median", "low", "high"), spread(values), strict=True)) for name, values in named.items()
        }
        return {"work": self.work, "batch": self.batch, "rounds": len(self.ours), **figures}


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, first and third quartile.

    >>> spread([1.0, 2.0, 3.0, 4.0, 5.0])
    (3.0, 2.0, 4.0)
    """
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, low, high


def bench(
    net: str | Path | Network,
    *,
    batches: Sequence[int] = BATCHES,
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
    device: torch.device | str = "cpu",
    told: Callable[[Sides], None] = lambda sides: None,
    letters: Mapping[str, int | float] | None = None,
) -> list[Sides]:
    """Measure training steps and inference of a network.

    Args:
        net: As for `zoo.net`; its input must have no free axis, and its output must be one row of classes.
        batches: Batch sizes, from 1.
        rounds: Turns of each side, from 2.
        seconds: Length of a turn.
        device: Where both sides compute.
        told: Is given each pair of sides when it is done.
        letters: Values for the letters of the network's text.

    Raises:
        InputError: A network without a fixed input or with boxes, or a number out of range.
    """
    network = zoo.find(net, letters)
    if None in network.input:
        raise InputError("a network with free axes can't be timed; write its input's size in place of '?'")
    if network.takes_boxes:
        raise InputError("a network that takes boxes can't be timed; write its features alone, without the RoI layer")
    if rounds < 2 or any(batch < 1 for batch in batches):
        raise InputError("bench takes 2 rounds or more, and batches of 1 image or more")
    results = []
    for batch in batches:
        for work, make in (("training", _training_sides), ("inference", _inference_sides)):
            sides = Sides(work, batch, *_take_turns(make(network, batch, torch.device(device)), batch, rounds, seconds))
            told(sides)
            results.append(sides)
    return results


Turn = Callable[[int], None]  # does so many batches


def _data(network: Network, batch: int, device: torch.device) -> tuple[Tensor, Tensor]:
    classes = rules.product(measure(network).output)
    assert classes is not None
    generator = torch.Generator().manual_seed(0)
    shape = [size or 1 for size in network.input]
    count = max(batch, min(POOL, 2**28 // torch.Size(shape).numel() // batch * batch))
    images = torch.randn(count, *shape, generator=generator)
    return images.to(device), torch.randint(classes, (count,), generator=generator).to(device)


def _training_sides(network: Network, batch: int, device: torch.device) -> tuple[Turn, Turn]:
    """One SGD-with-momentum step after another: our loop with all it does, and the hand-written one."""
    images, labels = _data(network, batch, device)
    model = build(network).to(device)
    plain = copy.deepcopy(model)
    options = Options(batch=batch, optimizer="momentum", schedule="constant", lr=0.01)
    engine = TorchEngine(model, options, 1, device)
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.01, momentum=0.9)

    def ours(count: int) -> None:
        part = Batches(images[: count * batch], labels[: count * batch], None, device)
        one_epoch(engine, part, options, 1, Quiet())

    def by_hand(count: int) -> None:
        plain.train()
        order = torch.randperm(count * batch, device=device)
        for i in range(count):
            rows = order[i * batch : (i + 1) * batch]
            optimizer.zero_grad()
            made = plain(images[rows])
            outputs, heads = made if isinstance(made, tuple) else (made, [])
            loss = F.cross_entropy(outputs.flatten(1), labels[rows])
            for head in heads:
                loss = loss + AUX_WEIGHT * F.cross_entropy(head.flatten(1), labels[rows])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    most = len(images) // batch
    return _in_parts(ours, most), _in_parts(by_hand, most)


def _inference_sides(network: Network, batch: int, device: torch.device) -> tuple[Turn, Turn]:
    images, _ = _data(network, batch, device)
    model = build(network).to(device)
    plain: nn.Module = copy.deepcopy(model).eval()
    engine = TorchEngine(model, Options(), 1, device)
    most = len(images) // batch

    def ours(count: int) -> None:
        for i in range(count):
            engine.evaluate(images[i * batch : (i + 1) * batch])

    @torch.no_grad()
    def by_hand(count: int) -> None:
        for i in range(count):
            plain(images[i * batch : (i + 1) * batch])

    return _in_parts(ours, most), _in_parts(by_hand, most)


def _in_parts(turn: Turn, most: int) -> Turn:
    """Any number of batches from a pool of `most`."""

    def in_parts(count: int) -> None:
        while count > 0:
            turn(min(count, most))
            count -= most

    return in_parts


def _take_turns(
    sides: tuple[Turn, Turn], batch: int, rounds: int, seconds: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Images per second of both sides, a number a round; who goes first alternates."""
    for turn in sides:
        turn(2)
    once = min(_timed(turn, 1) for turn in sides)
    count = max(1, round(seconds / once))
    speeds: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            speeds[side].append(count * batch / _timed(sides[side], count))
    return tuple(speeds[0]), tuple(speeds[1])


def _timed(turn: Turn, count: int) -> float:
    started = time.perf_counter()
    turn(count)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    elif torch.backends.mps.is_available():
        torch.mps.synchronize()
    return time.perf_counter() - started


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "processor": platform.processor() or platform.machine(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
