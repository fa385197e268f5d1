"""`striate prune RUN`: a smaller network from a trained one."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from striate.cli.common import Known, Option, check_run, json_option, print_json, say


@click.command()
@click.argument("run")
@click.option(
    "--keep", type=click.FloatRange(0, 1, min_open=True), default=0.5, show_default=True, help="Share of the filters."
)
@click.option(
    "--by",
    type=Known(["l1", "l2", "bn"], {"bn": ("gamma", "batchnorm", "slimming")}),
    default="l1",
    show_default=True,
    help="What tells which filters are kept: the norm of their weights, or the scale of the batch norm after them.",
)
@click.option(
    "--out",
    metavar="FOLDER",
    help="Where the new network's text and weights go, net.net and weights.safetensors; by default RUN-pruned.",
    cls=Option,
    also=("output", "outdir", "save", "savedir"),
)
@json_option
def command(run: str, keep: float, by: str, out: str | None, as_json: bool) -> None:
    """Leave out whole filters of RUN's network, the smallest of each layer; the rest goes on training from there.

    RUN stays as it is. Layers whose outputs are added lose the same channels.
    """
    check_run(run)
    from striate.runs.pruning import TEXT, WEIGHTS, prune
    from striate.runs.run import Run

    opened = Run(run, "cpu")
    found = prune(opened, keep, by)
    folder = found.save(out or f"{run.rstrip('/')}-pruned")
    for note in opened.notes:
        say(note)
    source = opened.config["data"]["source"] or "DATA"
    same = [word for name, value in _split_of(opened.config["options"]).items() for word in (f"--{name}", str(value))]
    words = ["striate", "train", str(folder / TEXT), source, "--task", opened.task.word]
    trains = shlex.join([*words, "--from", str(folder / WEIGHTS), *same])
    if as_json:
        print_json(found.to_json() | {"folder": str(folder), "next": trains})
        return
    click.echo(found.text.rstrip())
    for name, (before, after) in found.widths.items():
        click.echo(f"{name}: {before} -> {after} filters")
    for name, why in found.left.items():
        click.echo(f"{name}: all filters are kept, for {why}")
    for name, (cost, less) in found.costs().items():
        if cost is not None and less is not None:
            click.echo(f"{name}: {cost:,} -> {less:,} ({less / max(1, cost):.1%})")
    click.echo(f"folder: {Path(folder)}")
    click.echo(f"next: {trains}")


def _split_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options by which validation examples are chosen, where they are not the usual ones."""
    from striate.training.options import SPLIT, Options

    return {name: options[name] for name in SPLIT if options[name] != getattr(Options, name)}
