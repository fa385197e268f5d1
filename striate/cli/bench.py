"""`striate bench NET`: images per second beside a plain PyTorch loop."""

import click

from striate.benchmark import BATCHES, ROUNDS, Sides, bench, machine, spread
from striate.cli.common import console, device_option, json_option, letters_option, print_json, read_letters, say
from striate.errors import InputError
from striate.tasks.devices import device as device_named


@click.command()
@click.argument("net")
@click.option("--batch", "batches", default=",".join(map(str, BATCHES)), show_default=True, help="Sizes, by commas.")
@click.option("--rounds", type=click.IntRange(min=2), default=ROUNDS, show_default=True, help="Turns of each side.")
@device_option
@letters_option
@json_option
def command(net: str, batches: str, rounds: int, device: str, letters: tuple[str, ...], as_json: bool) -> None:
    """Time training steps and inference of NET, beside a plain hand-written PyTorch loop over the same module.

    Random images in memory; both sides take turns, and medians count. A ratio above 1 means ours is faster.
    """
    place = device_named(device)
    say(", ".join(f"{name} {value}" for name, value in machine().items()) + f", device {place}")
    sizes = _sizes(batches)
    results = bench(net, batches=sizes, rounds=rounds, device=place, told=_say_sides, letters=read_letters(letters))
    if as_json:
        print_json({"network": net, "machine": machine(), "results": [sides.to_json() for sides in results]})
        return
    from rich import box
    from rich.table import Table

    table = Table(title="images/s: median (quartiles)", box=box.SIMPLE_HEAD, title_justify="left")
    for title in ("work", "batch", "ours", "plain PyTorch", "ratio"):
        table.add_column(title, justify="left" if title == "work" else "right")
    for sides in results:
        ratio, low, high = spread(sides.ratios)
        table.add_row(
            sides.work, str(sides.batch), _speed(sides.ours), _speed(sides.plain), f"{ratio:.3f} ({low:.3f}–{high:.3f})"
        )
    console().print(table)


def _sizes(batches: str) -> tuple[int, ...]:
    parts = [part.strip() for part in batches.split(",")]
    if not all(part.isdecimal() and int(part[:9]) > 0 for part in parts):
        raise InputError(f"--batch takes sizes by commas, as in --batch 64,256. Received: {batches}")
    return tuple(map(int, parts))


def _say_sides(sides: Sides) -> None:
    say(f"{sides.work}, batch {sides.batch}: done")


def _speed(values: tuple[float, ...]) -> str:
    middle, low, high = spread(values)
    return f"{middle:,.0f} ({low:,.0f}–{high:,.0f})"
