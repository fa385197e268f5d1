"""`striate bench NET`: images per second of our engines, of a plain PyTorch loop and of other packages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from striate import benchmark, zoo
from striate.benchmark import BATCHES, ENGINES, ROUNDS, WORKS, Entry, Race, absent, chosen, machine, spread, timable
from striate.cli.common import (
    Known,
    console,
    device_option,
    json_option,
    letters_option,
    print_json,
    read_letters,
    say,
    threads_option,
)
from striate.errors import InputError, StriateError
from striate.native.lowering import lowered
from striate.native.target import host
from striate.notation import Network, notes
from striate.runs import devices

if TYPE_CHECKING:
    import torch
    from rich.table import Table

    from striate.benchmark import Part


@dataclass(frozen=True)
class Found:
    """All that one call of the verb has measured.

    Attributes:
        races: Training, inference or both.
        start: Seconds to compile the native code, and to find it in the cache.
        folder: Where its C is.
        work: Of which the memory is.
        batch: The first of those asked for, of which memory and parts are.
        memory: Bytes by engine, where they are known.
        parts: What each layer takes.
    """

    races: list[Race]
    start: tuple[float, float] | None
    folder: Path | None
    work: str
    batch: int
    memory: dict[str, int]
    parts: list[Part]


@click.command()
@click.argument("net")
@click.option("--engines", default="native,torch,plain", show_default=True, help=f"By commas: {', '.join(ENGINES)}.")
@click.option("--work", type=Known(["both", *WORKS]), default="both", show_default=True, help="What is timed.")
@click.option("--batch", "batches", default=",".join(map(str, BATCHES)), show_default=True, help="Sizes, by commas.")
@click.option("--rounds", type=click.IntRange(min=2), default=ROUNDS, show_default=True, help="Turns of each engine.")
@click.option("--layers", is_flag=True, help="What each layer takes on the native engine, one thread.")
@device_option
@threads_option
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
    threads: int | None,
    letters: tuple[str, ...],
    as_json: bool,
) -> None:
    """Time training steps and inference of NET: our engines, a plain hand-written PyTorch loop, other packages.

    Images are random and in memory; all take turns in one run, and medians count. A ratio above 1 means faster than
    the plain loop at the same batch size, or without that loop, than the first engine named. A share is of the
    machine's highest rate of multiply-adds. Inference is also timed for one image by itself.
    """
    devices.check(device)
    sizes, names = _sizes(batches), [name.strip() for name in engines.split(",")]
    chosen(names)
    network = timable(zoo.find(net, read_letters(letters)))
    for note in notes(network):
        say(note)
    if layers:
        lowered(network, host())  # refused now, not after the race
    works = WORKS if work == "both" else (work,)
    place = devices.device(device)  # the words are right: from here on it takes PyTorch
    from striate.training.threads import using

    with using(threads):
        found, about = _measured(network, names, works, sizes, rounds, place, layers)
    if as_json:
        print_json(_document(net, about, found))
    else:
        _show(found)


def _measured(
    network: Network,
    names: list[str],
    works: Sequence[str],
    sizes: tuple[int, ...],
    rounds: int,
    place: torch.device,
    layers: bool,
) -> tuple[Found, dict[str, Any]]:
    about = machine(names)
    say(", ".join(f"{name} {value}" for name, value in about.items()) + f", device {place}")
    if out := absent():
        packages = dict.fromkeys(package for contestant in out for package in contestant.missing)
        say(f"not installed: {', '.join(who.name for who in out)} (pip install {' '.join(packages)})")
    how: dict[str, Any] = {"works": works, "batches": sizes, "rounds": rounds, "device": place, "alone": True}
    races = benchmark.bench(network, engines=names, say=say, **how)
    batch, work = sizes[0], works[0]
    start, folder = _start(network, batch) if "native" in names and place.type == "cpu" else (None, None)
    memory: dict[str, int] = {}
    if place.type == "cpu":
        took = {name: benchmark.taken(network, name, work, batch, about["threads"]) for name in names}
        memory = {name: size for name, size in took.items() if size is not None}
    return Found(races, start, folder, work, batch, memory, _parts(network, batch) if layers else []), about


def _sizes(batches: str) -> tuple[int, ...]:
    parts = [part.strip() for part in batches.split(",")]
    if not all(part.isdecimal() and int(part[:9]) > 0 for part in parts):
        raise InputError(f"--batch takes sizes by commas, as in --batch 64,256. Received: {batches}")
    return tuple(map(int, parts))


def _start(network: Network, batch: int) -> tuple[tuple[float, float] | None, Path | None]:
    try:
        return benchmark.start_times(network, batch), benchmark.stored(network, batch)
    except StriateError:  # the race has said why there is no native code
        return None, None


def _parts(network: Network, batch: int) -> list[Part]:
    say(f"layers: batch {batch}, one thread")
    return benchmark.layer_times(network, batch, say=say)


def _document(net: str, about: dict[str, Any], found: Found) -> dict[str, Any]:
    return {
        "network": net,
        "machine": about,
        "results": [entry for race in found.races for entry in race.to_json()],
        "peak_gflops_per_second": {race.work: race.peak / 1e9 for race in found.races if race.peak},
        "native_start_seconds": {"cold": found.start[0], "cached": found.start[1]} if found.start else None,
        "native_source": str(found.folder) if found.folder else None,
        "memory": {"work": found.work, "batch": found.batch, "bytes": found.memory},
        "layers": [part.to_json() for part in found.parts],
    }


def _show(found: Found) -> None:
    for race in found.races:
        console().print(_race_table(race))
        if best := race.best():
            ours, theirs, ratios = best
            click.echo(f"{race.work}: {ours.name} is {_ratio(ratios)} times the best of PyTorch, {theirs.name}")
        if race.peak:
            click.echo(f"the machine's peak in the same rounds: {race.peak / 1e9:,.0f} GFLOP/s")
    if found.memory:
        sizes = ", ".join(f"{name} {size / 2**20:,.1f} MiB" for name, size in found.memory.items())
        click.echo(f"memory at its peak, {found.work} at batch {found.batch}, beside packages and images: {sizes}")
    if found.start:
        cold, cached = found.start
        click.echo(f"native code: {cold:.2f} s to compile, {1000 * cached:.0f} ms from the cache")
        click.echo(f"its C: {found.folder}")
    if found.parts:
        console().print(_parts_table(found.parts, found.batch))


def _race_table(race: Race) -> Table:
    titles = ("engine", "batch", "images/s", "µs/image", "ratio", "of peak")
    table = _table(f"{race.work}, images/s: median (quartiles)", titles)
    for entry in race.entries:
        shares = race.shares(entry)
        share = f"{100 * spread(shares)[0]:.1f} %" if shares else ""
        one = f"{1e6 / spread(entry.speeds)[0]:,.1f}"
        table.add_row(entry.engine, str(entry.batch), _speed(entry), one, _ratio(race.ratios(entry)), share)
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
