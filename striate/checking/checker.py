"""Checking a data set of any task: finding out what it is, reading it once, and looking at all of it together."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from striate.data import array_files
from striate.data.dataset import Dataset
from striate.data.files import has_image
from striate.data.lazy import Lazy
from striate.data.loading import hub_at, is_packed, load, places_of
from striate.data.masks import NotMasksError
from striate.data.multilabel import load as load_labels
from striate.data.named import LOADERS
from striate.data.sentences import read
from striate.data.sentences.places import located
from striate.errors import InputError
from striate.tasks import known

from . import arrays, files, folders, measured, moves, sentences
from .comparing import copies
from .counting import classes
from .found import Checked, Finding, in_order
from .solid import OF_ARRAYS
from .survey import Listed, Survey

OF_FOLDERS: dict[str, Callable[[Path], Listed | None]] = {  # where several tasks find data in one folder
    "segment": folders.of_masks,
    "instances": folders.of_masks,
    "detect": folders.of_boxes,
    "localize": folders.of_boxes,
    "pose": folders.of_joints,
    "caption": folders.of_captions,
    "multilabel": folders.of_table,
    "classify": lambda path: folders.of_table(path) or folders.of_classes(path),
    "interpolate": folders.of_clips,
    "restore": folders.of_pictures,
    "stylize": folders.of_pictures,
}


def check(source: Any, *, task: str | None = None, more: Iterable[Finding] = (), progress: bool = False) -> Checked:
    """What is wrong or odd in a data set, which is never written to.

    Args:
        source: As for `striate.train`: a name, a folder, a table, an archive, or a data set.
        task: What a folder is for, where several tasks find their data in it; by default found out.
        more: What is known besides, as from `likely_wrong`.
        progress: Whether to draw progress on standard error.

    Raises:
        InputError: There is no such data, or none of that task.
    """
    try:
        survey = surveyed(source, progress) if task is None else _of_task(source, task, progress)
    except _UnusableError as error:
        return Checked(str(source), str(source), 0, {}, {}, (Finding("unusable", ".", str(error)),))
    findings = [*survey.findings, *classes(survey), *copies(survey), *more]
    parts, labels = Counter(survey.parts), Counter(survey.labels if survey.of_classes else ())
    return Checked(survey.name, str(source), len(survey), parts, labels, in_order(findings))


def _of_task(source: Any, task: str, progress: bool) -> Survey:
    """The examples of a data set, which is read for a task where it is a folder.

    Raises:
        InputError: There is no such task, or the folder holds nothing for it.
    """
    known.named(task)
    if task in measured.OF_TASKS:
        return _measured(source, task)
    if task in OF_ARRAYS:
        return _of_arrays(source, task)
    path = None if isinstance(source, Dataset) else next((one for one in places_of(source) if one.is_dir()), None)
    if path is None or task not in OF_FOLDERS:
        return surveyed(source, progress)
    try:
        listed = OF_FOLDERS[task](path)
    except InputError as error:
        raise _UnusableError(str(error)) from error
    if listed is None:
        raise InputError(f"'{source}' holds nothing for the task {task}; `striate tasks` says what it reads")
    return files.surveyed(listed, progress)


def _measured(source: Any, task: str) -> Survey:
    """Series or sounds.

    Raises:
        InputError: There are none.
    """
    for place in [] if isinstance(source, Dataset) else places_of(source):
        try:
            survey = measured.OF_TASKS[task](place)
        except InputError as error:
            raise _UnusableError(str(error)) from error
        if survey is not None:
            return survey
    raise InputError(f"'{source}' holds nothing for the task {task}; `striate tasks` says what it reads")


def _of_arrays(source: Any, task: str) -> Survey:
    """The volumes, pixels or clips of a place.

    Raises:
        InputError: There is no such place, or it holds nothing for the task.
    """
    path = None if isinstance(source, Dataset) else next((one for one in places_of(source) if one.exists()), None)
    if path is None:
        raise InputError(f"no file or folder '{source}'")
    try:
        found = OF_ARRAYS[task](path)
    except InputError as error:
        raise _UnusableError(str(error)) from error
    if found is None:
        raise InputError(f"'{source}' holds nothing for the task {task}; `striate tasks` says what it reads")
    return found


class _UnusableError(Exception):
    """There are data, and they can't be read as a whole."""


def surveyed(source: Any, progress: bool) -> Survey:
    """The examples of a data set, whatever it is."""
    if isinstance(source, Dataset):
        return _of_dataset(source, progress)
    word = str(source)
    path = next((place for place in places_of(word) if os.path.exists(place)), None)
    packed = hub_at(word) or is_packed(word)
    if word.lower() in LOADERS or (path is None and not packed):
        return arrays.surveyed(load(source, progress=progress))  # or it says that there is no such data
    try:
        if packed:
            return _of_dataset(load(source, hold_out=False, progress=progress), progress)
        assert path
        return _of_path(path, progress)
    except InputError as error:
        raise _UnusableError(str(error)) from error


def _of_dataset(dataset: Dataset, progress: bool) -> Survey:
    """The examples of a set that is open."""
    if dataset.test in (dataset.train, dataset.validation):  # it has no test part of its own
        dataset = replace(dataset, test=None)
    lazy = isinstance(dataset.train.images, Lazy)
    survey = files.surveyed(_packed(dataset), progress) if lazy else arrays.surveyed(dataset)
    survey.findings.extend(files.left_out(dataset.left_out, dataset.source))
    return survey


def _packed(dataset: Dataset) -> Listed:
    """The images that stay in their files, or in a few large ones."""
    items, labels, parts = list[object](), list[str](), list[str]()
    for part, split in dataset.parts.items():
        assert isinstance(split.images, Lazy)
        items += split.images.items or split.paths
        labels += [dataset.classes[label] for label in split.labels.tolist()]
        parts += [part] * len(split)
    return Listed(dataset.name, dataset.source, items, labels, parts)


def _of_path(path: Path, progress: bool) -> Survey:
    if path.suffix.lower() == ".npz":
        return _of_archive(path, progress)
    if path.is_dir() and (survey := moves.surveyed(path)):
        return survey
    if path.is_dir() and array_files.under(path):
        return _of_dataset(load(path, hold_out=False), progress)
    if path.is_dir() and not has_image(path) and (survey := measured.of_sounds(path)):
        return survey
    listed = _listed(path, progress)
    if listed is not None:
        return files.surveyed(listed, progress)
    place, found = located(path), read(path)
    if place is None or found is None:
        load(path)  # says what data there are
        raise InputError(f"'{path}' holds no data of any task")
    return sentences.surveyed(found, place)


def _listed(path: Path, progress: bool) -> Listed | None:
    """The image files of a path; None where it has none."""
    if path.is_dir():
        try:
            if found := folders.of_masks(path, progress):
                return found
        except NotMasksError:  # pairs of two photographs: their folders are classes
            pass
    if path.is_dir() and (found := folders.of_boxes(path)):
        return found
    if path.is_dir() and (found := folders.of_joints(path)):
        return found
    if found := folders.of_table(path):
        return found
    return folders.of_classes(path) if path.is_dir() and located(path) is None else None


def _of_archive(path: Path, progress: bool) -> Survey:
    rows = load_labels(path)
    if rows is None:
        return _of_dataset(load(path, hold_out=False), progress)
    train, *others = (rows.parts.get(part) for part in ("train", "test", "validation"))
    assert train
    test, validation = others
    dataset = Dataset(rows.name, rows.source, train, test, rows.labels, validation=validation)
    return arrays.surveyed(dataset)
