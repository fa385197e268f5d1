"""`striate zoo`: the networks known by name."""

from typing import Any

import click

from striate import zoo
from striate.cli.common import console, json_option, print_json
from striate.notation import measure
from striate.notation.rules.shape import shown
from striate.tables import FOLD, ROUND, Column, fit, short, show, table, width_of

WHAT = "what it is"
NARROWER = (FOLD, ROUND, "year", "input", WHAT)  # steps where the terminal is narrow


@click.command()
@click.argument("name", required=False)
@json_option
def command(name: str | None, as_json: bool) -> None:
    """List the zoo with sizes, MACs and years; with NAME, print that network's text."""
    if name:
        entry = zoo.entry(name)
        if as_json:
            print_json({**_facts(name), "text": entry.text})
        else:
            click.echo(entry.text, nl=False)
        return
    facts = [_facts(name) for name in zoo.names()]
    if as_json:
        print_json(facts)
        return
    screen = console()
    fitted = fit(_columns(facts), NARROWER, width_of(screen))
    show(screen, table(fitted, "", screen.encoding), width=fitted.width)
    if fitted.said:
        show(screen, fitted.said)


def _columns(facts: list[dict[str, Any]]) -> list[Column]:
    def counts(name: str, key: str, head: str = "") -> Column:
        numbers = [fact[key] for fact in facts]
        return Column(name, tuple(f"{n:,}" for n in numbers), rounded=tuple(map(short, numbers)), head=head)

    return [
        Column("name", tuple(fact["name"] for fact in facts), words=True),
        Column("year", tuple(str(fact["year"]) for fact in facts)),
        Column("input", tuple(fact["input"] for fact in facts)),
        counts("parameters", "parameters", "params"),
        counts("MACs", "macs"),
        Column(WHAT, tuple(fact["title"] for fact in facts), words=True),
    ]


def _facts(name: str) -> dict[str, Any]:
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
