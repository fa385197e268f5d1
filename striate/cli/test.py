"""`striate test RUN... [DATA]`: how a run does on a data set, or several by themselves and together."""

from __future__ import annotations

from pathlib import Path

import click

from striate.cli.common import (
    bad_files_option,
    beam_option,
    check_data,
    console,
    device_option,
    engine_option,
    json_option,
    print_json,
    runs_first,
    say,
    threads_option,
    tta_option,
)
from striate.errors import InputError
from striate.runs import devices

SUFFIX = ".html"
FREE = "test.html"  # the page that --report alone writes


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="RUN... [DATA]")
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
@tta_option
@beam_option
@bad_files_option
@json_option
def command(
    words: tuple[str, ...],
    report: str | None,
    engine: str,
    device: str,
    threads: int | None,
    tta: bool,
    beam: int | None,
    bad: str,
    as_json: bool,
) -> None:
    """Test RUN on DATA; without DATA, on what was held out when it was trained.

    RUN is a run's folder, or its model.safetensors alone, wherever that was copied to. Of several, the figures of each
    are printed beside those of all together, whose answer is the mean of their probabilities.
    """
    if report is not None and not report.lower().endswith(SUFFIX):
        raise InputError(f"--report takes a file whose name ends in {SUFFIX}, or none. Received: {report}")
    runs, rest = runs_first(words)
    if len(rest) > 1:
        raise InputError(f"test takes runs and then one data set; these are no runs: {', '.join(rest[:-1])}")
    data = rest[0] if rest else None
    devices.check(device)
    if data:
        check_data(data, run=runs[0])
    if len(runs) > 1:
        if report is not None:
            raise InputError(f"--report writes a page of one run, and here are {len(runs)}")
        if beam:
            raise InputError(f"--beam seeks in the words of one run, and here are {len(runs)}")
        if tta:
            raise InputError(f"--tta shows views to one run, and here are {len(runs)}")
        _together(runs, data, device, engine, threads, bad, as_json)
        return
    from striate.runs.run import Run  # the words are right: from here on it takes PyTorch

    opened = Run(runs[0], device, engine, threads, say)
    if beam is not None:
        opened.searches(beam)
    judged = opened.judged(data, bad=bad, tta=tta)
    if report is not None:
        opened.write_report(judged, data or "", Path(report))
    result = judged.result()
    for note in opened.notes:
        say(note)
    if as_json:
        print_json(result if isinstance(result, dict) else result.to_json())
        return
    for line in judged.printed():
        click.echo(line) if isinstance(line, str) else console().print(line)
    if report:
        click.echo(f"report: {Path(report)}")


def _together(
    runs: tuple[str, ...], data: str | None, device: str, engine: str, threads: int | None, bad: str, as_json: bool
) -> None:
    """The figures of several runs, side by side."""
    from striate.runs.ensemble import Ensemble

    ensemble = Ensemble(runs, device, engine, threads, say)
    found = ensemble.judged(data, bad=bad)
    for note in ensemble.notes:
        say(note)
    if as_json:
        print_json(found.to_json())
        return
    from rich import box
    from rich.table import Table

    rows = found.rows()
    names = list(rows[0][1])
    table = Table(title=f"{found.whole.name}: {found.whole.amount}", box=box.SIMPLE_HEAD)
    table.add_column("")
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    for path, figures in rows:
        table.add_row(path, *(f"{figures[name]:.4f}" for name in names))
    console().print(table)
