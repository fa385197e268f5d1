"""`striate sample RUN`: pictures that a run has learned to make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from striate.cli.common import (
    Option,
    check_run,
    device_option,
    engine_option,
    json_option,
    print_json,
    say,
    threads_option,
)
from striate.cli.pictures import ENDS, Pictures, writing
from striate.data.writing import check_apart, check_folder, whole
from striate.errors import InputError
from striate.runs import devices

GRID = "samples.png"
COUNT, WALKED = 64, 8  # pictures, where nobody says
SUFFIXES = (".png", ".jpg")
SEEN = 64  # pixels of the longer side of a picture on a sheet, about


@click.command()
@click.argument("run", metavar="RUN")
@click.option(
    "--class",
    "classes",
    metavar="CLASSES",
    help="Of which classes, by name or number, with commas; by default all in turn.",
    cls=Option,
    also=("classes", "label", "labels", "prompt"),
)
@click.option(
    "-n",
    "--count",
    type=click.IntRange(1),
    metavar="N",
    help=f"How many pictures; by default {COUNT}, and {WALKED} of a walk.",
    cls=Option,
    also=("number", "num-samples", "samples"),
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another one makes other pictures.")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="From noise to picture; more are more exact.")
@click.option(
    "--guidance",
    type=float,
    metavar="STRENGTH",
    help="Above 1, pictures are more like their class, and less unlike each other.",
    cls=Option,
    also=("scale", "cfg", "guidance-scale"),
)
@click.option("--walk", metavar="A,B", help="On the way from a picture of class A to one of class B, or of the same.")
@click.option(
    "--nearest", metavar="FILE", help="Also a picture of the samples, each above the training picture nearest to it."
)
@click.option(
    "--judge",
    metavar="RUN",
    help="A run that tells the classes apart: print how many samples it takes for their class, and the Fréchet "
    "distance from the test pictures. -n and --class are then those of the test pictures.",
    cls=Option,
    also=("fid", "classifier"),
)
@click.option(
    "--grid",
    metavar="FILE",
    help=f"All samples as one picture; by default {GRID}, and none with --out or --json.",
    cls=Option,
    also=("sheet",),
)
@click.option(
    "--out",
    metavar="FOLDER",
    help="Write each sample there, as a PNG file named by its class.",
    cls=Option,
    also=("output", "outdir", "save"),
)
@engine_option
@device_option
@threads_option
@json_option
def command(run: str, classes: str | None, count: int | None, judge: str | None, as_json: bool, **words: Any) -> None:
    """Make pictures by RUN, which has learned the task generate: `striate train flow-unet mnist --task generate`.

    RUN is a run's folder, or its model.safetensors alone.
    """
    check_run(run)
    kinds, ends = _read(classes, count, judge, words)
    devices.check(words["device"])
    from striate.runs.run import Run  # the words are right: from here on it takes PyTorch
    from striate.sampling import resemblance, sample, walk

    opened = Run(run, words["device"], words["engine"], words["threads"], say)
    _check_data(opened.config["data"]["source"], words)
    how = {name: words[name] for name in ("seed", "steps", "guidance")}
    facts: dict[str, Any] = {"run": run, "seed": words["seed"]}
    lines: list[str] = []
    if judge is not None:
        found, samples = resemblance(opened, Run(judge, words["device"]), **how)
        lines, facts = found.said(), {**facts, "judge": judge, **found.to_json()}
    elif ends:
        samples = walk(opened, ends[0], ends[1], WALKED if count is None else count, **how)
    else:
        samples = sample(opened, kinds, COUNT if count is None else count, **how)
    written = _written(opened, samples, words, as_json)
    for note in opened.notes:
        say(note)
    if as_json:
        print_json({**facts, **{name: value for name, (value, _) in written.items()}})
        return
    for line in (*lines, *filter(None, (line for _, line in written.values()))):
        click.echo(line)


def _read(
    classes: str | None, count: int | None, judge: str | None, words: dict[str, Any]
) -> tuple[list[str] | None, list[str] | None]:
    """The classes that are asked for, and those of the ends of a walk.

    Raises:
        InputError: Words that do not go together, or that can't be read.
    """
    if judge is not None:
        check_run(judge)
        if words["walk"] or classes or count:
            raise InputError("--judge takes samples of the test pictures' classes; leave out --walk, --class and -n")
    if words["walk"] and classes:
        raise InputError("--walk says which classes its ends have; leave out --class")
    if words["out"] is not None:
        check_folder(Path(words["out"]))
    for flag in ("grid", "nearest"):
        if words[flag] is not None and Path(words[flag]).suffix.lower() not in SUFFIXES:
            raise InputError(
                f"--{flag} names a picture, which ends in {' or '.join(SUFFIXES)}. Received: {words[flag]}"
            )
    ends = None if words["walk"] is None else [word.strip() for word in words["walk"].split(",")]
    if ends is not None and (len(ends) != 2 or not all(ends)):
        raise InputError(f"--walk takes the classes of its two ends, as in --walk 3,8. Received: {words['walk']}")
    return None if classes is None else [word.strip() for word in classes.split(",")], ends


def _check_data(source: str, words: dict[str, Any]) -> None:
    """Check that nothing of the data that a run has learned from could be written over.

    Raises:
        InputError: It could.
    """
    if words["out"] is not None:
        check_apart(Path(words["out"]), [source], ENDS)
    for flag in ("grid", "nearest"):
        if words[flag] is not None:
            check_apart(Path(words[flag]).parent, [source], [Path(words[flag]).name.lower()])


def _written(opened: Any, samples: Any, words: dict[str, Any], as_json: bool) -> dict[str, tuple[Any, str]]:
    """Writes what is asked for; what there is to tell of it, each for programs and in a line."""
    from striate.sampling.beside import beside_nearest
    from striate.sampling.samples import as_answers, task_of

    out, grid, near = words["out"], words["grid"], words["nearest"]
    told: dict[str, tuple[Any, str]] = {"samples": (len(samples), "")}
    told["classes"] = ([samples.classes[label] for label in samples.labels], "")
    if out is not None:
        pictures = Pictures(Path(out))
        names = [f"{answer.path}.png" for answer in pictures.written(as_answers(samples, task_of(opened)))]
        told["files"] = (names, f"{pictures.said()} in {out}")
    if grid is None and out is None and not as_json:
        grid = GRID
    if grid is not None:
        _save(samples.grid(), samples.pictures.shape[2:], Path(grid))
        told["grid"] = (grid, f"grid: {grid}")
    if near is not None:
        sheet, apart = beside_nearest(opened, samples)
        _save(sheet, samples.pictures.shape[2:], Path(near))
        said = f"nearest training pictures: {near}; {sorted(apart)[len(apart) // 2]:.4f} apart in the median"
        told |= {"nearest_picture": (near, said), "apart": (apart, "")}
    return told


def _save(sheet: Any, size: tuple[int, int], path: Path) -> None:
    """A sheet of pictures of this (height, width); small ones are enlarged by a whole factor, to be looked at."""
    from PIL import Image

    times = max(1, SEEN // max(size))
    with writing(path.parent), whole(path) as unfinished:
        Image.fromarray(sheet.repeat(times, 0).repeat(times, 1)).save(unfinished)
