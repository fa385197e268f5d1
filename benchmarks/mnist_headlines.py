"""The lectures' MNIST table, ours beside theirs: test errors of five architectures, mean and spread over seeds.

Every network is trained with `striate train`'s defaults, but without augmentation, as the lectures' were. The epoch
whose weights are tested is chosen on the validation images alone; the test images are used once, at the end.

    python benchmarks/mnist_headlines.py [--seeds 3] [--json]
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from striate.benchmark import machine
from striate.runs.planning import Request
from striate.runs.training import trained
from striate.training.options import Options

#   row            network                                              epochs  lectures' test error, %
TABLE = (
    ("one FC layer", "input 1x28x28 -> fc 10",                              10, 12.0),
    ("FC-300",       "input 1x28x28 -> fc 300 -> relu -> fc 10",            10, 4.7),
    ("FC-300-100",   "lenet300",                                            10, 3.05),
    ("LeNet-1",      "lenet1",                                              20, 1.7),
    ("LeNet-5",      "lenet5",                                              10, 0.95),
)  # fmt: skip


def errors(net: str, epochs: int, seeds: range, folder: Path) -> list[float]:
    """Test error in percent for each seed; the seed sets initial weights, order and validation images."""
    found = []
    for seed in seeds:
        asked = Request(net, "mnist", Options(epochs=epochs, seed=seed, augment="none"))
        test = trained(asked, folder / f"{abs(hash(net))}-{seed}").test
        assert test is not None
        found.append(100 * (1 - test.score.accuracy))
    return found


def main() -> None:
    """Prints the table as Markdown, or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, net, epochs, lecture in TABLE:
            found = errors(net, epochs, range(options.seeds), Path(folder))
            row = {
                "network": name,
                "epochs": epochs,
                "lecture": lecture,
                "mean": statistics.mean(found),
                "spread": statistics.stdev(found) if len(found) > 1 else 0.0,
                "errors": found,
            }
            print(f"{name}: {row['mean']:.2f} %", file=sys.stderr)
            rows.append(row)
    if options.json:
        print(json.dumps({"machine": machine(), "rows": rows}, indent=2))
        return
    print(f"{machine()}, {options.seeds} seeds\n")
    print("| network | epochs | lectures, % | ours, mean ± spread % | each seed, % |\n|---|---|---|---|---|")
    for row in rows:
        each = ", ".join(f"{error:.2f}" for error in row["errors"])
        ours = f"{row['mean']:.2f} ± {row['spread']:.2f}"
        print(f"| {row['network']} | {row['epochs']} | {row['lecture']} | {ours} | {each} |")


if __name__ == "__main__":
    main()
