"""`striate rate NET DATA`: find a learning rate."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import click

from striate import zoo
from striate.cli import train
from striate.cli.common import Option, check_data, in_flags, json_option, print_json, read_letters, read_size, say
from striate.runs import devices
from striate.runs.logs.known import read
from striate.training.options import Options

LEFT_OUT = (
    "lr",
    "schedule",
    "epochs",
    "patience",
    "fold",
    "log",
    "out",
    "overwrite",
    "sync_norm",
    "fsdp",
    "see",
    "port",
    "as_json",
)


@click.command()
@click.option("--low", type=click.FLOAT, default=1e-6, show_default=True, help="The first rate.")
@click.option("--high", type=click.FLOAT, default=10.0, show_default=True, help="The last rate.")
@click.option("--steps", type=click.INT, default=150, show_default=True, help="Steps between them.")
@click.option(
    "--out",
    metavar="FILE",
    help="Draw the curve: .svg, .png or .pdf.",
    cls=Option,
    also=("output", "save", "file", "picture", "plot"),
)
@json_option
def command(
    net: str,
    data: str,
    low: float,
    high: float,
    steps: int,
    out: str | None,
    as_json: bool,
    **training: Any,
) -> None:
    """Find a learning rate for NET on DATA: train for some steps, each at a higher rate, and look at the loss.

    Nothing is kept. NET, DATA and the options that say how to train are those of `striate train`.
    """
    options, how = words_of(net, data, training)
    from striate.inside.drawn import check_path

    if out:
        check_path(out)
    from striate.runs.planning import Request, command_of  # the words are right: from here on it takes PyTorch
    from striate.runs.rating import risen

    asked = Request(net, data, options, show=True, **how)
    found = risen(asked, low, high, steps, say)
    if out:
        found.save(out)
    if as_json:
        print_json(found.facts() | {"picture": out})
        return
    for line in (*found.sketch(), in_flags(found.said())):
        click.echo(line)
    if out:
        click.echo(f"picture: {out}")
    if found.suggested is not None:
        chosen = dataclasses.replace(options, lr=float(f"{found.suggested:.2g}"))
        click.echo(f"next: {command_of(dataclasses.replace(asked, options=chosen), zoo.find(net, how['letters']))}")


def words_of(net: str, data: str, training: Mapping[str, Any]) -> tuple[Options, dict[str, Any]]:
    """What the options of `striate train` ask for, checked before anything is loaded; the rest is a request's.

    Raises:
        InputError: A word is wrong.
    """
    names = {field.name for field in dataclasses.fields(Options)} & training.keys()
    options = Options(**{name: training[name] for name in names})
    how = {name: value for name, value in training.items() if name not in names}
    how |= {"letters": read_letters(how["letters"]), "size": read_size(how["size"]), "log": read(how.get("log"))}
    zoo.find(net, how["letters"])
    check_data(data, training["task"])
    devices.check(how["device"])
    return options, how


command.params = [*(one for one in train.command.params if one.name not in LEFT_OUT), *command.params]
