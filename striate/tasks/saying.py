"""Whatever a default decides is said: on standard error, a line each, unless whoever calls asks for quiet.

>>> voice(quiet=True)("nobody hears this")
"""

import sys
from collections.abc import Callable

Say = Callable[[str], None]


def voice(quiet: bool) -> Say:
    """What a function of the library that was called from Python says its lines with."""
    return silent if quiet else aloud


def silent(line: str) -> None:
    """Nothing."""


def aloud(line: str) -> None:
    """The line on standard error, where there is one."""
    if sys.stderr:
        print(line, file=sys.stderr)
