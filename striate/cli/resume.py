"""`striate resume RUN`: go on where a training stopped."""

import click

from striate.cli.common import json_option, say
from striate.cli.train import show
from striate.tasks.classify import resume


@click.command()
@click.argument("run")
@click.option("--epochs", type=click.IntRange(min=1), help="Epochs in all; by default as many as it was started for.")
@click.option("--device", help="cpu, cuda, cuda:1, mps; by default the one it was trained on.")
@json_option
def command(run: str, epochs: int | None, device: str | None, as_json: bool) -> int:
    """Go on with RUN from its newest whole state, as if it had never stopped; --epochs may extend it."""
    return show(resume(run, epochs=epochs, device=device, say=say, show=True), as_json)
