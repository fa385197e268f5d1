"""The traditional rival of a network: features made by hand, then a classifier, on the same images and the same test.

>>> result = baseline("sobel", "digits")
>>> result.examples, result.accuracy > 0.9
(359, True)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from striate import data as data_sets
from striate.checks import check_number, path_of
from striate.data.amounts import single
from striate.data.cubes.dataset import spectra
from striate.data.cubes.splitting import SIDE, way_of
from striate.data.recipe import floats
from striate.errors import InputError
from striate.features import Feature, feature
from striate.rival import classifiers
from striate.rival.classifiers import Rows
from striate.tasks.saying import Say, silent
from striate.training.options import Options

CUBE = "cube"
SEEDS = 2**31  # the largest
LARGEST = 64  # pixels of the longer side; larger images are reduced
AT_ONCE = 1000  # images described together
DRAWN = 12
PICTURE = "features.png"


@dataclass(frozen=True)
class BaselineResult:
    """How features made by hand do on a data set.

    Attributes:
        features: The feature's name.
        classifier: "linear" or "rbf".
        data: The data set's name.
        accuracy: Fraction of the test images right.
        error: Fraction of them wrong.
        validation_accuracy: Fraction of the validation images right, which chose the classifier's C or gamma.
        examples: Test images.
        trained_on: Training images.
        dimensions: Numbers in one image's features.
        feature_seconds: To compute the features of all images, including validation and test.
        images_per_second: Images described per second.
        fit_seconds: To choose and fit the classifier.
        predict_seconds: To classify the test images from their features.
        notes: The decisions, one sentence each.
    """

    features: str
    classifier: str
    data: str
    accuracy: float
    error: float
    validation_accuracy: float
    examples: int
    trained_on: int
    dimensions: int
    feature_seconds: float
    images_per_second: float
    fit_seconds: float
    predict_seconds: float
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate baseline --json`."""
        return asdict(self) | {"notes": list(self.notes)}


def baseline(
    features: str,
    data: str | Path | data_sets.Dataset,
    *,
    classifier: str = "linear",
    seed: int = 0,
    validation: float = Options.validation,
    bad: str = "skip",
    task: str | None = None,
    split: str = "",
    side: int | None = None,
    out: str | Path | None = None,
    say: Say = silent,
    show: bool = False,
) -> BaselineResult:
    """Describe images by a feature made by hand, learn to classify them, and test.

    Args:
        features: A name of `striate.features.FEATURES`.
        data: As for `striate.train`.
        classifier: "linear" or "rbf".
        seed: Chooses the validation images, as in `striate.train`, and seeds the classifier.
        validation: Share of the training images kept for validation.
        bad: Whether files that can't be read are left out ("skip") or refused ("refuse").
        task: "cube" for an image of many bands, whose pixels are classified by their spectra: the features are "raw".
        split: How its pixels are divided, as for `striate.train`.
        side: Pixels of a side of what the network beside it reads, which a disjoint split keeps clear of; by default 9.
        out: A folder for `features.png`, test images beside their features; it is created if missing.
        say: Is given each decision as one sentence when it is made.
        show: Whether to draw a download's progress on standard error.

    Raises:
        InputError: A name that is not known, a package that is not installed, or data that are not images.
        WorkError: The data can't be fetched.
    """
    chosen = feature(features)
    classifiers.check(classifier)
    if task not in (None, CUBE):
        raise InputError(f"a rival for the task {task} is not there; leave `task` out, or say '{CUBE}'")
    if split and not task:
        raise InputError(f"split is for the task {CUBE}; say task='{CUBE}' too")
    if task and out is not None:
        raise InputError("out draws features of images; of single pixels there are none to see. Leave it out")
    check_number(seed, "seed", most=SEEDS)
    check_number(validation, "validation", least=0.001, most=0.9, whole=False)
    folder = None if out is None else path_of(out, "the folder `out`")
    dataset = _spectra(chosen, data, split, side or SIDE) if task else data_sets.load(data, bad=bad, progress=show)
    notes, unit = list[str](), "pixels" if task else "images"

    def tell(*lines: str) -> None:
        notes.extend(lines)
        for line in lines:
            say(line)

    tell(*dataset.notes)
    if task and side is None and way_of(split)[0] == "disjoint":
        tell(f"pixels: divided for a network that reads {SIDE}x{SIDE} of them; `beside` takes a run's own side")
    training, held, test = _splits(dataset, validation, seed)
    how = "the data's own" if dataset.validation else f"seed {seed}"
    parts, scaled = _pixels([training, held, test], unit)
    tell(
        *scaled,
        f"{unit}: {len(training):,} to train on, {len(held):,} for validation ({how}), {len(test):,} test",
        *data_sets.too_few(
            dataset.classes,
            {"training": training.labels, "validation": held.labels, "test": test.labels},
            unit=unit,
        ),
    )
    if folder is not None:
        path = _drawn(chosen, parts[2], [dataset.classes[label] for label in test.labels], folder)
        tell(f"picture: {path}")
    (x, x_held, x_test), feature_seconds = _timed(lambda: [_rows(chosen, part) for part in parts])
    tell(f"features: {chosen.says}, {x.shape[1]:,} numbers per {single(unit)}")
    y, y_held, y_test = (part.labels.numpy() for part in (training, held, test))
    learned, fit_seconds = _timed(lambda: classifiers.fit(classifier, x, y, x_held, y_held, seed=seed, unit=unit))
    tell(*learned.notes)
    predicted, predict_seconds = _timed(lambda: learned.predict(x_test))
    accuracy = float((predicted == y_test).mean())
    return BaselineResult(
        features=chosen.name,
        classifier=classifier,
        data=dataset.name,
        accuracy=accuracy,
        error=1 - accuracy,
        validation_accuracy=float((learned.predict(x_held) == y_held).mean()),
        examples=len(test),
        trained_on=len(training),
        dimensions=x.shape[1],
        feature_seconds=feature_seconds,
        images_per_second=sum(map(len, parts)) / feature_seconds,
        fit_seconds=fit_seconds,
        predict_seconds=predict_seconds,
        notes=tuple(notes),
    )


def _spectra(chosen: Feature, data: object, split: str, side: int) -> data_sets.Dataset:
    """The labelled pixels of an image of many bands."""
    if chosen.name != "raw":
        raise InputError(f"of single pixels there are spectra alone, which are 'raw'; {chosen.name} is of images")
    if not isinstance(data, str | Path):
        raise InputError("an image of many bands is a folder or a file")
    return spectra(data, split, side)


def _splits(
    dataset: data_sets.Dataset, validation: float, seed: int
) -> tuple[data_sets.Split, data_sets.Split, data_sets.Split]:
    """Training, validation and test images, as a training of a network takes them."""
    if len(dataset.train.form) != 3:
        axes = len(dataset.train.form) - 1
        raise InputError(f"these features are of images with two axes; {dataset.name} has {axes}")
    if dataset.test is None:
        raise InputError(f"{dataset.name} has no test images; give a data set that has some")
    return *dataset.split(validation, seed), dataset.test


def _pixels(given: list[data_sets.Split], unit: str) -> tuple[list[Tensor], list[str]]:
    """The images as float32 in 0..1, no larger than `LARGEST`, and notes on how they were changed."""
    notes = []
    height, width = given[0].form[1:]
    times = min(1.0, LARGEST / max(height, width))
    size = (max(1, round(height * times)), max(1, round(width * times)))
    parts = [_reduced(split, size) for split in given]
    if times < 1:
        notes.append(f"images: reduced from {height}x{width} to {size[0]}x{size[1]}")
    low, high = float(parts[0].min()), float(parts[0].max())
    if low < 0 or high > 1:
        parts = [((part - low) / (high - low)).clamp(0, 1) for part in parts]
        notes.append(f"{unit}: values {low:g}..{high:g} of the training {unit} scaled to 0..1")
    return parts, notes


def _reduced(split: data_sets.Split, size: tuple[int, int]) -> Tensor:
    """All images of a part as floats of this size; those in files are read some at a time."""
    if isinstance(split.images, Tensor):
        some = iter([split.images])
    else:
        files = split.images
        some = (files.read(range(start, min(start + AT_ONCE, len(files)))) for start in range(0, len(files), AT_ONCE))
    made = [floats(part) for part in some] if size == split.form[1:] else [_smaller(part, size) for part in some]
    return made[0] if len(made) == 1 else torch.cat(made)


def _smaller(images: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(floats(images), size=size, mode="bilinear", antialias=True)


def _rows(chosen: Feature, images: Tensor) -> Rows:
    return torch.cat([chosen.rows(part) for part in torch.split(images, AT_ONCE)]).numpy()


def _drawn(chosen: Feature, images: Tensor, names: list[str], folder: Path) -> Path:
    """Draws the first test image of each class, and further ones up to a dozen."""
    from striate.features.picture import save, sheet

    firsts = [names.index(name) for name in sorted(set(names))]
    others = [row for row in range(len(names)) if row not in firsts]
    rows = (firsts + others)[:DRAWN]
    folder.mkdir(parents=True, exist_ok=True)
    save(sheet(chosen, images[rows], [names[row] for row in rows]), folder / PICTURE)
    return folder / PICTURE


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    made = work()
    return made, time.perf_counter() - started
