"""`striate test RUN DATA`: how a run does on a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from striate.cli.common import (
    bad_files_option,
    check_run,
    console,
    device_option,
    engine_option,
    json_option,
    print_json,
    say,
    threads_option,
)
from striate.data.loading import check as check_data
from striate.errors import InputError
from striate.tasks import devices

if TYPE_CHECKING:
    from striate.tasks.judging import TestResult

SUFFIX = ".html"
FREE = "test.html"  # the page that --report alone writes
MOST_CLASSES, MOST_MISTAKES = 10, 5


@click.command()
@click.argument("run")
@click.argument("data", required=False)
@click.option(
    "--report",
    is_flag=False,
    flag_value=FREE,
    metavar="[FILE]",
    help=f"Write a page with all figures and the wrong images; by default {FREE}.",
)
@engine_option
@device_option
@threads_option
@bad_files_option
@json_option
def command(
    run: str,
    data: str | None,
    report: str | None,
    engine: str,
    device: str,
    threads: int | None,
    bad: str,
    as_json: bool,
) -> None:
    """Test RUN on DATA; without DATA, on what was held out when it was trained.

    RUN is a run's folder, or its model.safetensors alone, wherever that was copied to.
    """
    if report is not None and not report.lower().endswith(SUFFIX):
        raise InputError(f"--report takes a file whose name ends in {SUFFIX}, or none. Received: {report}")
    check_run(run)
    devices.check(device)
    if data:
        check_data(data)
    from striate.tasks.run import Run  # the words are right: from here on it takes PyTorch

    opened = Run(run, device, engine, threads, say)
    result = opened.test(data, bad=bad, report=report)
    for note in opened.notes:
        say(note)
    if as_json:
        print_json(result.to_json())
        return
    click.echo(f"accuracy {result.score.said()}")
    click.echo(f"error {result.error:.2%}, loss {result.loss:.4f}, calibration error {result.calibration_error:.2%}")
    _classes(result)
    for mistake in result.most_wrong[:MOST_MISTAKES]:
        called = f"called {mistake.label} ({mistake.probability:.2%})"
        click.echo(f"most wrong: {mistake.image}: {mistake.true_class}, {called}")
    if report:
        click.echo(f"report: {Path(report)}")


def _classes(result: TestResult) -> None:
    """A table of the classes that occur, those with the lowest recall first."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    present = sorted((one for one in result.per_class if one.support), key=lambda one: one.recall)
    more = f", the {MOST_CLASSES} of {len(present)} with the lowest recall" if len(present) > MOST_CLASSES else ""
    table = Table(title=f"class by class{more}", box=box.SIMPLE_HEAD, title_justify="left")
    for title in ("class", "precision", "recall", "F1", "images", "most often called"):
        table.add_column(title, justify="left" if title in ("class", "most often called") else "right")
    for one in present[:MOST_CLASSES]:
        figures = (f"{one.precision:.2%}", f"{one.recall:.2%}", f"{one.f1:.2%}", f"{one.support:,}")
        table.add_row(escape(one.name), *figures, escape(_taken_for(result, one.name)))
    console().print(table)


def _taken_for(result: TestResult, name: str) -> str:
    """The wrong class most often given to a class's images, and how often."""
    true = result.classes.index(name)
    wrong = [(count, label) for label, count in enumerate(result.confusion[true]) if label != true and count]
    if not wrong:
        return ""
    count, label = max(wrong, key=lambda pair: pair[0])
    return f"{result.classes[label]} ({count:,})"
