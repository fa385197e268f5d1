"""MATLAB's files, read by a process of their own: a damaged one may end SciPy's reader by a signal, not an error."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import first_line

READ = "import sys; sys.path[:] = {path!r}; from striate.data.cubes.matlab import main; sys.exit(main(*sys.argv[1:]))"
BEFORE = "of "  # a name in the copy: without it `file` would be an argument of NumPy's
DAMAGED, OTHER = 1, 3  # how that process ends: the file is damaged, or of a kind that SciPy does not read


def arrays_of(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of numbers, by name.

    Raises:
        NotImplementedError: It is of a kind that SciPy does not read.
        ValueError: It is damaged.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "arrays.npz"
        command = [sys.executable, "-c", READ.format(path=sys.path), str(path), str(copy)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            with np.load(copy, allow_pickle=False) as found:
                return {name.removeprefix(BEFORE): array for name, array in found.items()}
    said = (done.stdout.splitlines() or ["SciPy's reader breaks down over it"])[-1]
    raise (NotImplementedError if done.returncode == OTHER else ValueError)(said)


def main(path: str, copy: str) -> int:
    """As that process: copy the arrays into an .npz, or say what is wrong in a line."""
    from scipy.io import loadmat

    try:
        found = {name: one for name, one in loadmat(path).items() if isinstance(one, np.ndarray)}
        numbers: dict[str, Any] = {BEFORE + name: one for name, one in found.items() if one.dtype.kind in "buif"}
        np.savez(copy, **numbers)
    except Exception as error:  # of a damaged file it raises errors of many kinds
        print(first_line(error))
        return OTHER if isinstance(error, NotImplementedError | TypeError) else DAMAGED
    return 0
