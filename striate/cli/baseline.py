"""`striate baseline FEATURES DATA`: features made by hand and a classifier, the traditional rival of a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from striate.cli.common import Known, bad_files_option, check_data, console, json_option, print_json, say, task_option
from striate.data.amounts import so_many
from striate.errors import InputError, nearest
from striate.features import FEATURES, feature
from striate.rival.classifiers import CLASSIFIERS
from striate.training.options import Options
from striate.training.saved import SavedRun

if TYPE_CHECKING:
    from striate.rival.rival import BaselineResult
    from striate.runs.run import Run
    from striate.tasks.judging import TestResult

OF_OTHERS = {"mfcc": "sounds", "dtw": "series", "bow": "sentences"}  # rivals for other data than images
TASKS = {"mfcc": "speech", "dtw": "series", "bow": "text"}
FIXED = {"dtw": "takes the nearest series", "bow": "has logistic regression"}  # those that leave no choice


@click.command()
@click.argument("features")
@click.argument("data")
@click.option("--classifier", type=Known(CLASSIFIERS), help="By default linear; dtw and bow leave no choice.")
@click.option("--seed", type=click.IntRange(min=0, max=2**31), help="As for train; by default 0, or that of --beside.")
@click.option("--out", metavar="FOLDER", help="Draw test images beside their features, as FOLDER/features.png.")
@click.option("--beside", metavar="RUN", help="A network's run, to test on the same images.")
@task_option
@click.option(
    "--split",
    metavar="SPLIT",
    help="For the pixels of one image of many bands, as for train: random:0.1 or disjoint:0.5; of --beside by default.",
)
@bad_files_option
@json_option
def command(
    features: str,
    data: str,
    classifier: str | None,
    seed: int | None,
    out: str | None,
    beside: str | None,
    task: str | None,
    split: str | None,
    bad: str,
    as_json: bool,
) -> None:
    """Describe the images of DATA by FEATURES made by hand, learn to classify them, and test.

    FEATURES is raw, sobel, robinson, hog, sift or surf; mfcc for words (speech), dtw for series, of which it takes the
    nearest, bow (a bag of words) for sentences. Training, validation and test examples are those on which `striate
    train` trains and tests a network, but dtw takes no validation examples out of those to train on; hog and sift need
    `pip install "striate[baseline]"`. With `--task cube` they are the pixels of an image of many bands, and the
    features are raw, their spectra.
    """
    features = _word(features, data)
    if features not in OF_OTHERS:
        feature(features)
        check_data(data, task)
    else:
        _check_other(features, {"out": out, "split": split, "task": task, "classifier": classifier})
    if beside:
        SavedRun.open(Path(beside))
    from striate.rival.others import against  # the words are right: from here on it takes PyTorch
    from striate.rival.rival import baseline

    run = _beside(beside, data) if beside else None
    options = run.config["options"] if run else Options().to_json()
    seed, validation = options["seed"] if seed is None else seed, options["validation"]
    if features in OF_OTHERS:
        result = against(features, data, classifier or "linear", seed, validation, bad, say)
    else:
        how = {
            "classifier": classifier or "linear",
            "seed": seed,
            "validation": validation,
            "task": task,
            **_pixels(run, split),
        }
        result = baseline(features, data, **how, bad=bad, out=out, say=say, show=not as_json)
    tested = run.test(bad=bad) if run else None
    if as_json:
        print_json(result.to_json() | ({"beside": {"run": beside, **tested.to_json()}} if tested else {}))
        return
    unit = OF_OTHERS.get(features, "pixels" if task else "images")
    described = f"{result.feature_seconds:.2f} s ({result.images_per_second:,.0f} {unit}/s)"
    click.echo(f"features {described}, fit {result.fit_seconds:.2f} s, predict {result.predict_seconds:.2f} s")
    if run and tested:
        _table(result, run, tested, unit)
        return
    click.echo(f"accuracy {result.accuracy:.2%}, error {result.error:.2%}, {so_many(result.examples, unit)}")


def _word(features: str, data: str) -> str:
    """What features are called.

    Raises:
        InputError: They are none.
    """
    known = [*FEATURES, *OF_OTHERS]
    if features.lower() in known:
        return features.lower()
    order = "; features come first, then the data" if data.lower() in known else ""
    raise InputError(f"no feature '{features}'{nearest(features, known)}; there are {', '.join(known)}{order}")


def _check_other(features: str, given: dict[str, str | None]) -> None:
    """Check what was given for a rival that describes no images.

    Raises:
        InputError: An option would have no effect.
    """
    if given["out"]:
        raise InputError(f"--out draws features of images; {features} has none. Leave it out")
    if given["split"]:
        raise InputError(f"--split is for the pixels of one image of many bands; leave it out with {features}")
    if given["task"] not in (None, TASKS[features]):
        raise InputError(f"{features} is for the task {TASKS[features]}, not '{given['task']}'; leave --task out")
    if given["classifier"] and features in FIXED:
        raise InputError(f"{features} {FIXED[features]} and no other classifier; leave --classifier out")


def _beside(path: str, data: str) -> Run:
    """The run, which must be of the same data: only then are the images the same to train and to test on."""
    from striate.runs.command import source_key
    from striate.runs.run import Run

    run = Run(path)
    source = run.config["data"]["source"]
    if not source or source_key(source) != source_key(data):
        raise InputError(f"--beside takes a run trained on {data}; {path} was trained on {source or 'other data'}")
    return run


def _pixels(run: Run | None, split: str | None) -> dict[str, Any]:
    """How the pixels of an image of many bands are divided: as for the run beside, or as was asked for."""
    from striate.tasks.cube import CubeTask

    if run is None or not isinstance(run.task, CubeTask):
        return {"split": split or ""}
    return {"split": split or run.task.split, "side": run.task.side}


def _table(result: BaselineResult, run: Run, tested: TestResult, unit: str) -> None:
    from rich import box
    from rich.table import Table

    table = Table(title=f"test {unit} of {result.data}", box=box.SIMPLE_HEAD, title_justify="left")
    for title in ("", "error", "accuracy", unit):
        table.add_column(title, justify="left" if not title else "right")
    sides = ((f"{result.features}, {result.classifier}", result), (f"{run.network.name} ({run.path})", tested))
    for name, side in sides:
        table.add_row(name, f"{side.error:.2%}", f"{side.accuracy:.2%}", f"{side.examples:,}")
    console().print(table)
