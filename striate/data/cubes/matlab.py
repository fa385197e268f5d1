"""MATLAB's files, read by a process of their own: a damaged one may end SciPy's reader by a signal, not an error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import WorkError, first_line

from ..opening import ImageError
from ..worker import START, ask
from ..workers import GONE


def arrays_of(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of numbers, by name.

    Raises:
        NotImplementedError: It is of a kind that SciPy does not read.
        ValueError: It is damaged.
        WorkError: The process that reads it can't be started, or fails by itself.
    """
    command = [sys.executable, "-c", START.format(path=[str(one) for one in sys.path])]
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError as error:
        raise WorkError(f"no process can be started that reads '{path}': {error.strerror}") from None
    try:
        with process:
            assert process.stdin
            assert process.stdout
            ((found, why),) = ask(process.stdout, process.stdin, _numbers, [path])
    except GONE:
        if process.returncode >= 0:
            raise WorkError(f"the process that reads '{path}' ended with {process.returncode}") from None
        why = "SciPy's reader breaks down over it"
    if why:
        raise ValueError(why)
    if isinstance(found, str):
        raise NotImplementedError(found)
    arrays: dict[str, NDArray[Any]] = found
    return arrays


def _numbers(path: Path) -> dict[str, NDArray[Any]] | str:
    """What that process finds; or why SciPy does not read files of this kind.

    Raises:
        ImageError: It is damaged.
    """
    from scipy.io import loadmat

    try:
        found = {name: one for name, one in loadmat(path).items() if isinstance(one, np.ndarray)}
    except (NotImplementedError, TypeError) as error:
        return first_line(error)
    except Exception as error:  # of a damaged file it raises errors of many kinds
        raise ImageError(path, first_line(error)) from None
    return {name: one for name, one in found.items() if one.dtype.kind in "buif"}
