"""The command line that repeats a training or a test, kept with its run and in its report.

>>> repeats("lenet5", "mnist", Options(epochs=3), {"n": 2}, {"engine": "torch", "device": "auto", "size": (64, 48)})
'striate train lenet5 mnist --epochs 3 --engine torch --size 64x48 --set n=2'
"""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from striate import data, zoo
from striate.data.fetch import data_folder
from striate.data.loading import is_address
from striate.notation import Network, render
from striate.notation.sizes import size_text
from striate.training.options import Options

FROM_PYTHON = "(trained from Python with data or a loss of its own)"


def repeats(
    net: str | Path | Network,
    dataset: Any,
    options: Options,
    letters: Mapping[str, int | float],
    asked: Mapping[str, Any],
) -> str:
    """The command that repeats a training started from Python; `asked` holds flags, and those of None are omitted."""
    name = str(net)
    if isinstance(net, Network):
        in_zoo = net.name in zoo.names()
        name, letters = (net.name, {**dict(net.letters), **letters}) if in_zoo else (render(net), {})
    source = source_name(dataset)
    changed = {
        field.name: getattr(options, field.name)
        for field in dataclasses.fields(options)
        if getattr(options, field.name) != field.default
    }
    given = {word: value for word, value in asked.items() if value not in (None, "auto")}
    given |= {"size": size_text(given["size"])} if "size" in given else {}
    words = [*_flags(changed | given), *(f"--set {letter}={value}" for letter, value in letters.items())]
    return " ".join(["striate train", shlex.quote(name), shlex.quote(source), *words])


def source_name(source: Any) -> str:
    """A data source as it was named."""
    return str(getattr(source, "source", source))


def source_key(source: Any) -> str:
    """What identifies a data source: a set's name, or the place that a path leads to."""
    if hasattr(source, "source"):
        return str(source.source)
    if isinstance(source, str) and source.lower() in data.names():
        return source.lower()
    if is_address(source):
        return str(source)
    path, root = Path(source).expanduser(), data_folder()
    if root and not path.is_absolute() and not os.path.exists(path):
        path = root / path  # where `data.load` looks next
    return str(path.resolve())


def goes_on(before: str, path: str | Path, source: str, options: Mapping[str, object]) -> str:
    """The commands so far, and the one that goes on with that run; options of None were not given.

    >>> goes_on("striate train lenet5 mnist", "my run", "", {"epochs": 9, "lr": None})
    "striate train lenet5 mnist && striate resume 'my run' --epochs 9"
    """
    given = {name: value for name, value in options.items() if value is not None}
    words = [shlex.quote(word) for word in (str(path), source) if word]
    return " ".join([before, "&& striate resume", *words, *_flags(given)])


def resumes(path: str | Path) -> str:
    """What to type to go on with a run to its planned end.

    >>> resumes("my run")
    "striate resume 'my run'"
    """
    return shlex.join(["striate", "resume", str(path)])


def judges(path: str | Path, source: str) -> str:
    """What to type to test a run on these data once more and to have the page of it.

    >>> judges("my run", "more/images")
    "striate test 'my run' more/images --report"
    """
    return shlex.join(["striate", "test", *filter(None, (str(path), source)), "--report"])


def _flags(options: Mapping[str, object]) -> list[str]:
    return [f"--{name.replace('_', '-')} {shlex.quote(str(value))}" for name, value in options.items()]
