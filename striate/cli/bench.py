"""`striate bench NET`: images per second of our engines, of a plain PyTorch loop and of other packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from striate import benchmark, zoo
from striate.benchmark import BATCHES, ENGINES, ROUNDS, WORKS, Entry, Race, absent, chosen, machine, spread, timable
from striate.cli.common import Known, console, device_option, json_option, letters_option, print_json, read_letters, say
from striate.errors import InputError, StriateError
from striate.notation import Network, notes
from striate.tasks import devices

if TYPE_CHECKING:
    from rich.table import Table

    from striate.benchmark import Part


@click.command()
@click.argument("net")
@click.option("--engines", default="native,torch,plain", show_default=True, help=f"By commas: {', '.join(ENGINES)}.")
@click.option("--work", type=Known(["both", *WORKS]), default="both", show_default=True, help="What is timed.")
@click.option("--batch", "batches", default=",".join(map(str, BATCHES)), show_default=True, help="Sizes, by commas.")
@click.option("--rounds", type=click.IntRange(min=2), default=ROUNDS, show_default=True, help="Turns of each engine.")
@click.option("--layers", is_flag=True, help="What each layer takes on the native engine, one thread.")
@device_option
@letters_option
@json_option
def command(
    net: str,
    engines: str,
    work: str,
    batches: str,
    rounds: int,
    layers: bool,
    device: str,
    letters: tuple[str, ...],
    as_json: bool,
) -> None:
    """Time training steps and inference of NET: our engines, a plain hand-written PyTorch loop, other packages.

    Images are random and in memory; all take turns in one run, and medians count. A ratio above 1 means faster than
    the plain loop at the same batch size, or without that loop, than the first engine named. A share is of the
    machine's highest rate of multiply-adds.
    """
    devices.check(device)
    sizes, names = _sizes(batches), [name.strip() for name in engines.split(",")]
    chosen(names)
    network = timable(zoo.find(net, read_letters(letters)))
    for note in notes(network):
        say(note)
    place = devices.device(device)  # the words are right: from here on it takes PyTorch
    about = machine(names)
    say(", ".join(f"{name} {value}" for name, value in about.items()) + f", device {place}")
    if out := absent():
        packages = dict.fromkeys(package for contestant in out for package in contestant.missing)
        say(f"not installed: {', '.join(who.name for who in out)} (pip install {' '.join(packages)})")
    works = WORKS if work == "both" else (work,)
    races = benchmark.bench(network, engines=names, works=works, batches=sizes, rounds=rounds, device=place, say=say)
    ours = "native" in names and place.type == "cpu"
    start, parts = _start(network, sizes[0]) if ours else None, _parts(network, sizes[0]) if layers else []
    if as_json:
        print_json(_document(net, about, races, start, parts))
        return
    _show(races, start, parts, sizes[0])


def _sizes(batches: str) -> tuple[int, ...]:
    parts = [part.strip() for part in batches.split(",")]
    if not all(part.isdecimal() and int(part[:9]) > 0 for part in parts):
        raise InputError(f"--batch takes sizes by commas, as in --batch 64,256. Received: {batches}")
    return tuple(map(int, parts))


def _start(network: Network, batch: int) -> tuple[float, float] | None:
    try:
        return benchmark.start_times(network, batch)
    except StriateError:  # the race has said why there is no native code
        return None


def _parts(network: Network, batch: int) -> list[Part]:
    say(f"layers: batch {batch}, one thread")
    return benchmark.layer_times(network, batch, say=say)


def _document(
    net: str, about: dict[str, Any], races: list[Race], start: tuple[float, float] | None, parts: list[Part]
) -> dict[str, Any]:
    return {
        "network": net,
        "machine": about,
        "results": [entry for race in races for entry in race.to_json()],
        "peak_gflops_per_second": {race.work: race.peak / 1e9 for race in races if race.peak},
        "native_start_seconds": {"cold": start[0], "cached": start[1]} if start else None,
        "layers": [part.to_json() for part in parts],
    }


def _show(races: list[Race], start: tuple[float, float] | None, parts: list[Part], batch: int) -> None:
    for race in races:
        console().print(_race_table(race))
        if found := race.best():
            ours, theirs, ratios = found
            click.echo(f"{race.work}: {ours.name} is {_ratio(ratios)} times the best of PyTorch, {theirs.name}")
        if race.peak:
            click.echo(f"the machine's peak in the same rounds: {race.peak / 1e9:,.0f} GFLOP/s")
    if start:
        click.echo(f"native code: {start[0]:.2f} s to compile, {1000 * start[1]:.0f} ms from the cache")
    if parts:
        console().print(_parts_table(parts, batch))


def _race_table(race: Race) -> Table:
    table = _table(f"{race.work}, images/s: median (quartiles)", ("engine", "batch", "images/s", "ratio", "of peak"))
    for entry in race.entries:
        shares = race.shares(entry)
        share = f"{100 * spread(shares)[0]:.1f} %" if shares else ""
        table.add_row(entry.engine, str(entry.batch), _speed(entry), _ratio(race.ratios(entry)), share)
    return table


def _parts_table(parts: list[Part], batch: int) -> Table:
    titles = ("layer", "forward, µs", "backward, µs", "share", "GFLOP/s")
    table = _table(f"native engine, batch {batch}, one thread: a training step", titles)
    whole = sum(part.seconds for part in parts)
    for part in parts:
        speed = part.to_json()["gflops_per_second"]
        figures = (f"{1e6 * part.forward:,.1f}", f"{1e6 * part.backward:,.1f}", f"{100 * part.seconds / whole:.1f} %")
        table.add_row(part.title, *figures, f"{speed:,.0f}" if speed else "")
    return table


def _table(title: str, columns: tuple[str, ...]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def _speed(entry: Entry) -> str:
    middle, low, high = spread(entry.speeds)
    return f"{middle:,.0f} ({low:,.0f}–{high:,.0f})"


def _ratio(ratios: list[float]) -> str:
    middle, low, high = spread(ratios)
    return f"{middle:.3f} ({low:.3f}–{high:.3f})"
