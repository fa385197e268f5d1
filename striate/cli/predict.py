"""`striate predict RUN EXAMPLE...`: what a run says of examples."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from striate.cli.common import (
    Option,
    bad_files_option,
    beam_option,
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
from striate.cli.pictures import ENDS, Pictures, writing
from striate.data.files import walk
from striate.data.progress import bar
from striate.data.video import is_video, num_frames
from striate.data.writing import check_apart, check_folder, whole
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
@click.option(
    "--factor",
    type=int,
    metavar="N",
    help="For frames between frames: 2, 4, 8 or 16 times as many; of videos as many times as many a second.",
    cls=Option,
    also=("times", "fps-factor", "multi", "exp"),
)
@beam_option
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
    factor: int | None,
    beam: int | None,
    bad: str,
    out: str | None,
    as_json: bool,
) -> None:
    """Say what EXAMPLES are: for images, files, folders that hold some, or videos; for images, signals or volumes, an
    .npz archive with `x` or an .npy file, one answer for each row; for classes of voxels .nii, .nii.gz or .npy files;
    for images of many bands .npy or .mat; for clips videos, folders of frames or arrays; for a run on text, sentences
    or text files.

    RUN is a run's folder, or its model.safetensors alone, wherever that was copied to. Several answer together, by the
    mean of their probabilities.
    """
    if len(words) < 2:
        raise click.UsageError("Missing argument 'EXAMPLES...'", click.get_current_context())
    runs, examples = runs_first(words)
    if not examples:
        raise InputError("predict takes a run, or several, and then examples; there are no examples")
    if out is not None:
        check_folder(Path(out))
        check_apart(Path(out), examples, (*ENDS, TABLE))
    devices.check(device)
    from striate.runs.run import Run  # the words are right: from here on it takes PyTorch

    opened: Any = Run(runs[0], device, engine, threads, say)
    if beam is not None:
        opened.searches(beam)
    if len(runs) > 1:
        if tta or tile or factor or beam:
            given = {"tta shows views": tta, "tile shows tiles": tile, "factor asks for more frames": factor}
            word = next((word for word, asked in given.items() if asked), "beam seeks in words")
            raise InputError(f"--{word} to one run, and here are {len(runs)}")
        from striate.runs.ensemble import Ensemble

        opened = Ensemble([opened, *(Run(run, device, engine, threads, say) for run in runs[1:])])
    alone: dict[str, Any] = {"tta": tta, "tile": read_size(tile, "--tile"), "factor": factor} if len(runs) == 1 else {}
    made = opened.answers(*examples, bad=bad, **alone)
    times = opened.task.times if factor is None else factor
    pictures = Pictures(Path(out), times) if out is not None else None
    with (
        bar("predict", num_asked(examples, times), show=True) as advance,
        closing(pictures.written(made) if pictures else made) as seen,
    ):
        answers = [_done(answer, advance) for answer in seen]
    for note in (*opened.notes, *(pictures.notes if pictures else ())):
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


def num_asked(examples: Sequence[str], times: int) -> int | None:
    """About how many answers there will be, for a bar, so many for each; None where nobody knows before the end."""
    paths = [Path(one) for one in examples]
    if not all(path.exists() for path in paths):
        return None
    counts = [num_frames(path) if is_video(path) else len(walk(path).images) if path.is_dir() else 1 for path in paths]
    return times * sum(counts) if all(counts) else None


def _done(answer: Any, advance: Callable[[int], None]) -> Any:
    advance(1)
    return answer.light()


def _tabulated(answers: Sequence[Any], path: Path) -> None:
    """One line for each answer: its name and its values; those that are lists as JSON.

    Raises:
        WorkError: It can't be written.
    """
    columns = list(dict.fromkeys(name for answer in answers for name in answer.values))
    made = ([answer.path, *(_cell(answer.values.get(name, "")) for name in columns)] for answer in answers)
    with (
        writing(path.parent),
        whole(path) as unfinished,
        unfinished.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        csv.writer(file).writerows([["name", *columns], *made])


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
