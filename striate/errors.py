"""What a user can mend: errors that are told in plain words, never as a traceback.

>>> InputError("no network 'lenet6'" + nearest("lenet6", ["lenet5", "alexnet"]))
InputError("no network 'lenet6'; did you mean 'lenet5'?")
"""

from collections.abc import Iterable
from difflib import get_close_matches


class StriateError(Exception):
    """The base of every error that is told to the user. `exit_status` is what the command line ends with."""

    exit_status = 1


class InputError(StriateError, ValueError):
    """The words were wrong: an unknown name, a size that does not fit, a file that is not what it should be."""

    exit_status = 2


class WorkError(StriateError, RuntimeError):
    """The words were right and the work failed: a full disk, a lost connection, a loss that is not a number."""


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean '…'?` for the known name nearest to `name`, or nothing when none is near."""
    matches = get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
    return f"; did you mean '{matches[0]}'?" if matches else ""
