"""`striate resume RUN [DATA]`: go on where a training stopped."""

from typing import Any

import click

from striate.cli.common import (
    Known,
    check_alone,
    check_data,
    check_page,
    check_run,
    json_option,
    log_option,
    page_of,
    say,
    see_options,
    threads_option,
    workers_option,
)
from striate.cli.train import show
from striate.runs import devices
from striate.runs.devices import ENGINES
from striate.runs.logs.known import read
from striate.training.schedules import SCHEDULES


@click.command()
@click.argument("run")
@click.argument("data", required=False)
@click.option("--epochs", type=click.IntRange(min=1), help="Epochs in all; by default as many as it was started for.")
@click.option("--lr", type=click.FLOAT, help="Highest learning rate from here on; by default as before.")
@click.option(
    "--schedule", type=Known(SCHEDULES), help="How the learning rate moves from here on; by default as before."
)
@click.option("--engine", type=Known(ENGINES), help="What computes; by default as before.")
@click.option("--device", help="cpu, cuda, cuda:1, mps; by default the one it was trained on.")
@threads_option
@workers_option
@log_option
@see_options
@json_option
def command(
    run: str,
    data: str | None,
    epochs: int | None,
    lr: float | None,
    schedule: str | None,
    engine: str | None,
    device: str | None,
    threads: int | None,
    workers: int | None,
    log: str | None,
    see: bool,
    port: int,
    as_json: bool,
) -> int:
    """Go on with RUN from its newest intact state, as if it had never stopped; --epochs may extend it.

    DATA says where its images are now, when they have moved.
    """
    check_run(run)
    logs = None if log is None else read(log)
    check_alone("several processes go on with a run by the command that began it, `striate train` with its `out`")
    devices.check(device or "auto")
    if data:
        check_data(data, run=run)
    check_page(see, port)
    page = page_of(see, port)
    from striate.runs.resuming import resumed  # the words are right: from here on it takes PyTorch

    changes = {"epochs": epochs, "lr": lr, "schedule": schedule}
    how: dict[str, Any] = {"engine": engine, "device": device, "threads": threads, "workers": workers, "log": logs}
    return show(resumed(run, data, changes, **how, say=say, show=True, page=page), as_json, page)
