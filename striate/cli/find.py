"""`striate find INDEX IMAGE`: the images of an index that are most like one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from striate.cli.common import Option, device_option, json_option, print_json, say, threads_option
from striate.data.writing import check_unread
from striate.runs import devices

if TYPE_CHECKING:
    from striate.retrieving.alike import Pairs
    from striate.retrieving.answers import Answers

ONE = "find takes an IMAGE, or --duplicates, or --test FOLDER: one of them"


@click.command()
@click.argument("index")
@click.argument("image", required=False)
@click.option(
    "--count",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    default=10,
    show_default=True,
    help="How many images.",
    cls=Option,
    also=("top", "topk", "k", "num", "limit"),
)
@click.option(
    "--bits", type=click.IntRange(1), metavar="N", help="Compare binary codes of N bits, as 48; learned here."
)
@click.option(
    "--approximate",
    is_flag=True,
    help="Search by FAISS, which may miss some: for millions of images.",
    cls=Option,
    also=("faiss", "ann", "ivf"),
)
@click.option(
    "--duplicates", is_flag=True, help="Pairs of images of INDEX that are nearly the same.", cls=Option, also=("dups",)
)
@click.option(
    "--above",
    type=click.FloatRange(-1, 1),
    metavar="COSINE",
    default=0.98,
    show_default=True,
    help="For --duplicates: the least cosine of their features.",
    cls=Option,
    also=("threshold", "minimum"),
)
@click.option(
    "--test",
    "folder",
    metavar="FOLDER",
    help="How good the answers are for a folder of class folders: mAP and P@10.",
    cls=Option,
    also=("evaluate", "map", "queries"),
)
@click.option("--run", metavar="PATH", help="Where the network's run, or its file of weights, is now, if it was moved.")
@click.option(
    "--out",
    metavar="FILE",
    help="The sheet of pictures: .png, .svg or .pdf; by default find.png, and none with --json.",
    cls=Option,
    also=("output", "save", "file", "picture", "sheet"),
)
@device_option
@threads_option
@json_option
def command(
    index: str,
    image: str | None,
    count: int,
    bits: int | None,
    approximate: bool,
    duplicates: bool,
    above: float,
    folder: str | None,
    run: str | None,
    out: str | None,
    device: str,
    threads: int | None,
    as_json: bool,
) -> None:
    """Find the images of INDEX that are most like IMAGE, by what a network sees in them, and draw them.

    Each is a line: the cosine of its features and those of IMAGE (of codes the share of equal bits), and its file.
    """
    if (image is not None) + duplicates + (folder is not None) != 1:
        raise click.UsageError(ONE, click.get_current_context())
    devices.check(device)
    picture = out if out is not None else None if as_json else "find.png"
    if picture is not None and folder is None:
        from striate.inside.drawn import check_path

        check_path(picture)
        check_unread(Path(picture), [image])
    from striate.retrieving import Index

    opened = Index(index, run, device, threads)
    if folder is not None:
        judged = opened.test(folder, bits=bits)
        _notes(judged.notes)
        print_json(judged.to_json()) if as_json else click.echo(str(judged))
    elif duplicates:
        _told(opened.duplicates(above), picture, as_json)
    else:
        _told(opened.find(image, count, bits=bits, approximate=approximate), picture, as_json)


def _told(found: Answers | Pairs, picture: str | None, as_json: bool) -> None:
    """Prints and draws what was found."""
    _notes(found.notes)
    if picture is not None and len(found):
        found.save(picture)
    if as_json:
        print_json(found.to_json())
        return
    for line in found.lines():
        click.echo(line)
    click.echo(f"picture: {picture}" if len(found) else "nothing found")


def _notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        say(note)
