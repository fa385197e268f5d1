"""`striate folds NET DATA`: cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from striate.cli import train
from striate.cli.common import Option, check_alone, console, json_option, print_json, say
from striate.cli.rate import words_of

if TYPE_CHECKING:
    from striate.runs.folded import Folds

LEFT_OUT = ("fold", "validation", "out", "overwrite", "sync_norm", "fsdp", "see", "port", "as_json")


@click.command()
@click.option("--folds", "count", type=click.IntRange(2, 100), default=5, show_default=True, help="How many.")
@click.option(
    "--out",
    metavar="FOLDER",
    help="A folder for the runs of all folds, or one in which folds were interrupted: finished ones are kept.",
    cls=Option,
    also=train.OUT,
)
@json_option
def command(net: str, data: str, count: int, out: str | None, as_json: bool, **training: Any) -> None:
    """Train NET on DATA once for each of several equal parts, on all the others, and judge it by that part.

    NET, DATA and the options that say how to train are those of `striate train`. Each class is shared out over all
    parts; the test examples are in none. The folder has a run for each part, and out-of-fold.csv: what was said of each
    example by the network that did not see it.
    """
    check_alone("folds are trained in one process, one after the other; several can train each with `fold`")
    options, how = words_of(net, data, training)
    from striate.runs.folding import folded  # the words are right: from here on it takes PyTorch
    from striate.runs.planning import Request

    found = folded(Request(net, data, options, show=True, **how), count, out, say)
    if as_json:
        print_json(found.to_json())
        return
    _table(found)
    click.echo(f"folder: {found.path}")


def _table(found: Folds) -> None:
    """The figures of each fold, then mean and spread."""
    from rich import box
    from rich.table import Table

    table = Table("fold", box=box.SIMPLE_HEAD)
    for name in found.figures[0]:
        table.add_column(name.replace("_", " "), justify="right")
    for number, figures in enumerate(found.figures, start=1):
        table.add_row(str(number), *(f"{value:.4f}" for value in figures.values()))
    table.add_section()
    table.add_row("mean ± spread", *(f"{found.mean[name]:.4f} ± {found.spread[name]:.4f}" for name in found.mean))
    console().print(table)


command.params = [*(one for one in train.command.params if one.name not in LEFT_OUT), *command.params]
