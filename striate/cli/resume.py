"""`striate resume RUN`: go on where a training stopped."""

from pathlib import Path

import click

from striate.cli.common import Known, json_option, say
from striate.cli.train import show
from striate.tasks import devices
from striate.tasks.devices import ENGINES
from striate.training.saved import SavedRun


@click.command()
@click.argument("run")
@click.option("--epochs", type=click.IntRange(min=1), help="Epochs in all; by default as many as it was started for.")
@click.option("--engine", type=Known(ENGINES), help="What computes; by default as before.")
@click.option("--device", help="cpu, cuda, cuda:1, mps; by default the one it was trained on.")
@json_option
def command(run: str, epochs: int | None, engine: str | None, device: str | None, as_json: bool) -> int:
    """Go on with RUN from its newest whole state, as if it had never stopped; --epochs may extend it."""
    SavedRun.open(Path(run))
    devices.check(device or "auto")
    from striate.tasks.classify import resume  # the words are right: from here on it takes PyTorch

    return show(resume(run, epochs=epochs, engine=engine, device=device, say=say, show=True), as_json)
