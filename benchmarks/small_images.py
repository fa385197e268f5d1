"""Test errors on MNIST and Fashion-MNIST of networks that two cores train in minutes, mean and spread over seeds.

The epoch is chosen on the validation images alone (a tenth of the training images, by the seed); the test images are
used once, at the end. The floor is always saying the most frequent class.

    python benchmarks/small_images.py [--rows lenet5,small,fashion] [--seeds 3] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import striate as st
from striate.benchmark import machine

SMALL = """
# Five convolutions, 18,566 parameters
thin(w) = conv w@3 pad 1 -> bn -> relu
input 1x28x28
conv 12@3 -> bn -> relu -> conv 12@3 -> bn -> relu -> maxpool 2
thin(24) -> thin(24) -> maxpool 2
thin(40) -> gap -> fc 10
"""
RESIDUAL = """
# Eight convolutions, 130,970 parameters
wide(w) = conv w@3 pad 1 -> bn -> relu
again(w) = residual[ wide(w) -> conv w@3 pad 1 -> bn ] -> relu
input 1x28x28
wide(32) -> wide(32) -> maxpool 2
residual[ wide(48) -> conv 32@3 pad 1 -> bn ] -> relu
wide(64) -> maxpool 2
again(64)
gap -> dropout 0.3 -> fc 10
"""


@dataclass(frozen=True)
class Row:
    """What is trained.

    Attributes:
        net: A name of the zoo, or a text.
        data: The data set.
        wanted: The error that was aimed at, %.
        options: As of `train`.
    """

    net: str
    data: str
    wanted: float
    options: dict[str, Any] = field(default_factory=lambda: {"recipe": "accurate"})


CHANGED = {"augment": "mirror,shift:2,cutout:8", "smoothing": 0.1, "ema": 0.999}
ROWS = {
    "lenet5": Row("lenet5", "mnist", 0.45),
    "small": Row(SMALL, "mnist", 0.45),
    "fashion": Row(RESIDUAL, "fashion-mnist", 6.5, {"epochs": 20, "lr": 0.004, **CHANGED}),
}


def found(row: Row, seed: int, folder: Path) -> dict[str, float]:
    """The errors of one training in %, and its seconds."""
    folder.mkdir()
    net = row.net
    if "\n" in net:
        net = str(folder / "this.net")
        Path(net).write_text(row.net)
    began = time.perf_counter()
    run = st.train(net, row.data, seed=seed, out=folder / "run", quiet=True, **row.options)
    seconds, history = time.perf_counter() - began, run.history
    test, chosen = run.test(), history.value(history.best)
    return {"seed": seed, "validation": 100 * (1 - chosen), "test": 100 * test.error, "seconds": seconds}


def main() -> None:
    """Prints the table as Markdown, or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    rows = dict[str, list[dict[str, float]]]()
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.rows.split(","):
            rows[name] = []
            for seed in range(asked.seeds):
                rows[name].append(found(ROWS[name], seed, Path(folder) / f"{name}{seed}"))
                print(f"{name}, seed {seed}: {rows[name][-1]['test']:.2f} %", file=sys.stderr)
    if asked.json:
        print(json.dumps({"machine": machine(), "rows": rows}, indent=2))
        return
    print(f"{machine()}\n")
    print("| row | data | wanted, % | test error, mean ± spread % | each seed | validation | seconds |")
    print("|---|---|---|---|---|---|---|")
    for name, runs in rows.items():
        errors, row = [run["test"] for run in runs], ROWS[name]
        spread = statistics.stdev(errors) if len(errors) > 1 else 0.0
        shown = {what: ", ".join(f"{run[what]:.2f}" for run in runs) for what in ("test", "validation")}
        seconds = statistics.median(run["seconds"] for run in runs)
        mean = f"{statistics.mean(errors):.2f} ± {spread:.2f}"
        each = f"{mean} | {shown['test']} | {shown['validation']} | {seconds:.0f}"
        print(f"| {name} | {row.data} | {row.wanted:g} | {each} |")


if __name__ == "__main__":
    main()
