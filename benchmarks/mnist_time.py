"""Time to 99 % on MNIST: `striate train lenet5 mnist`, from the shell to the finished report, for both engines.


Each round trains once with either engine, in a process and a folder of its own.

    python benchmarks/mnist_time.py [--rounds 7] [--epochs 5] [--json]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from striate.benchmark import machine
from striate.benchmark.results import spread
from striate.runs.run import Run

ENGINES = ("native", "torch")


def seconds_and_accuracy(engine: str, epochs: int, folder: Path) -> tuple[float, float]:
    """Wall seconds of one training as a user starts it, and the fraction right on the test set."""
    words = ["train", "lenet5", "mnist", "--engine", engine, "--epochs", str(epochs), "--out", str(folder)]
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "striate", *words], check=True, capture_output=True)
    return time.perf_counter() - began, Run(folder).test().accuracy


def main() -> None:
    """Prints seconds and accuracies, and the first engine's share of the second's time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {engine: [] for engine in ENGINES}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds):
            for engine in ENGINES:
                found[engine].append(seconds_and_accuracy(engine, options.epochs, Path(folder) / f"{engine}{number}"))
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    seconds = {engine: [time for time, _ in runs] for engine, runs in found.items()}
    share = [ours / theirs for ours, theirs in zip(*seconds.values(), strict=True)]
    if options.json:
        print(json.dumps({"machine": machine(), "runs": found, "share": share}, indent=2))
        return
    print(f"{machine()}, {options.rounds} rounds of {options.epochs} epochs\n")
    for engine, runs in found.items():
        least = min(accuracy for _, accuracy in runs)
        print(f"{engine}: {_shown(seconds[engine])} s, test accuracy {100 * least:.2f} % or better")
    print(f"{ENGINES[0]} over {ENGINES[1]}: {_shown(share)}")


def _shown(values: list[float]) -> str:
    median, low, high = spread(values)
    return f"{median:.3g} ({low:.3g} to {high:.3g})"


if __name__ == "__main__":
    main()
