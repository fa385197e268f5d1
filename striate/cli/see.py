"""`striate see RUN`: open the report."""

import click

from striate.tasks.run import Run


@click.command()
@click.argument("run")
def command(run: str) -> None:
    """Open RUN's report in the browser and print where it lies."""
    click.echo(str(Run(run, "cpu").see()))
