"""Pictures made of a class: the share that our classifier takes for it, and the Fréchet distance on what it sees.

The convention: features are what the judge's last layer reads; one half of the test pictures, drawn by seed 0, is the
reference, as many samples as the other half has, of the same classes, are compared with it, and the floor is the
distance of the two halves; float64, covariances over N - 1, not corrected for the number of samples. The rival is a
mixture of 50 normal distributions of 60 principal components of the pixels. The judge is trained first, unless one is
given, and so is the generator.

    python benchmarks/generation.py [--rows mnist,fashion,autoencoder,adversarial] [--seeds 1] [--epochs N]
        [--judge RUN] [--run RUN] [--out FOLDER] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from small_images import CHANGED, RESIDUAL, SMALL

import striate as st
from striate.benchmark import machine
from striate.sampling import resemblance

AUTOENCODER = """
# An autoencoder, codes of 7x7 numbers, which every fourth entry of the noise map picks
classes = 10
colours = 1
x: input (colours+1+classes)x28x28
asked: [from x -> maps colours+1 to colours+classes]
seen: [from x -> concat[ maps 0 to colours-1 | from asked ] -> conv 32@4 stride 2 pad 1 -> swish
       -> conv 64@4 stride 2 pad 1 -> swish -> conv 128@7 -> swish]
middle: [from seen -> upconv 1@7]
width: [from seen -> upconv 1@7 -> softplus]
code: sum[ from middle | from x -> maps colours -> maxpool 1 stride 4 -> scale[ from width ] ]
concat[ id | from asked -> maxpool 1 stride 4 ] -> conv 128@7 -> swish -> upconv 64@7 -> swish
conv 64@3 pad 1 -> swish -> upconv 32@4 stride 2 pad 1 -> swish -> upconv 32@4 stride 2 pad 1 -> swish
picture: conv colours@3 pad 1
heads[ mean: from middle | spread: from width | made: from picture ]
"""
ADVERSARIAL = """
# A generator that reads every fourth entry of the noise map, and its critic
classes = 10
colours = 1
x: input (colours+1+classes)x28x28
asked: [from x -> maps colours+1 to colours+classes]
picture: [from x -> maps colours to colours+classes -> maxpool 1 stride 4 -> conv 128@7 -> relu -> upconv 96@7 -> gn 8
          -> relu -> upconv 48@4 stride 2 pad 1 -> gn 8 -> relu -> upconv 32@4 stride 2 pad 1 -> relu
          -> conv colours@3 pad 1 -> tanh]
from x -> concat[ maps 0 to colours-1 | from asked ]
critic: [conv 32@4 stride 2 pad 1 -> leaky 0.2 -> conv 64@4 stride 2 pad 1 -> gn 8 -> leaky 0.2
         -> conv 96@3 stride 2 pad 1 -> gn 8 -> leaky 0.2 -> fc 1]
heads[ made: from picture | real: from critic | fake: from picture -> concat[ id | from asked ] -> shared critic ]
"""


@dataclass(frozen=True)
class Row:
    """A generator, and what was aimed at.

    Attributes:
        net: Its name, or its text.
        data: What it learns from.
        wanted: The share of samples taken for their class, in %.
        options: As of `train`.
        engine: That makes the samples.
    """

    net: str
    data: str
    wanted: float
    options: Mapping[str, Any] = field(default_factory=dict)
    engine: str = "native"


FLOW = {"ema": 0.999}
ROWS = {
    "mnist": Row("flow-unet", "mnist", 97, {**FLOW, "epochs": 6}),
    "fashion": Row("flow-unet", "fashion-mnist", 85, {**FLOW, "epochs": 33}),
    "autoencoder": Row(AUTOENCODER, "mnist", 97, {**FLOW, "epochs": 6}),
    "adversarial": Row(
        ADVERSARIAL,
        "mnist",
        97,
        {**FLOW, "epochs": 5, "optimizer": "rmsprop", "lr": 0.0005, "schedule": "constant"},
        engine="torch",  # which has `shared`
    ),
}
JUDGES = {
    "mnist": (SMALL, {"epochs": 5, "lr": 0.004, "ema": 0.999}),
    "fashion-mnist": (RESIDUAL, {"epochs": 20, "lr": 0.004, **CHANGED}),
}


def trained(net: str, data: str, place: Path, **options: Any) -> st.Run:
    """A run of a network, given by its name or its text."""
    if "\n" in net:
        text = place.with_suffix(".net")
        text.write_text(net)
        net = str(text)
    return st.train(net, data, out=place, quiet=True, **options)


def measured(row: Row, seed: int, judge: st.Run, place: Path, asked: argparse.Namespace) -> dict[str, float]:
    """The figures of a generator, trained unless its run is given; a grid of samples is left beside it."""
    options = {**row.options, "seed": seed, **({"epochs": asked.epochs} if asked.epochs else {})}
    folder = Path(asked.run) if asked.run else place
    if not asked.run:
        trained(row.net, row.data, place, task="generate", **options)
    run = st.Run(folder, engine=row.engine)
    found, _ = resemblance(run, judge, seed=seed, guidance=asked.guidance, steps=asked.steps)
    Image.fromarray(st.sample(run, count=100, guidance=asked.guidance, steps=asked.steps).grid()).save(f"{place}.png")
    seconds = sum(epoch.seconds for epoch in run.history.epochs)
    return {"seed": seed, "seconds": seconds, **found.to_json()}


def main() -> None:
    """Prints a table as Markdown, or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--judge", help="a run that tells the classes apart")
    parser.add_argument("--run", help="a finished run of the row")
    parser.add_argument("--guidance", type=float)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--out", help="the folder where runs and grids are left")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if unknown := set(asked.rows.split(",")) - ROWS.keys():
        parser.error(f"there is no row {min(unknown)}; there are {', '.join(ROWS)}")
    found = dict[str, list[dict[str, float]]]()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(asked.out or folder)
        place.mkdir(parents=True, exist_ok=True)
        for name in asked.rows.split(","):
            row = ROWS[name]
            net, options = JUDGES[row.data]
            judge = st.Run(asked.judge) if asked.judge else trained(net, row.data, place / f"judge-{name}", **options)
            for seed in range(asked.seeds):
                figures = measured(row, seed, judge, place / f"{name}{seed}", asked)
                found[name] = [*found.get(name, []), figures]
                print(f"{name}, seed {seed}: {figures}", file=sys.stderr, flush=True)
    if asked.json:
        print(json.dumps({"machine": machine(), "rows": found}, indent=2))
        return
    print(f"{machine()}\n")
    print(
        "| row | wanted, % | taken for the class, % | judge on real, % | Fréchet | floor | times the floor "
        "| Gaussian mixture | nearest training picture: samples, test | seconds |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, runs in found.items():
        for one in runs:
            print(f"| {name} | {ROWS[name].wanted:g} | {_cells(one)} |")


def _cells(one: dict[str, float]) -> str:
    shares = [f"{100 * one[name]:.2f}" for name in ("asked_for", "judge_accuracy")]
    apart = [f"{one[name]:.3f}" for name in ("frechet", "frechet_floor")]
    times = f"{one['frechet'] / one['frechet_floor']:.1f}"
    near = f"{one['nearest']:.4f}, {one['nearest_of_test']:.4f}"
    return " | ".join([*shares, *apart, times, f"{one['frechet_mixture']:.2f}", near, f"{one['seconds']:.0f}"])


if __name__ == "__main__":
    main()
