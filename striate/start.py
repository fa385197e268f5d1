"""Where the command begins: Ctrl-C is handled before anything else is imported.

>>> main.__module__
'striate.start'
"""

import os
import sys

from striate import interrupt


def main() -> None:
    """Runs the command line, and ends with its status."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # the shell closed it; no file of ours may get its number
            os.open(os.devnull, os.O_RDWR)
    interrupt.end_at_once()
    from striate import cli

    status = cli.main()
    interrupt.end_no_more()
    sys.exit(status)
