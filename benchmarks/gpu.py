"""On a GPU: our torch engine beside a plain PyTorch loop, its compiled form, and its best common recipe.

That recipe is bfloat16 by autocast, channels last, and `torch.compile` of forward and loss. Ours computes as a long
training decides by itself, and is shown with CUDA graphs too (`striate train --compile graphs`), which a CPU lacks.
Images are made, and lie on the device. All take turns in one run; a ratio is to the plain loop of the same round. "Of
arithmetic" is the share of the rate that products of large bfloat16 matrices reach here; "of bandwidth" is of the rate
of a copy, by the bytes that float32 training moves at least: every activation and its gradient written and read once,
every weight five times.

    python benchmarks/gpu.py [--seconds 0.5] [--rounds 5] [--device cuda] [--tiny] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from striate import zoo
from striate.benchmark import Race, bench, machine, spread
from striate.benchmark.contestants import chosen
from striate.benchmark.contestants.base import Job
from striate.errors import StriateError
from striate.notation import Network, measure

ENGINES = ("torch", "torch-graphs", "plain", "torch-compile", "torch-compile-bf16-channels-last")
STEPS = 3  # of a contestant whose memory is watched
SMALL_STEM = (
    "conv 64@7x7 stride 2 pad 3 nobias -> bn -> relu -> maxpool 3 stride 2 pad 1",
    "conv 64@3x3 pad 1 nobias -> bn -> relu",
)


@dataclass(frozen=True)
class Case:
    """A network at a batch size."""

    name: str
    network: Network
    batch: int


def cases(tiny: bool) -> list[Case]:
    """The three; or one that a CPU does in seconds."""
    if tiny:
        return [Case("tiny", zoo.find("input 1x8x8 -> conv 4@3 -> bn -> relu -> fc 10"), 4)]
    whole, small = zoo.entry("resnet18").text, SMALL_STEM
    assert small[0] in whole
    text = whole.replace(*small).replace("3x224x224", "3x32x32").replace("classes = 1000", "classes = 10")
    return [
        Case("ResNet-18, 32x32", zoo.find(text), 512),
        Case("ResNet-50, 224x224", zoo.net("resnet50"), 128),
        Case("LeNet-5", zoo.net("lenet5"), 512),
    ]


def fastest(work: Callable[[], object], device: torch.device, seconds: float) -> float:
    """The least time of a call, in seconds."""
    _synchronised(work, device)
    best, began = float("inf"), time.perf_counter()
    while time.perf_counter() - began < seconds:
        best = min(best, _synchronised(work, device))
    return best


def _synchronised(work: Callable[[], object], device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    began = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


def rates(device: torch.device, tiny: bool) -> tuple[float, float]:
    """What the device does at best: operations a second in bfloat16, and bytes a second moved by a copy."""
    side, count = (512, 2**22) if tiny else (8192, 2**28)
    a = torch.randn(side, side, device=device, dtype=torch.bfloat16)
    source, place = torch.ones(count, device=device), torch.empty(count, device=device)
    arithmetic = 2 * side**3 / fastest(lambda: a @ a, device, 0.05 if tiny else 0.5)
    return arithmetic, 2 * 4 * count / fastest(lambda: place.copy_(source), device, 0.05 if tiny else 0.5)


def moved(network: Network, batch: int) -> float:
    """Bytes that a float32 step has to move at least, for an image."""
    memory = measure(network).training_memory(batch, "momentum")
    assert memory.activations is not None
    return (4 * memory.activations + 5 * memory.weights) / batch


def peak_memory(case: Case, engine: str, device: torch.device) -> int | None:
    """Bytes at the peak of a few steps above what lies there before; None where the device does not count."""
    if device.type != "cuda":
        return None
    (who,), job = chosen([engine]), Job.of(case.network, case.batch, device)
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    try:
        who.ready("training", job)(STEPS)
    except StriateError:
        return None
    return torch.cuda.max_memory_allocated(device) - before


def rows(case: Case, race: Race, device: torch.device, best: tuple[float, float]) -> list[dict[str, Any]]:
    """A row for each contestant."""
    arithmetic, bandwidth = best
    return [
        {
            "network": case.name,
            "batch": entry.batch,
            "engine": entry.engine,
            "images_per_second": spread(entry.speeds),
            "ratio": spread(race.ratios(entry)),
            "of_arithmetic": spread(entry.speeds)[0] * race.operations / arithmetic,
            "of_bandwidth": spread(entry.speeds)[0] * moved(case.network, case.batch) / bandwidth,
            "peak_bytes": peak_memory(case, entry.engine, device),
        }
        for entry in race.entries
    ]


def printed(row: dict[str, Any]) -> str:
    """A row of the table."""
    speed, ratio, size = row["images_per_second"], row["ratio"], row["peak_bytes"]
    cells = (
        row["network"],
        row["batch"],
        row["engine"],
        f"{speed[0]:,.0f} ({speed[1]:,.0f}–{speed[2]:,.0f})",
        f"{ratio[0]:.2f} ({ratio[1]:.2f}–{ratio[2]:.2f})",
        "" if size is None else f"{size / 2**30:.2f} GiB",
        f"{100 * row['of_arithmetic']:.1f} %",
        f"{100 * row['of_bandwidth']:.1f} %",
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    """The table."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("--seconds", type=float, default=0.5, help="a contestant's turn")
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    asked.add_argument("--tiny", action="store_true", help="small networks and short turns, for a CPU")
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    device, found = torch.device(given.device), list[dict[str, Any]]()
    about = machine(ENGINES) | {"device": torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)}
    best = rates(device, given.tiny)
    how = {"rounds": 2, "seconds": 0.001} if given.tiny else {"rounds": given.rounds, "seconds": given.seconds}
    for case in cases(given.tiny):
        (race,) = bench(
            case.network,
            engines=ENGINES,
            works=("training",),
            batches=(case.batch,),
            device=device,
            say=lambda line: print(line, file=sys.stderr),
            **how,
        )
        found += rows(case, race, device, best)
    if given.json:
        print(
            json.dumps({"machine": about, "operations_per_second": best[0], "bytes_per_second": best[1], "rows": found})
        )
        return
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    print(f"at best {best[0] / 1e12:,.1f} Tflop/s in bfloat16, a copy {best[1] / 1e9:,.0f} GB/s\n")
    print("| network | batch | engine | images/s | ratio to plain | peak memory | of arithmetic | of bandwidth |")
    print("|---|---|---|---|---|---|---|---|")
    print("\n".join(map(printed, found)))


if __name__ == "__main__":
    main()
