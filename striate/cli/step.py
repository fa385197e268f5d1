"""`striate step LAYERS`: a layer, or a chain of them, forward and backward, term by term."""

from collections.abc import Iterable
from typing import Any

import click

from striate.cli.common import Known, Option, json_option, print_json, say
from striate.errors import InputError
from striate.stepping import step
from striate.stepping.aim import ALSO
from striate.stepping.losses import LOSSES
from striate.stepping.writing import FORMATS, write


@click.command()
@click.argument("layers")
@click.option("--input", metavar="NUMBERS", help="What comes in.")
@click.option("--weights", metavar="NUMBERS", help="Filters parted by ' / ', or a matrix with a row for each unit.")
@click.option("--bias", metavar="NUMBERS", help="One for each filter or unit; 0 if left out.")
@click.option(
    "--given",
    multiple=True,
    metavar="NAME=NUMBERS",
    help="An array by its name in the module: conv1.weight in a chain, running_mean of bn alone. Repeat for more.",
)
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Draw what is not given, as small whole numbers.")
@click.option("--upstream", metavar="NUMBERS", help="dE/dO in the output's shape; names stand for it if left out.")
@click.option("--target", metavar="CLASS|NUMBERS", help="The right class, from 0, or numbers in the output's shape.")
@click.option("--loss", type=Known(LOSSES, ALSO), help="By default cross-entropy for a class, squared for numbers.")
@click.option(
    "--lr", metavar="RATE", help="Also a step of gradient descent.", cls=Option, also=("rate", "learning-rate", "eta")
)
@click.option("--training", is_flag=True, help="Dropout draws its mask from the seed.")
@click.option("--im2col", is_flag=True, help="Also the matrices of a convolution as one product.")
@click.option(
    "--format",
    "form",
    type=Known(FORMATS, {"latex": ("tex",), "markdown": ("md",)}),
    default="text",
    show_default=True,
    help="How the working is written: a handout in Markdown, or a LaTeX document.",
)
@click.option("--picture", metavar="FILE", help="Also draw it, as .svg, .png or .pdf.", cls=Option, also=("figure",))
@json_option
def command(layers: str, given: tuple[str, ...], form: str, picture: str | None, as_json: bool, **options: Any) -> None:
    """Show LAYERS forward and backward: every output and every gradient as its sum of products.

    LAYERS are layers of the notation with arrows between them; `input 1x5x5 -> …` before them gives the size that
    a seed draws. NUMBERS are rows parted by ';' and maps by '|', JSON lists, or @FILE; 1/3 is a number.

    \b
    striate step "conv 1@2x2" --input "1 2 3; 4 5 6; 7 8 9" --weights "10 20; 30 40"
    striate step "maxpool 2" --input "1 1 2 4; 5 6 7 8; 3 2 1 0; 1 2 3 4"
    striate step softmax --input "1 2 3" --target 2
    striate step "input 1x5x5 -> conv 1@2 -> relu -> maxpool 2 -> fc 2 -> softmax" --seed 5 --target 1 --lr 0.1
    """
    shown = step(layers, given=_by_name(given), **options)
    for note in shown.notes:
        say(note)
    if picture:
        from striate.drawing import draw

        say(f"The picture is in {draw(shown, picture)}")
    if as_json:
        print_json(shown.to_json())
    else:
        click.echo(write(shown, form))


def _by_name(words: Iterable[str]) -> dict[str, str]:
    """`("fc1.weight=1 2",)` as a dictionary.

    Raises:
        InputError: A word that is not of the form name=numbers, or a name that comes twice.
    """
    given: dict[str, str] = {}
    for word in words:
        name, sign, numbers = word.partition("=")
        if not sign or not name.strip():
            rule = "--given takes a name and its numbers, as in --given 'fc1.weight=1 2; 3 4'"
            raise InputError(f"{rule}. Received: {word}")
        if name.strip() in given:
            raise InputError(f"--given has {name.strip()} twice; give it once")
        given[name.strip()] = numbers
    return given
