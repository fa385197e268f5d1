"""`striate plan NET --images 1.2M --gpus 64`: what a training takes, before it is begun."""

import click

from striate.cli.common import (
    Known,
    Option,
    console,
    json_option,
    letters_option,
    print_json,
    read_letters,
    read_shape,
    read_size,
    say,
    size_option,
)
from striate.estimating.cards import CARDS
from striate.estimating.estimate import BATCH, EPOCHS, PRECISIONS, plan
from striate.notation.measure import OPTIMIZER_ALSO, OPTIMIZER_STATES
from striate.tables import FOLD, Column, fit, show, table, width_of

HOW = "formula or source"


@click.command()
@click.argument("net")
@click.option("--images", required=True, help="To train on: 50000, 300k, 1.2M.", cls=Option, also=("examples", "data"))
@click.option(
    "--gpus",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Devices, each with the whole network.",
    cls=Option,
    also=("devices", "num-gpus", "nodes", "world-size"),
)
@click.option("--batch", type=click.IntRange(min=1), default=BATCH, show_default=True, help="Images in each step.")
@click.option("--epochs", type=click.IntRange(min=1), default=EPOCHS, show_default=True, help="Passes over the images.")
@click.option(
    "--per-second", type=click.FLOAT, metavar="N", help="Images that one device trains on per second, as you know it."
)
@click.option("--measure", is_flag=True, help="Measure that on this machine, with our engines.")
@click.option("--gpu", metavar="CARD", help=f"Bound it by a card's published peak: {', '.join(CARDS)}.")
@click.option("--share", type=click.FLOAT, default=1.0, show_default=True, help="The share of it that is reached.")
@click.option(
    "--bandwidth", metavar="RATE", help="Of the link between devices, 25GB/s or 100Gb/s; by default the card's own."
)
@click.option("--price", type=click.FLOAT, metavar="N", help="Of one device for an hour.")
@click.option("--optimizer", type=Known(list(OPTIMIZER_STATES), OPTIMIZER_ALSO), default="adamw", show_default=True)
@click.option("--precision", type=Known(PRECISIONS), default="float32", show_default=True, help="Of activations.")
@click.option("--device", default="cpu", show_default=True, help="Where --measure measures: cpu, cuda.")
@click.option("--at", metavar="CxHxW", help="The size of free axes ('?').", cls=Option, also=("shape", "inputshape"))
@size_option
@letters_option
@json_option
def command(
    net: str,
    images: str,
    gpus: int,
    batch: int,
    epochs: int,
    per_second: float | None,
    measure: bool,
    gpu: str | None,
    share: float,
    bandwidth: str | None,
    price: float | None,
    optimizer: str,
    precision: str,
    device: str,
    at: str | None,
    size: str | None,
    letters: tuple[str, ...],
    as_json: bool,
) -> None:
    """Estimate time, memory, traffic and cost of training NET on many devices, with every formula filled in.

    The speed of one device is given with --per-second, measured here with --measure, or bounded by --gpu.

    \b
    striate plan resnet50 --images 1.2M --gpus 64 --per-second 2500 --bandwidth 100Gb/s --price 2
    """
    made = plan(
        net,
        images,
        gpus=gpus,
        batch=batch,
        epochs=epochs,
        per_second=per_second,
        measure=measure,
        gpu=gpu,
        share=share,
        bandwidth=bandwidth,
        price=price,
        optimizer=optimizer,
        precision=precision,
        device=device,
        at=read_shape(at),
        size=read_size(size),
        letters=read_letters(letters),
    )
    if as_json:
        print_json(made.to_json())
        return
    names, values, how = zip(*made.rows(), strict=True)
    columns = [Column(made.network, names, words=True), Column("value", values), Column(HOW, how, words=True)]
    screen = console()
    fitted = fit(columns, (FOLD,), width_of(screen))
    show(screen, table(fitted, "", screen.encoding), width=fitted.width)
    for note in made.notes:
        say(note)
