"""Networks that are trained with several seeds and judged once each on test examples: one table of all.

A benchmark of this kind is a few rows and a call of `table`; its command line is the same everywhere:

    python benchmarks/cells.py [--rows one-stage,place] [--seeds 2] [--first 0] [--epochs N] [--out FOLDER] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import striate as st
from striate.benchmark import machine

Figures = dict[str, float]
OTHERS = "others"  # beside a run: the folder of examples to judge by that are not its data's


@dataclass(frozen=True)
class Row:
    """What is trained, and which figure is told.

    Attributes:
        net: A network's name, or its text.
        data: As of `train`, or what writes the data into a folder and says where they are.
        figure: As `test --json` calls it, from 0 to 1, or in dB.
        wanted: What was aimed at, % or dB.
        floor: What that calls the figure of always saying the same; or the figure itself.
        wrong: Whether the share that is wrong is told, and not the one that is right.
        more: Other figures that are told.
        tta: Whether the network is asked of several views of each image; how it does with one is told, too.
        task: Its word, where the data are of several tasks.
        options: As of `train`.
        also: More figures of a trained run, as the figure.
        times: What figures are multiplied by to be told: 100 of shares, 1 of dB.
        begins: The row whose run of the same seed the weights are from; it is trained first.
        on: What writes other examples to judge by into a folder and says where they are; by default the data's own.
    """

    net: str
    data: str | Callable[[Path], Path]
    figure: str
    wanted: float
    floor: str | float = ""
    wrong: bool = False
    more: tuple[str, ...] = ()
    tta: bool = False
    task: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    also: Callable[[Any], Mapping[str, float]] = lambda run: {}
    times: int = 100
    begins: str = ""
    on: Callable[[Path], Path] | None = None


def trained(row: Row, seed: int, data: str | Path, place: Path, epochs: int | None) -> Figures:
    """The figures of one training in % or dB, and its seconds."""
    place.mkdir(parents=True)
    net = row.net
    if "\n" in net:
        net = str(place / "this.net")
        Path(net).write_text(row.net)
    options = {**row.options, **({"epochs": epochs} if epochs else {})}
    options |= {"weights": place.parent / f"{row.begins}{seed}" / "run"} if row.begins else {}
    began = time.perf_counter()
    run = st.train(net, data, task=row.task, seed=seed, out=place / "run", quiet=True, **options)
    seconds, chosen = time.perf_counter() - began, run.history.value(run.history.best)
    where = row.on(place / OTHERS) if row.on else None
    judged = _json(run.test(where, tta=row.tta))
    floor = judged[row.floor] if isinstance(row.floor, str) and row.floor else row.floor or float("nan")
    shares = {"test": judged[row.figure], "validation": chosen, "floor": float(floor)}
    shares |= {f"{row.figure} of one view": _json(run.test(where))[row.figure]} if row.tta else {}
    shares = {name: 1 - share if row.wrong else share for name, share in shares.items()}
    shares |= {name: judged[name] for name in row.more} | dict(row.also(run))
    return {"seed": seed, "seconds": seconds, **{name: row.times * share for name, share in shares.items()}}


def _json(result: Any) -> Figures:
    return result if isinstance(result, dict) else result.to_json()  # type: ignore[no-any-return]


def table(about: str | None, rows: Mapping[str, Row], seeds: int) -> None:
    """Trains what the command line asks for, and prints a table as Markdown, or as JSON."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(rows))
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--out", type=Path, help="the folder where data and runs are left")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if unknown := set(asked.rows.split(",")) - rows.keys():
        parser.error(f"there is no row {min(unknown)}; there are {', '.join(rows)}")
    found = dict[str, list[Figures]]()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.out or Path(temporary)
        for name in _in_order(asked.rows.split(","), rows):
            row, found[name] = rows[name], []
            data = row.data if isinstance(row.data, str) else row.data(folder / f"{name}-data")
            for seed in range(asked.first, asked.first + asked.seeds):
                found[name].append(trained(row, seed, data, folder / f"{name}{seed}", asked.epochs))
                print(f"{name}, seed {seed}: {found[name][-1]}", file=sys.stderr, flush=True)
    if asked.json:
        print(json.dumps({"machine": machine(), "rows": found}, indent=2))
        return
    print(f"{machine()}\n")
    print("| row | wanted | test, mean ± spread | each seed | validation | floor | others | seconds |")
    print("|---|---|---|---|---|---|---|---|")
    for name, runs in found.items():
        print(f"| {name} | {rows[name].wanted:g} | {' | '.join(_cells(runs))} |")


def _in_order(names: list[str], rows: Mapping[str, Row]) -> list[str]:
    """What is asked for, each after the row that it begins with."""
    return list(dict.fromkeys(one for name in names for one in (rows[name].begins, name) if one))


def _cells(runs: list[Figures]) -> list[str]:
    """The cells of a row after its name and what was wanted."""
    tests = [run["test"] for run in runs]
    spread = statistics.stdev(tests) if len(tests) > 1 else 0.0
    each = {what: ", ".join(f"{run[what]:.2f}" for run in runs) for what in ("test", "validation")}
    seconds, floor = (statistics.median(run[what] for run in runs) for what in ("seconds", "floor"))
    names = [name for name in runs[0] if name not in ("seed", "seconds", "test", "validation", "floor")]
    others = ", ".join(f"{name} {statistics.mean(run[name] for run in runs):.1f}" for name in names)
    mean = f"{statistics.mean(tests):.2f} ± {spread:.2f}"
    return [mean, each["test"], each["validation"], f"{floor:.1f}", others or "–", f"{seconds:.0f}"]
