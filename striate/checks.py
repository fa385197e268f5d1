"""Whether what a caller in Python hands over is of the right kind, said in one line where it is not.

>>> check_number(3, "rounds", least=2)
>>> path_of("runs/a", "a run").name
'a'
"""

import math
import os
from pathlib import Path
from typing import Any

from striate.errors import InputError


def check_number(value: object, name: str, *, least: float = 0, most: float = math.inf, whole: bool = True) -> None:
    """Whether `value` is a number from `least` to `most`.

    Raises:
        InputError: It is not; the line begins with `name`.
    """
    if not isinstance(value, int if whole else int | float) or isinstance(value, bool):
        raise InputError(f"{name} must be a {'whole ' if whole else ''}number. Received: {value!r}")
    if not least <= value <= most:
        limit = "" if most == math.inf else f" to {most:,}"
        raise InputError(f"{name} must be from {least:g}{limit}. Received: {value:g}")


def path_of(value: Any, what: str) -> Path:
    """The path of `what`: "a run".

    Raises:
        InputError: It is no path.
    """
    if not isinstance(value, str | os.PathLike):
        raise InputError(f"{what} is given by its path. Received: {type(value).__name__}")
    return Path(value)


def check_kind(value: object, kind: Any, rule: str) -> None:
    """Whether `value` is of a class; the line begins with `rule`.

    Raises:
        InputError: It is not.
    """
    if not isinstance(value, kind):
        raise InputError(f"{rule}. Received: {type(value).__name__}")
