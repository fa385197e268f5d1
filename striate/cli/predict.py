"""`striate predict RUN EXAMPLE...`: what a run says of examples."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from striate.cli.common import (
    Option,
    bad_files_option,
    device_option,
    engine_option,
    json_option,
    print_json,
    read_size,
    runs_first,
    say,
    threads_option,
    tta_option,
)
from striate.cli.pictures import Pictures, writing
from striate.errors import InputError
from striate.runs import devices

TABLE = "answers.csv"
WIDEST = 100  # characters to which names are filled up


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="RUN... EXAMPLES...")
@engine_option
@device_option
@threads_option
@tta_option
@click.option(
    "--tile",
    metavar="HxW",
    help="For boxes in images much larger than those of the training: look at tiles of so many pixels too.",
    cls=Option,
    also=("tiles", "slice", "slice-size"),
)
@bad_files_option
@click.option(
    "--out",
    metavar="FOLDER",
    help="Write all answers there as answers.csv, and what there is to see of each as PNG files under its name, of a "
    "video as a video.",
    cls=Option,
    also=("output", "outdir", "save", "savedir"),
)
@json_option
def command(
    words: tuple[str, ...],
    engine: str,
    device: str,
    threads: int | None,
    tta: bool,
    tile: str | None,
    bad: str,
    out: str | None,
    as_json: bool,
) -> None:
    """Say what EXAMPLES are: for images, files, folders that hold some, or videos; for images, signals or volumes, an
    .npz archive with `x` or an .npy file, one answer for each row; for a run on text, sentences or text files.

    RUN is a run's folder, or its model.safetensors alone, wherever that was copied to. Several answer together, by the
    mean of their probabilities.
    """
    if len(words) < 2:
        raise click.UsageError("Missing argument 'EXAMPLES...'", click.get_current_context())
    runs, examples = runs_first(words)
    if not examples:
        raise InputError("predict takes a run, or several, and then examples; there are no examples")
    devices.check(device)
    from striate.runs.run import Run  # the words are right: from here on it takes PyTorch

    opened: Any = Run(runs[0], device, engine, threads, say)
    if len(runs) > 1:
        if tta or tile:
            word = "tta shows views" if tta else "tile shows tiles"
            raise InputError(f"--{word} to one run, and here are {len(runs)}")
        from striate.runs.ensemble import Ensemble

        opened = Ensemble([opened, *(Run(run, device, engine, threads, say) for run in runs[1:])])
    alone: dict[str, Any] = {"tta": tta, "tile": read_size(tile, "--tile")} if len(runs) == 1 else {}
    made = opened.answers(*examples, bad=bad, **alone)
    pictures = Pictures(Path(out)) if out is not None else None
    answers = [replace(answer, pictures={}) for answer in (pictures.written(made) if pictures else made)]
    for note in opened.notes:
        say(note)
    if out is not None:
        _tabulated(answers, Path(out) / TABLE)
    if as_json:
        print_json([answer.to_json() for answer in answers])
        return
    paths = [click.format_filename(answer.path) for answer in answers]
    width = min(WIDEST, max(map(len, paths)))
    for path, answer in zip(paths, answers, strict=True):
        click.echo(f"{path:<{width}}  {answer.said}")
    if pictures is not None:
        drawn = pictures.said() or f"no pictures, for the task {opened.task.word} draws none"
        click.echo(f"{drawn}; the answers are in {pictures.folder / TABLE}")


def _tabulated(answers: Sequence[Any], path: Path) -> None:
    """One line for each answer: its name and its values; those that are lists as JSON.

    Raises:
        WorkError: It can't be written.
    """
    columns = list(dict.fromkeys(name for answer in answers for name in answer.values))
    with writing(path.parent), path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        table = csv.writer(file)
        table.writerow(["name", *columns])
        for answer in answers:
            table.writerow([answer.path, *(_cell(answer.values.get(name, "")) for name in columns)])


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
