"""`striate search NET DATA --over lr=1e-4..1e-1`: many short trainings, and the options of the best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from striate.cli.common import (
    Known,
    Option,
    bad_files_option,
    check_alone,
    check_data,
    console,
    device_option,
    engine_option,
    json_option,
    letters_option,
    print_json,
    read_letters,
    read_size,
    say,
    size_option,
    task_option,
    threads_option,
)
from striate.cli.train import OUT, training_options
from striate.runs import devices
from striate.searching.asked import PRUNERS, Asked, data_of, how_of
from striate.searching.ranges import given
from striate.searching.searching import TRIALS, check, searched
from striate.tables import FOLD, Column, fit, show, table, width_of
from striate.training.options import Options
from striate.training.saved import RUNS

if TYPE_CHECKING:
    from striate.searching.found import Found

SHOWN = 10  # trials in the table, the best first


@click.command()
@click.argument("net")
@click.argument("data")
@click.option(
    "--over",
    multiple=True,
    required=True,
    metavar="NAME=RANGE",
    help="What varies: lr=1e-4..1e-1, batch=32,64,128, or a letter of the text, width=8..64; "
    "`log` or `linear` after a range says how it is searched.",
    cls=Option,
    also=("param", "range", "space"),
)
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    default=TRIALS,
    show_default=True,
    help="Trainings in all.",
    cls=Option,
    also=("n-trials", "num-trials", "samples", "budget"),
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 1024),
    default=1,
    show_default=True,
    help="Trainings at the same time, each in a process of its own, which share the cores.",
    cls=Option,
    also=("n-jobs", "parallel", "concurrency"),
)
@click.option(
    "--prune", type=Known(PRUNERS), default="median", show_default=True, help="Which trials are stopped early."
)
@click.option("--search-seed", type=click.INT, default=0, show_default=True, help="Of the values that are drawn.")
@task_option
@training_options
@engine_option
@device_option
@threads_option
@click.option(
    "--out",
    metavar="FOLDER",
    help=f"The search's folder; by default one under {RUNS}/ that is named after what is asked.",
    cls=Option,
    also=OUT,
)
@click.option("--from", "weights", metavar="FILE|RUN", help="Every trial starts from these weights, as for train.")
@size_option
@bad_files_option
@letters_option
@json_option
def command(
    net: str,
    data: str,
    over: tuple[str, ...],
    trials: int,
    jobs: int,
    prune: str,
    search_seed: int,
    out: str | None,
    threads: int | None,
    letters: tuple[str, ...],
    size: str | None,
    as_json: bool,
    task: str | None,
    engine: str,
    device: str,
    weights: str | None,
    bad: str,
    **options: Any,
) -> None:
    """Train NET on DATA with many values of some options, and find the best by the validation figure.

    Each trial is a run in the search's folder. The same command goes on with a search that was interrupted; more
    --trials extend it. Only the best trial is tested.
    """
    check_alone("a search starts its processes itself; say how many with `jobs`")
    words = {"task": task, "device": device, "engine": engine, "weights": weights}
    how = how_of(read_size(size), **words, bad=None if bad == "skip" else bad)
    check_data(data, task)
    devices.check(device)
    asked = Asked(net, data_of(data), given(over), Options(**options), read_letters(letters), prune, search_seed, how)
    check(asked, trials, jobs)
    found = searched(asked, data, trials, jobs, threads, Path(out) if out else None, say)
    if as_json:
        print_json(found.to_json())
    else:
        _tell(found)


def _tell(found: Found) -> None:
    names = list(found.best.values)
    best = found.ranked[:SHOWN]
    columns = [Column("trial", tuple(str(one.number) for one in best))]
    columns += [Column(name, tuple(_short(one.values[name]) for one in best)) for name in names]
    columns.append(Column(f"validation {found.metric.words}", tuple(found.metric.shown(one.figure) for one in best)))
    columns.append(Column("run", tuple(str(one.run) for one in best), words=True))
    screen = console()
    fitted = fit(columns, (FOLD, "run"), width_of(screen))
    show(screen, table(fitted, "", screen.encoding), width=fitted.width)
    for line in _lines(found):
        click.echo(line)


def _lines(found: Found) -> list[str]:
    states = [one.state for one in found.trials]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    mattered = ", ".join(f"{name} {share:.0%}" for name, share in found.importance.items())
    lines = [f"{len(states)} trials: {counts}"]
    lines += [f"importance (fANOVA): {mattered}"] if mattered else []
    lines += [f"the best, by validation alone: trial {found.best.number}"]
    lines += [f"its test: {found.test.said()}"] if found.test else []
    return [*lines, f"run:  {found.best.run}", f"page: {found.page}"]


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
