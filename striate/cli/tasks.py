"""`striate tasks`: what networks are trained for, and the data that each task reads."""

import click

from striate.cli.common import console, json_option, print_json
from striate.tables import FOLD, Column, fit, show, table, width_of

READS, MEASURES = "reads", "is measured by"


@click.command()
@json_option
def command(as_json: bool) -> None:
    """List the tasks with the data that each reads; `striate train` finds out which it is, or takes --task."""
    from striate.tasks.known import known  # takes PyTorch

    rows = [(task.word, task.reads, [metric.name for metric in task.metrics]) for task in known()]
    if as_json:
        print_json([{"task": word, "reads": reads, "metrics": metrics} for word, reads, metrics in rows])
        return
    columns = [
        Column("task", tuple(word for word, _, _ in rows), words=True),
        Column(READS, tuple(reads for _, reads, _ in rows), words=True),
        Column(MEASURES, tuple(", ".join(metrics) for _, _, metrics in rows), words=True),
    ]
    screen = console()
    fitted = fit(columns, (FOLD, MEASURES), width_of(screen))
    show(screen, table(fitted, "", screen.encoding), width=fitted.width)
