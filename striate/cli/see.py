"""`striate see RUN`: open the report."""

import click

from striate.cli.common import check_run, say


@click.command()
@click.argument("run")
def command(run: str) -> None:
    """Open RUN's report in the browser and print its path."""
    check_run(run)
    from striate.runs.run import Run  # there is a run: from here on it takes PyTorch

    opened = Run(run, "cpu")
    path, shown = opened.see()
    for note in opened.notes:
        say(note)
    if not shown:
        say("no browser was found; open this file in one")
    click.echo(str(path))
