"""`striate see RUN`: open the report."""

from pathlib import Path

import click

from striate.cli.common import say
from striate.training.saved import SavedRun


@click.command()
@click.argument("run")
def command(run: str) -> None:
    """Open RUN's report in the browser and print where it lies."""
    SavedRun.open(Path(run))
    from striate.tasks.run import Run  # there is a run: from here on it takes PyTorch

    opened = Run(run, "cpu")
    path, shown = opened.see()
    for note in opened.notes:
        say(note)
    if not shown:
        say("no browser was found; open this file in one")
    click.echo(str(path))
