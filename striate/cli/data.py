"""`striate data`: check data before they are trained on, and show what a network gets of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from striate.cli.common import in_flags, json_option, print_json, say

if TYPE_CHECKING:
    from striate.checking import Finding


@click.group()
def command() -> None:
    """Check data before they are trained on, and show what a network gets of them."""


@command.command()
@click.argument("data")
@click.option("--run", metavar="RUN", help="A run, or its weights: also name labels that it is sure are wrong.")
@click.option(
    "--folds",
    type=click.IntRange(2, 20),
    metavar="N",
    help="With --run, train its network N times, so that each example is judged by one that never saw it.",
)
@click.option("--all", "every", is_flag=True, help="Name every file, not only the first few of each kind.")
@json_option
def check(data: str, run: str | None, folds: int | None, every: bool, as_json: bool) -> None:
    """Name what is wrong or odd in DATA, each with its file; nothing is written.

    DATA is a folder, a table, an archive or a name, for any task.

    Exit status: 0 when no fault is found, 1 when there are faults. What is odd is no fault.
    """
    from striate.checking import check as checked

    more: list[Finding] = []
    if folds is not None and run is None:
        raise click.UsageError("--folds trains the network of a run; say which with --run")
    if run is not None:
        from striate.checking.labels import likely_wrong

        more = likely_wrong(run, data, folds, say=say)
    found = checked(data, more=more, progress=True)
    if as_json:
        print_json(found.to_json())
    else:
        for line in found.lines(None if every else 5):
            click.echo(in_flags(line))
    if found.faults:
        raise click.exceptions.Exit(1)
