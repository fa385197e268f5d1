"""`striate style CONTENT STYLE...`: a picture in the style of others."""

from __future__ import annotations

from typing import Any

import click

from striate.cli.common import Known, Option, device_option, json_option, print_json, say, threads_option
from striate.errors import InputError
from striate.runs import devices


@click.command()
@click.argument("content")
@click.argument("styles", nargs=-1, required=True, metavar="STYLE...")
@click.option(
    "--out",
    default="style.png",
    show_default=True,
    metavar="FILE",
    help="The picture; while it gets better, what there is of it.",
    cls=Option,
    also=("output", "save", "file", "picture"),
)
@click.option("--weights", "shares", metavar="0.7,0.3", help="How much each style counts beside the others.")
@click.option(
    "--mask",
    "masks",
    multiple=True,
    metavar="FILE",
    help="Where a style holds: a picture of CONTENT's size, white there. Once for each style.",
    cls=Option,
    also=("masks", "region", "guide"),
)
@click.option(
    "--colour",
    type=Known(["style", "keep", "match"]),
    default="style",
    show_default=True,
    help="The styles' colours; keep CONTENT's (transfer luminance alone); or match the styles' to CONTENT's first.",
    cls=Option,
    also=("color", "original-colors", "preserve-color"),
)
@click.option(
    "--scale",
    type=float,
    default=1.0,
    show_default=True,
    metavar="X",
    help="The size of the styles relative to CONTENT: larger makes larger strokes.",
    cls=Option,
    also=("style-scale", "style-size"),
)
@click.option(
    "--size",
    type=int,
    metavar="N",
    help="The longer side of the result in pixels; by default CONTENT's, 512 at most.",
    cls=Option,
    also=("image-size", "max-size", "resolution"),
)
@click.option(
    "--steps",
    type=int,
    default=120,
    show_default=True,
    metavar="N",
    help="At the coarsest size; each larger one, twice as large, has half as many, but a third at least.",
    cls=Option,
    also=("iterations", "num-iterations", "epochs"),
)
@click.option(
    "--style-weight",
    type=float,
    default=4.0,
    show_default=True,
    metavar="X",
    help="How much the styles count beside CONTENT.",
)
@click.option(
    "--smooth",
    type=float,
    default=0.5,
    show_default=True,
    metavar="X",
    help="How much smoothness counts (total variation).",
    cls=Option,
    also=("tv", "tv-weight"),
)
@click.option(
    "--start",
    type=Known(["content", "noise"], {"noise": ("random",), "content": ("image",)}),
    default="content",
    show_default=True,
    help="What the pixels are first.",
    cls=Option,
    also=("init",),
)
@click.option("--seed", type=int, default=0, show_default=True, help="Decides the noise.")
@click.option(
    "--network",
    default="squeezenet",
    show_default=True,
    metavar="NET",
    help="What compares pictures: a network of the zoo, a text or a run.",
    cls=Option,
    also=("net", "model", "backbone"),
)
@click.option(
    "--from",
    "weights",
    metavar="FILE",
    help="The weights of NET (ours, torchvision's, timm's); SqueezeNet's are found or downloaded.",
    cls=Option,
    also=("pretrained", "checkpoint"),
)
@click.option("--layers", default="", metavar="LAYERS", help="By which styles are compared, by commas.")
@click.option("--content-layers", default="", metavar="LAYERS", help="By which the content is compared.")
@device_option
@threads_option
@json_option
def command(
    content: str, styles: tuple[str, ...], shares: str | None, out: str, device: str, as_json: bool, **words: Any
) -> int:
    """A picture of what CONTENT shows, in the style of one STYLE or several.

    The pixels are changed until their features agree with CONTENT's, and the products of features with those of the
    styles, from coarse to fine (Gatys et al. 2016). Ctrl-C keeps what there is.
    """
    devices.check(device)
    parts = None if shares is None else read_shares(shares)
    from striate.styling import style

    made = style(content, *styles, shares=parts, out=out, device=device, **words)
    there = f"{out} holds what there is" if made.looks else "nothing was made yet"
    kept = f"stopped by {made.stopped}: {there}" if made.stopped else ""
    if kept:
        say(kept)
    if as_json:
        print_json({"picture": out, **made.to_json()})
    else:
        for line in made.lines():
            click.echo(line)
        click.echo(f"picture: {out}")
    return 1 if made.stopped else 0


def read_shares(word: str) -> list[float]:
    """`"0.7,0.3"` as numbers.

    Raises:
        InputError: They are none.

    >>> read_shares("0.7,0.3")
    [0.7, 0.3]
    """
    try:
        return [float(part) for part in word.split(",")]
    except ValueError:
        rule = "--weights takes a number for each style, as in --weights 0.7,0.3"
        raise InputError(f"{rule}. Received: {word}") from None
