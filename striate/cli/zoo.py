"""`striate zoo`: the networks known by name."""

import click

from striate import zoo
from striate.cli.common import console, json_option, print_json
from striate.notation import measure
from striate.notation.rules.shape import shown


@click.command()
@click.argument("name", required=False)
@json_option
def command(name: str | None, as_json: bool) -> None:
    """List the zoo with sizes, MACs and years; with NAME, print that network's text."""
    if name:
        entry = zoo.entry(name)
        if as_json:
            print_json(_facts(name))
        else:
            click.echo(entry.text, nl=False)
        return
    facts = [_facts(name) for name in zoo.names()]
    if as_json:
        print_json(facts)
        return
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for title in ("name", "year", "input", "parameters", "MACs", "what it is"):
        table.add_column(title, justify="right" if title in ("parameters", "MACs") else "left", overflow="fold")
    for fact in facts:
        counts = (f"{fact['parameters']:,}", f"{fact['macs']:,}")
        table.add_row(str(fact["name"]), str(fact["year"]), str(fact["input"]), *counts, str(fact["title"]))
    console().print(table)


def _facts(name: str) -> dict[str, object]:
    entry, measured = zoo.entry(name), measure(zoo.net(name))
    return {
        "name": entry.name,
        "title": entry.title,
        "paper": entry.paper,
        "year": entry.year,
        "input": shown(measured.network.input),
        "parameters": measured.total_parameters,
        "macs": measured.total_macs,
    }
