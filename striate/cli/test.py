"""`striate test RUN DATA`: how a run does on a data set."""

from __future__ import annotations

from pathlib import Path

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
    tta_option,
)
from striate.data.loading import check as check_data
from striate.errors import InputError
from striate.runs import devices

SUFFIX = ".html"
FREE = "test.html"  # the page that --report alone writes


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
@tta_option
@bad_files_option
@json_option
def command(
    run: str,
    data: str | None,
    report: str | None,
    engine: str,
    device: str,
    threads: int | None,
    tta: bool,
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
    from striate.runs.run import Run  # the words are right: from here on it takes PyTorch

    opened = Run(run, device, engine, threads, say)
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
