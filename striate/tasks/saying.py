"""Whatever a default decides is reported on standard error, one line each, unless the caller asks for quiet.

>>> voice(quiet=True)("nobody hears this")
"""

import sys
from collections.abc import Callable

Say = Callable[[str], None]


def voice(quiet: bool) -> Say:
    """The function with which the library reports when it is called from Python."""
    return silent if quiet else aloud


def silent(line: str) -> None:
    """Says nothing."""


def aloud(line: str) -> None:
    """Prints the line on standard error, if there is one."""
    if sys.stderr:
        print(line, file=sys.stderr)
