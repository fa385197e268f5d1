"""`striate predict RUN EXAMPLE...`: what a run says of examples."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
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
    runs_first,
    say,
    threads_option,
    tta_option,
)
from striate.errors import InputError, WorkError
from striate.runs import devices

TABLE = "answers.csv"
WIDEST = 100  # characters to which names are filled up


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="RUN... EXAMPLES...")
@engine_option
@device_option
@threads_option
@tta_option
@bad_files_option
@click.option(
    "--out",
    metavar="FOLDER",
    help="Write all answers there as answers.csv, and what there is to see of each as PNG files under its name.",
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
    bad: str,
    out: str | None,
    as_json: bool,
) -> None:
    """Say what EXAMPLES are: for images, files or folders that hold some; for images, signals or volumes, an .npz
    archive with `x` or an .npy file, one answer for each row; for a run on text, sentences or text files.

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
        if tta:
            raise InputError(f"--tta shows views to one run, and here are {len(runs)}")
        from striate.runs.ensemble import Ensemble

        opened = Ensemble([opened, *(Run(run, device, engine, threads, say) for run in runs[1:])])
    answers = opened.predict(*examples, bad=bad, **({"tta": True} if tta else {}))
    for note in opened.notes:
        say(note)
    written = [] if out is None else _written(answers, Path(out))
    if as_json:
        print_json([answer.to_json() for answer in answers])
        return
    paths = [click.format_filename(answer.path) for answer in answers]
    width = min(WIDEST, max(map(len, paths)))
    for path, answer in zip(paths, answers, strict=True):
        click.echo(f"{path:<{width}}  {answer.said}")
    if out is not None:
        drawn = f"{len(written)} pictures" if written else f"no pictures, for the task {opened.task.word} draws none"
        click.echo(f"{drawn}; the answers are in {Path(out) / TABLE}")


def _written(answers: Sequence[Any], folder: Path) -> list[Path]:
    """Writes a table of all answers, and their pictures; examples of one name from several folders are numbered.

    Returns:
        The pictures.

    Raises:
        WorkError: They can't be written.
    """
    taken: dict[str, int] = {}
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _tabulated(answers, folder / TABLE)
        for answer in answers:
            stem = Path(answer.path).stem
            taken[stem] = taken.get(stem, 0) + 1
            name = stem if taken[stem] == 1 else f"{stem}-{taken[stem]}"
            for suffix, content in answer.pictures.items():
                written.append(folder / f"{name}{suffix}.png")
                written[-1].write_bytes(content)
    except OSError as error:
        raise WorkError(f"can't write to {folder}: {error.strerror}") from None
    return written


def _tabulated(answers: Sequence[Any], path: Path) -> None:
    """One line for each answer: its name and its values; those that are lists as JSON."""
    columns = list(dict.fromkeys(name for answer in answers for name in answer.values))
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        table = csv.writer(file)
        table.writerow(["name", *columns])
        for answer in answers:
            table.writerow([answer.path, *(_cell(answer.values.get(name, "")) for name in columns)])


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
