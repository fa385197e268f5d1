"""`striate index NETWORK FOLDER...`: the features of images, kept on disk to be searched."""

from __future__ import annotations

from typing import Any

import click

from striate.cli.common import (
    Option,
    bad_files_option,
    device_option,
    json_option,
    print_json,
    read_size,
    say,
    size_option,
    threads_option,
)
from striate.runs import devices


@click.command()
@click.argument("network", metavar="RUN")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@click.option(
    "--from",
    "weights",
    metavar="FILE",
    help="RUN is a network of the zoo, and these are its weights (ours, torchvision's, timm's).",
    cls=Option,
    also=("weights", "pretrained", "checkpoint"),
)
@click.option(
    "--layer",
    default="",
    metavar="LAYERS",
    help="Whose features: a layer by its name in the module or its label, or several by commas; 'answer' for the "
    "shares of the classes. By default what the last layer with weights reads, and the answer of a run on classes.",
    cls=Option,
    also=("layers", "features", "embedding"),
)
@size_option
@click.option("--tta", is_flag=True, help="Features are means over several views of each image, as for predict.")
@click.option(
    "--out",
    metavar="INDEX",
    help="The folder of the index; by default indexes/ and FOLDER's name.",
    cls=Option,
    also=("output", "outdir", "index"),
)
@click.option(
    "--forget", is_flag=True, help="Drop images that have vanished.", cls=Option, also=("prune", "clean", "purge")
)
@bad_files_option
@device_option
@threads_option
@json_option
def command(network: str, folders: tuple[str, ...], size: str | None, device: str, as_json: bool, **words: Any) -> None:
    """Index the images in FOLDERs by the features that the network of RUN has of them, for `striate find`.

    An index that is there grows: images that are new or changed are added, and what else it holds stays. Killed at any
    moment, it goes on with the same command.
    """
    devices.check(device)
    sides = read_size(size)
    from striate.retrieving import index

    made = index(network, *folders, size=sides, device=device, **words)
    for note in made.notes:
        say(note)
    grown = made.grown
    assert grown
    if as_json:
        facts = {"layer": made.book.about.layer, "features": made.book.about.length}
        print_json({**facts, **grown.to_json(), "notes": made.notes})
        return
    click.echo(f"index: {made.root}")
