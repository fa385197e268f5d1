"""`striate slide RUN IMAGE...`: what a run's network finds in images, and where."""

from __future__ import annotations

from pathlib import Path

import click

from striate.cli.common import Option, bad_files_option, check_run, json_option, print_json, say
from striate.data.writing import check_apart, check_unread
from striate.errors import WorkError

ONE, SEVERAL = "slide.png", "slide"  # where pictures go, where nobody says


@click.command()
@click.argument("run")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@bad_files_option
@click.option(
    "--out",
    metavar="PATH",
    help="The picture with its boxes, or for several images a folder of them; by default slide.png or the folder "
    "slide, and none with --json.",
    cls=Option,
    also=("output", "save", "file", "picture", "outdir"),
)
@json_option
def command(run: str, images: tuple[str, ...], bad: str, out: str | None, as_json: bool) -> None:
    """Find and read all characters or objects in IMAGEs, files or folders, by the network of RUN.

    Each find is a line: what, how sure, and its box, in reading order. The images may have any size.
    """
    check_run(run)
    for name in (out,) if out is not None else () if as_json else (ONE, SEVERAL):
        check_unread(Path(name), images)
        check_apart(Path(name), images, [".png"])
    from striate.finding import slide
    from striate.runs.run import Run

    opened = Run(run, "cpu")
    seen = slide(opened, *images, bad=bad)
    for note in opened.notes:
        say(note)
    several = len(seen) > 1
    if out is None and not as_json:
        out = SEVERAL if several else ONE
    places = [] if out is None else _places([one.path for one in seen], Path(out), several)
    for one, place in zip(seen, places, strict=False):
        one.save(place)
    if as_json:
        print_json([one.to_json() for one in seen])
        return
    for one in seen:
        click.echo(str(one))
        for line in one.lines():
            click.echo(f"  {line}")
    click.echo(f"pictures: {out}" if several else f"picture: {out}")


def _places(paths: list[str], out: Path, several: bool) -> list[Path]:
    """Where the pictures go: the file itself, or a folder in which equal names are numbered.

    Raises:
        WorkError: The folder can't be made.
    """
    if not several:
        return [out]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkError(f"can't write to {out}: {error.strerror}") from None
    taken: dict[str, int] = {}
    places = []
    for path in paths:
        stem = Path(path).stem
        taken[stem] = taken.get(stem, 0) + 1
        places.append(out / f"{stem if taken[stem] == 1 else f'{stem}-{taken[stem]}'}.png")
    return places
