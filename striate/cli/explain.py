"""`striate explain NET`: what a network costs."""

import click

from striate.cli.common import (
    STANDARD_INPUT,
    Known,
    Option,
    console,
    json_option,
    letters_option,
    print_json,
    read_letters,
    read_shape,
    read_size,
    read_standard_input,
    say,
    size_option,
)
from striate.errors import InputError
from striate.explanation import BATCH, FEW, explain, show_comparison
from striate.notation.measure import OPTIMIZER_ALSO, OPTIMIZER_STATES
from striate.picture import checked


@click.command()
@click.argument("nets", metavar="NET...", nargs=-1, required=True)
@click.option(
    "--formulas", is_flag=True, help=f"Every formula; those of output and parameters show up to {FEW} layers."
)
@click.option("--taps", is_flag=True, help="The stages other networks stand on: where maps of each size are complete.")
@click.option(
    "--picture",
    metavar="FILE",
    help="Draw the network as papers do, to an .svg file.",
    cls=Option,
    also=("figure", "diagram", "svg", "plot", "draw"),
)
@click.option("--batch", type=int, default=BATCH, show_default=True, help="Examples in a batch, for training memory.")
@click.option("--optimizer", type=Known(list(OPTIMIZER_STATES), OPTIMIZER_ALSO), default="adamw", show_default=True)
@click.option("--at", metavar="CxHxW", help="The size of free axes ('?').", cls=Option, also=("shape", "inputshape"))
@size_option
@letters_option
@json_option
def command(
    nets: tuple[str, ...],
    formulas: bool,
    taps: bool,
    picture: str | None,
    batch: int,
    optimizer: str,
    at: str | None,
    size: str | None,
    letters: tuple[str, ...],
    as_json: bool,
) -> None:
    """What a network costs: output, parameters, MACs, memory and receptive field of every layer.

    NET is a name of the zoo, a .net file, the text itself, or - for standard input; several are compared
    side by side.
    """
    drawing = None if picture is None else checked(picture)
    shape, sides, values = read_shape(at), read_size(size), read_letters(letters)
    if STANDARD_INPUT in nets:
        text = read_standard_input()
        nets = tuple(text if net == STANDARD_INPUT else net for net in nets)
    if drawing and len(nets) > 1:
        raise InputError(f"--picture draws one network, and here are {len(nets)}; draw each by itself")
    explanations = [
        explain(net, batch=batch, at=shape, size=sides, optimizer=optimizer, letters=values) for net in nets
    ]
    for note in dict.fromkeys(note for explanation in explanations for note in explanation.notes):
        say(note)
    if drawing:
        (explanation,) = explanations
        explanation.picture().save(drawing)
        say(f"the picture of {explanation.measure.network.name} is in {drawing}")
    if as_json:
        documents = [explanation.to_json() for explanation in explanations]
        print_json(documents[0] if len(documents) == 1 else documents)
        return
    screen = console()
    if taps:
        for explanation in explanations:
            explanation.show_taps(screen)
        return
    if len(explanations) > 1:
        show_comparison(explanations, screen)
    for explanation in explanations:
        explanation.show(screen, every=formulas)
