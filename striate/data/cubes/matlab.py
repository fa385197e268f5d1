"""MATLAB's files, read by a process of their own: a damaged one may end SciPy's reader by a signal, not an error."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import WorkError, first_line
from striate.interrupt import undone_by

READ = "import sys; sys.path[:] = {path!r}; from striate.data.cubes.matlab import main; sys.exit(main(*sys.argv[1:]))"
BEFORE = "of "  # a name in the copy: without it `file` would be an argument of NumPy's
DAMAGED, OTHER = 1, 3  # how that process ends: the file is damaged, or of a kind that SciPy does not read


def arrays_of(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of numbers, by name.

    Raises:
        NotImplementedError: It is of a kind that SciPy does not read.
        ValueError: It is damaged.
        WorkError: That process can't be started.
    """
    with tempfile.TemporaryDirectory() as folder, undone_by(lambda: shutil.rmtree(folder, ignore_errors=True)):
        copy = Path(folder) / "arrays.npz"
        command = [sys.executable, "-c", READ.format(path=[str(one) for one in sys.path]), str(path), str(copy)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise WorkError(f"no process can be started that reads '{path}': {error.strerror}") from None
        if done.returncode == 0:
            with np.load(copy, allow_pickle=False) as found:
                return {name.removeprefix(BEFORE): array for name, array in found.items()}
    if done.returncode < 0:
        raise ValueError("SciPy's reader breaks down over it")
    if not done.stdout:
        raise WorkError(
            f"the process that reads '{path}' failed: {(done.stderr.splitlines() or ['it says nothing'])[-1]}"
        )
    raise (NotImplementedError if done.returncode == OTHER else ValueError)(done.stdout.splitlines()[-1])


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
