"""The tasks there are: every module of this package that defines one, and those that a program adds.

>>> [task.word for task in known()][:1]
['classify']
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from striate import tasks
from striate.data.examples import Opened
from striate.errors import InputError, nearest, several_tasks
from striate.tasks.task import Task, Wish

FALLBACK = "classify"  # tried last: it says what is wrong with data that are of no task
ALSO = {  # what others call them
    "caption": ("captions", "captioning", "image-captioning", "describe", "show-and-tell"),
    "classify": ("classification", "class", "cls", "label"),
    "clip": ("video", "action", "actions", "video-classification", "motion"),
    "cube": ("hyperspectral", "spectral", "bands", "satellite", "hsi"),
    "detect": ("detection", "detector", "object-detection", "boxes", "yolo"),
    "generate": ("generation", "gan", "vae", "diffusion", "sampling", "synthesis", "dcgan", "ddpm"),
    "localize": ("localization", "localise", "localisation"),
    "interpolate": ("interpolation", "frame-interpolation", "slow-motion", "slowmo", "fps", "rife", "sepconv"),
    "instances": ("instance", "instance-segmentation", "objects", "stardist", "cells", "nuclei"),
    "multilabel": ("multi", "labels", "tags", "tagging", "multi-label"),
    "play": ("game", "games", "atari", "imitate", "imitation", "policy", "uct", "dagger"),
    "pose": ("keypoints", "keypoint", "joints", "skeleton", "deeppose"),
    "restore": ("restoration", "super-resolution", "superresolution", "sr", "denoise", "denoising", "deblur"),
    "segment": ("segmentation", "semantic", "seg", "mask"),
    "series": ("time-series", "timeseries", "signals", "signal", "ucr", "ecg", "tsc"),
    "speech": ("sound", "sounds", "audio", "wav", "words", "asr", "keyword", "keywords", "speech-commands"),
    "stylize": ("stylise", "style", "style-transfer", "fast-style", "johnson"),
    "volume": ("3d", "volumetric", "voxels", "nifti", "mri", "scan"),
    "text": ("nlp", "sentence", "sentences", "sentiment"),
}
_added: list[type[Task]] = []


def add(task: type[Task]) -> type[Task]:
    """Makes a task of one's own known, in this process; may be used as a decorator."""
    _added[:] = [one for one in _added if one.word != task.word] + [task]
    return task


def remove(task: type[Task]) -> None:
    """Makes a task of one's own unknown again."""
    _added[:] = [one for one in _added if one is not task]


def known() -> tuple[type[Task], ...]:
    """All tasks, classification first."""
    found = {task.word: task for task in (*_of_package(), *_added)}
    return tuple(sorted(found.values(), key=lambda task: task.word != FALLBACK))


@cache
def _of_package() -> tuple[type[Task], ...]:
    modules = (import_module(f"{tasks.__name__}.{module.name}") for module in iter_modules(tasks.__path__))
    return tuple(
        one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Task) and one.__module__ == module.__name__ and _whole(one)
    )


def _whole(task: type[Task]) -> bool:
    return bool(task.__dict__.get("word")) and not inspect.isabstract(task)


def named(word: str) -> type[Task]:
    """The task that is called so.

    Raises:
        InputError: There is none.
    """
    found = {task.word: task for task in known()}
    if word not in found:
        raise InputError(f"no task '{word}'{nearest(word, found, ALSO)}; there are {', '.join(found)}")
    return found[word]


def opened(source: Any, wish: Wish, word: str | None = None) -> tuple[Task, Opened]:
    """The data, and the task that they are for: the one called `word`, or the one that finds its own in them.

    Raises:
        InputError: They are no data of that task, or of any, or of several.
    """
    if word is not None:
        task = named(word).form(wish.heads)
        found = task.open(source, replace(wish, named=True))
        if found is None:
            raise InputError(task.nothing_at(source))
        return found
    tried = [(task.word, task.open(source, wish)) for task in known() if task.word != FALLBACK]
    found_by = {word: found for word, found in tried if found is not None}
    if len(found_by) > 1:
        raise InputError(several_tasks(source, found_by))
    return next(iter(found_by.values())) if found_by else opened(source, wish, FALLBACK)


def of_run(config: Mapping[str, Any]) -> Task:
    """The task of a run with this configuration; one from before there were tasks has its facts with its data.

    Raises:
        InputError: It is not known, or its facts are not whole.
    """
    return saved(config.get("task", config["data"]))


def saved(facts: Mapping[str, Any]) -> Task:
    """The task of a saved run.

    Raises:
        InputError: It is not known, or its facts are not whole.
    """
    task = named(str(facts.get("word", FALLBACK))).form(facts.get("heads", ()))
    try:
        return task.from_facts(facts)
    except (TypeError, ValueError) as error:
        raise InputError(f"the saved run lacks facts of its task {task.word}: {error}") from None
