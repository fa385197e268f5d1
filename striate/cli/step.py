"""`striate step LAYER`: one layer forward and backward, term by term."""

import click

from striate.cli.common import json_option, print_json, say
from striate.stepping import step


@click.command()
@click.argument("layer")
@click.option("--input", "values", required=True, metavar="NUMBERS", help="What comes in.")
@click.option("--weights", metavar="NUMBERS", help="Filters parted by ' / ', or a matrix with a row for each unit.")
@click.option("--bias", metavar="NUMBERS", help="One for each filter or unit; 0 if left out.")
@click.option("--upstream", metavar="NUMBERS", help="dE/dO in the output's shape; names stand for it if left out.")
@click.option("--target", type=int, help="The right class, from 0: softmax with cross-entropy.")
@click.option("--im2col", is_flag=True, help="Also the matrices of a convolution as one product.")
@json_option
def command(
    layer: str,
    values: str,
    weights: str | None,
    bias: str | None,
    upstream: str | None,
    target: int | None,
    im2col: bool,
    as_json: bool,
) -> None:
    """Show LAYER forward and backward: every output and every gradient as its sum of products.

    LAYER is conv, maxpool, avgpool, relu, sigmoid, tanh, fc or softmax, as the notation writes it. NUMBERS are
    rows parted by ';' and maps by '|', JSON lists, or @FILE; 1/3 is a number.

    \b
    striate step "conv 1@2x2" --input "1 2 3; 4 5 6; 7 8 9" --weights "10 20; 30 40"
    striate step "maxpool 2" --input "1 1 2 4; 5 6 7 8; 3 2 1 0; 1 2 3 4"
    striate step softmax --input "1 2 3" --target 2
    """
    shown = step(layer, values, weights=weights, bias=bias, upstream=upstream, target=target, im2col=im2col)
    for note in shown.notes:
        say(note)
    if as_json:
        print_json(shown.to_json())
    else:
        click.echo(shown.working)
