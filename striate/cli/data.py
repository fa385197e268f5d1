"""`striate data`: check data before they are trained on, show what a network gets of them, make some of photographs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from striate.cli.common import (
    Option,
    in_flags,
    json_option,
    print_json,
    read_size,
    say,
    size_option,
    task_option,
)

if TYPE_CHECKING:
    from striate.checking import Finding


@click.group()
def command() -> None:
    """Check data before they are trained on, show what a network gets of them, make some from photographs."""


@command.command()
@click.argument("data")
@click.option("--run", metavar="RUN", help="A run, or its weights: also name labels that it is sure are wrong.")
@click.option(
    "--folds",
    type=click.IntRange(2, 20),
    metavar="N",
    help="With --run, train its network N times, so that each example is judged by one that never saw it.",
)
@click.option("--all", "every", is_flag=True, help="Name every file, not only the first few of each kind.")
@task_option
@json_option
def check(data: str, run: str | None, folds: int | None, every: bool, task: str | None, as_json: bool) -> None:
    """Name what is wrong or odd in DATA, each with its file; the data are not changed.

    DATA is a folder, a table, an archive or a name, for any task.

    Exit status: 0 when no fault is found, 1 when there are faults. What is odd is no fault.
    """
    from striate.checking import check as checked

    if task is not None:  # before anything long begins
        from striate.tasks.known import named

        named(task)
    more: list[Finding] = []
    if folds is not None and run is None:
        raise click.UsageError("--folds trains the network of a run; say which with --run")
    if run is not None:
        from striate.checking.labels import likely_wrong

        more = likely_wrong(run, data, folds, say=say)
    found = checked(data, task=task, more=more, progress=True)
    if as_json:
        print_json(found.to_json())
    else:
        for line in found.lines(None if every else 5):
            click.echo(in_flags(line))
    if found.faults:
        raise click.exceptions.Exit(1)


@command.command()
@click.argument("data")
@click.option("--net", metavar="NET", help="The network that is to read them; by default images keep their size.")
@click.option("--augment", default="auto", show_default=True, help="As for `striate train`.")
@click.option("--degrade", default="", metavar="WAYS", help="As for `striate train`: how good pictures become worse.")
@click.option("--count", type=click.IntRange(1, 100), default=6, show_default=True, help="How many examples.")
@click.option("--seed", type=click.INT, default=0, show_default=True, help="As for `striate train`.")
@click.option(
    "--out",
    default="data.png",
    show_default=True,
    metavar="FILE",
    help="The picture: .png, .svg or .pdf.",
    cls=Option,
    also=("output", "save", "file", "picture"),
)
@task_option
@size_option
@json_option
def show(data: str, net: str | None, out: str, size: str | None, as_json: bool, **words: Any) -> None:
    """Draw what a network gets of DATA: examples after fitting, beside their changed copies of the first epochs."""
    from striate.inside.drawn import check_path

    check_path(out)
    from striate.checking.showing import show as shown

    made = shown(data, net, size=read_size(size), **words)
    made.save(out)
    facts = made.facts()
    if as_json:
        print_json({"data": data, "picture": out, **facts})
        return
    for line in facts["notes"]:
        say(line)
    for name in facts["examples"]:
        click.echo(name)
    click.echo(f"picture: {out}")


@command.command()
@click.argument("what")
@click.argument("photos")
@click.argument("out")
@click.option(
    "--count", type=click.IntRange(1, 1000), default=1, show_default=True, help="Pictures of each photograph."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another one makes other pictures.")
@json_option
def make(what: str, photos: str, out: str, count: int, seed: int, as_json: bool) -> None:
    """Write data made from PHOTOS, a folder of photographs, into OUT, a new folder.

    WHAT is `mirrors`, rendered into the photographs, with masks to segment them by; `motions`, clips of eight motions
    of the digits of a named set (PHOTOS is `mnist`); or ways in which pictures become
    worse, as `--degrade` of `striate train` takes them (`rain`, `fog:1,noise:5`), for pairs to restore by. Each
    photograph is in one of train/, val/ and test/, whatever is made of it.
    """
    from striate.data.making import make as made

    notes = made(what, photos, out, count=count, seed=seed)
    if as_json:
        print_json({"out": out, "notes": notes})
        return
    for line in notes[:-1]:
        say(line)
    click.echo(notes[-1])
