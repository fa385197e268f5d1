"""`striate runs`: the runs that there are, and several of them side by side."""

from __future__ import annotations

from typing import Any

import click

from striate.cli.common import Option, console, json_option, print_json, say
from striate.errors import InputError
from striate.runs.compared import Comparison
from striate.runs.listed import Listed, clock
from striate.runs.listing import list_runs
from striate.tables import FOLD, ROUND, Column, fit, short, show, table, width_of
from striate.training.saved import RUNS

LIST, COMPARE = "list", "compare"
NARROWER = (FOLD, ROUND, "95% interval", "task", "parameters", "time", "data")  # steps where the terminal is narrow


class Runs(click.Group):
    """Lists, unless the first word is that of another command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, with `list` for no word."""
        return super().parse_args(ctx, args if args[:1] in ([LIST], [COMPARE]) else [LIST, *args])


@click.group(cls=Runs)
def command() -> None:
    """List runs, or compare some."""


@command.command(LIST)
@click.argument("folders", nargs=-1)
@click.option(
    "--by",
    default="changed",
    metavar="NAME",
    help="What they are sorted by: best, error, parameters, seconds, lr or any other option; by default newest first.",
    cls=Option,
    also=("sort", "sort-by", "order", "orderby"),
)
@click.option(
    "--where",
    multiple=True,
    metavar="NAME=VALUE",
    help="Only those of which it is so: task=segment, state=finished, lr<0.01; several must all be so.",
    cls=Option,
    also=("filter", "only"),
)
@click.option("--check", is_flag=True, help="Read the weights too, to find damage in them.")
@json_option
def runs(folders: tuple[str, ...], by: str, where: tuple[str, ...], check: bool, as_json: bool) -> None:
    """List the runs in FOLDERS, by default those under runs/: how far each is, and how good.

    \b
    striate runs my/runs --by error --where data=mnist
    striate runs compare RUN RUN --out compare.html    # side by side; has a --help of its own
    """
    found = list_runs(*folders, by=by, where=where, check=check)
    for line in (line for run in found for line in run.damage):
        say(line)
    if as_json:
        print_json([run.facts() for run in found])
        return
    if not found:
        said = " of which that is so" if where else "; `striate train` makes one"
        say(f"no runs in {', '.join(folders) or RUNS}{said}")
        return
    _print(_columns(found))


@command.command(COMPARE)
@click.argument("folders", nargs=-1, required=True)
@click.option("--test", is_flag=True, help="Test each on its test examples, and compare them example by example.")
@click.option("--data", metavar="DATA", help="The same on other data.")
@click.option(
    "--out",
    metavar="FILE",
    help="Write a page of it, with the curves together: compare.html.",
    cls=Option,
    also=("output", "html", "page", "report"),
)
@json_option
def compare(folders: tuple[str, ...], test: bool, data: str | None, out: str | None, as_json: bool) -> None:
    """Compare runs: the settings that differ, the figures with their intervals, and whether these differ beyond chance.

    Without a test, the figures of the validation examples are compared.
    """
    from striate.runs import compared

    if out is not None and not out.endswith(".html"):
        raise InputError(f"the page is an .html file. Received: {out}")
    made = compared.compare(*folders, test=test, data=data)
    for line in (line for run in made.runs for line in run.damage):
        say(line)
    if out:
        made.save(out)
    if as_json:
        print_json(made.to_json())
    else:
        _tell(made, out)


def _tell(made: Comparison, out: str | None) -> None:
    from striate.runs.side_by_side import figures, headline, settings

    if made.settings:
        _print(_turned(("setting", *made.names), settings(made)))
    else:
        click.echo("the settings are the same")
    heads, rows = figures(made)
    _print(_turned(heads, rows))
    click.echo(headline(made))
    if made.method:
        click.echo(f"method: {made.method}")
    if out:
        click.echo(f"page: {out}")


def _turned(heads: Any, rows: Any) -> list[Column]:
    return [Column(head, tuple(row[place] for row in rows), words=True) for place, head in enumerate(heads)]


def _print(columns: list[Column]) -> None:
    screen = console()
    fitted = fit(columns, NARROWER, width_of(screen))
    show(screen, table(fitted, "", screen.encoding), width=fitted.width)
    if fitted.said:
        show(screen, fitted.said)


def _columns(found: list[Listed]) -> list[Column]:
    counts = [run.parameters for run in found]
    return [
        Column("run", tuple(str(run.path) for run in found), words=True),
        Column("task", tuple(_word(run.facts()["task"]) for run in found), words=True),
        Column("network", tuple(_word(run.facts()["network"]) for run in found), words=True),
        Column("data", tuple(_word(run.facts()["data"]) for run in found), words=True),
        Column("epochs", tuple(f"{len(run.history)}/{run.planned}" for run in found)),
        Column("best", tuple(_figure(run) for run in found)),
        Column("95% interval", tuple("" if run.interval is None else _percent(*run.interval) for run in found)),
        Column("error", tuple("" if run.error is None else f"{run.error:.2%}" for run in found)),
        Column(
            "parameters",
            tuple("" if count is None else f"{count:,}" for count in counts),
            rounded=tuple("" if count is None else short(count) for count in counts),
            head="params",
        ),
        Column("time", tuple(clock(run.seconds) for run in found)),
        Column("state", tuple(run.state for run in found), words=True),
    ]


def _word(value: object) -> str:
    return "" if value is None else str(value)


def _figure(run: Listed) -> str:
    return f"{run.metric.words} {run.metric.shown(run.value)}" if run.metric and run.value is not None else ""


def _percent(low: float, high: float) -> str:
    return f"{low:.1%} to {high:.1%}"
